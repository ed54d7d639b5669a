/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The last steps before the payload's program: the same for a command and for whoever comes through the door. All end the
 * process when they fail.
 */
#ifndef HELPER_INSIDE_FINISH_H
#define HELPER_INSIDE_FINISH_H

#include "config/plan.h"

/* Limits, no_new_privs, labels, Landlock, descriptors, filters, in this order. Capabilities are dropped before. Afterwards only what
 * the filter allows is possible: execve is the next thing to do. */
void finish_restrict(const struct plan *plan);

/* A new, empty session keyring: the inherited one crosses namespaces and exec (session-keyring(7)). */
void finish_keyring(const struct plan *plan);

/* Enters the first that is there of a directory of the caller's choice (where it is an absolute path) and the plan's. */
void finish_directory(const struct plan *plan, const char *first);

#endif
