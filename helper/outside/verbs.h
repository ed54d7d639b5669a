/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs that read root's registry. Each returns sandboxctl's exit status. */
#ifndef HELPER_OUTSIDE_VERBS_H
#define HELPER_OUTSIDE_VERBS_H

#include "helper/outside/options.h"

int verb_list(const struct options *options, bool privileged);
int verb_gc(bool privileged);

#endif
