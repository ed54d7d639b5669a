/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supervisor of a command: waits, forwards, ends it in time, and says how it ended. One poll loop, nothing polls. */
#ifndef HELPER_OUTSIDE_SUPERVISE_H
#define HELPER_OUTSIDE_SUPERVISE_H

#include "config/plan.h"
#include "helper/outside/cgroup.h"
#include "helper/outside/spawn.h"

struct ending {
	const char *reason; /* exited, signal, timeout, oom, setup, not-executable, not-found */
	int status;         /* exit status of sandbox-run */
	int code;           /* of the command, where it exited */
	int signal_number;  /* that ended it, or 0 */
};

/* Blocks the signals the supervisor takes by descriptor. Before the clone, so that none is lost. */
void supervise_prepare(void);

/* Lets the sandbox go on once the supervisor is what it will be, and supervises until its PID 1 is gone and reaped. */
struct ending supervise_command(const struct plan *plan, const struct spawned *spawned, const struct cgroup *cgroup);

#endif
