/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Landlock (landlock(7)): a second layer over what the mounts already say, and the only one for signals and ports. */
#ifndef HELPER_INSIDE_LANDLOCK_H
#define HELPER_INSIDE_LANDLOCK_H

#include "config/plan.h"

/* Restricts this process and what it executes as the plan says; nothing where the plan has no Landlock. Needs no_new_privs.
 * Ends the process when it fails. */
void landlock_restrict(const struct plan *plan);

/* A ruleset of the plan's ports alone, for a process with CAP_SYS_ADMIN to restrict itself by. Ends the process when it fails. */
int landlock_network(const struct plan *plan);

#endif
