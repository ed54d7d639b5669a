/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the helper answers without starting anything. It runs with the caller's ids and rights alone: main.c gives up the
 * helper's for good before it calls anything in here. Each function prints, and returns sandboxctl's exit status.
 */
#ifndef HELPER_CALLER_CALLER_H
#define HELPER_CALLER_CALLER_H

#include "config/facts.h"
#include "config/policy.h"
#include "helper/outside/options.h"
#include "helper/outside/registry.h"
#include "helper/outside/sanitise.h"

enum answer { ANSWER_YES, ANSWER_NO, ANSWER_ERROR };

/* items: the caller's own, or everybody's for root. */
int caller_list(const struct options *options, const struct registry_item *items, size_t count);

/* privileged: whether the helper had its rights. */
int caller_features(const struct options *options, const struct host_facts *facts, bool privileged);

/* facts: as the helper saw them with its rights; not used by `policy check`. */
int caller_policy(const struct options *options, const struct caller_state *caller, struct host_facts *facts);

/* `policy why`: profile and plan as for `policy explain`. */
int caller_why(const struct options *options, const struct caller_state *caller, struct host_facts *facts);

/* The profile for a person's login (options->user) or for a command. NULL: not confined. */
struct profile *caller_profile(const struct options *options, const struct policy *policy,
                               const struct identity *person, const struct host_facts *facts);

/* The answer, or ANSWER_ERROR where what was printed could not be written. */
int caller_flushed(int answer);

#endif
