/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HELPER_OUTSIDE_APPEARED_H
#define HELPER_OUTSIDE_APPEARED_H

#include <stdbool.h>

struct caller_state;
struct plan;

/* Remembers which of the plan's watched names are missing in the caller's directory. With root's rights, before anything runs,
 * and after the clone, since it keeps that directory open. Without privilege nothing is watched. */
void appeared_begin(const struct plan *plan, const struct caller_state *caller);

/* After the end: says, with the caller's rights, what of it is there now. These are the rights from here on. */
void appeared_tell(const struct plan *plan, bool quiet);

#endif
