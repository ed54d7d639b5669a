/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the policy's files to the profile that holds for one sandbox. Errors are said and end the process. */
#ifndef HELPER_OUTSIDE_RULES_H
#define HELPER_OUTSIDE_RULES_H

#include "config/facts.h"
#include "config/policy.h"
#include "config/request.h"
#include "helper/outside/options.h"
#include "helper/outside/sanitise.h"

/* Reads, checks and merges all layers, or --policy FILE. files must outlive the policy. */
struct policy *rules_read(const char *file, bool trusted);

/* The profile of a command: selected, tightened by the caller's settings, and enforceable by this build. */
struct profile *rules_for_command(const struct policy *policy, const struct options *options,
                                  const struct host_facts *facts, bool any_profile, bool tighten_only);

/* Ends the process with the first error (and how many more there are) where there is one; shows warnings otherwise. */
void rules_check(struct policy_errors *errors);

/* A request with what the caller's process gives to it: environment and directory. Valid as long as the caller's state. */
struct request rules_request(enum request_kind kind, const struct caller_state *caller);

#endif
