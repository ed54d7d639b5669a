/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs that start nothing: what sandboxctl asks. Each returns the exit status. */
#ifndef HELPER_OUTSIDE_VERBS_H
#define HELPER_OUTSIDE_VERBS_H

#include "helper/outside/options.h"
#include "helper/outside/sanitise.h"

int verb_list(const struct options *options, bool privileged);
int verb_gc(bool privileged);
int verb_features(const struct options *options, bool privileged);
int verb_policy(const struct options *options, const struct caller_state *caller, bool privileged);

#endif
