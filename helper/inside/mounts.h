/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The view of the file system: executes the plan's mount steps in the sandbox's own mount namespace, with the person's ids
 * and capabilities in the person's namespace only. Every function ends the process when a step fails.
 */
#ifndef HELPER_INSIDE_MOUNTS_H
#define HELPER_INSIDE_MOUNTS_H

#include "config/plan.h"

#include <stdbool.h>

/* Enters a new, empty root, builds a view of the plan's in it (steps, or translator_steps) and detaches the host's tree whole.
 * Afterwards nothing of the host is reachable but what the view shows. */
void mounts_enter(const struct plan *plan, struct plan_array steps);

/* Makes every mount of the present namespace nosuid and noexec, in one call (the login program's view, M1). */
void mounts_forbid_exec(void);

/* Attaches a detached mount to a path. optional: nothing where the path is missing or hidden. */
void mounts_attach(int mount, const char *target, bool optional);

/* Mounts the file behind a detached mount descriptor over the resolved path of each door of the plan that exists. */
void mounts_doors(const struct plan *plan, int door);

#endif
