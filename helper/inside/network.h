/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sandbox's own network namespace. All functions end the process when they fail. */
#ifndef HELPER_INSIDE_NETWORK_H
#define HELPER_INSIDE_NETWORK_H

#include "config/plan.h"

/*
 * Starts a thread that makes the network namespace, where the plan has one, and brings its loopback interface up: for the
 * kernel that is half as much work as all the rest, and it is done meanwhile. The thread has the ids and capabilities that
 * the caller has now; it does nothing else, and is gone when network_enter returns.
 */
void network_begin(const struct plan *plan);

/* Where the plan has a way out: waits for that thread, and gives what it made this way. Before the host's tree is left. */
void network_translate(const struct plan *plan);

/* Waits for that thread and enters what it made. Nothing where none was begun. */
void network_enter(void);

#endif
