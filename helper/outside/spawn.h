/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Creates the first process of a sandbox in all its namespaces and lets it in step by step. */
#ifndef HELPER_OUTSIDE_SPAWN_H
#define HELPER_OUTSIDE_SPAWN_H

#include "config/plan.h"
#include "helper/inside/enter.h"
#include "helper/outside/cgroup.h"
#include "helper/outside/sanitise.h"

#include <sys/types.h>

struct spawned {
	pid_t pid; /* PID 1 of the sandbox, as seen here */
	int pidfd;
	int control; /* SOCK_SEQPACKET to it */
	int gate;    /* close to say "gone" */
	int clocks;  /* its timens_offsets, until it is admitted; -1: no time namespace */
};

struct spawn_request {
	const struct plan *plan;
	const struct cgroup *cgroup; /* NULL: none */
	const struct caller_state *caller;
	int proc;                         /* checked /proc */
	int relay;                        /* -1: none */
	const struct login_mounts *login; /* a session; NULL for a command */
};

/* One clone3 into all namespaces and the v2 cgroup, id maps, first gate. The child is waiting for its cgroup to be looked
 * at when this returns. Ends the process when a step fails; the child then ends with the gate. */
void spawn_sandbox(const struct spawn_request *request, struct spawned *ret_spawned);

/* Kills and reaps a sandbox whose start failed, so that its cgroup is free. Nothing where none was spawned (pid 0). */
void spawn_abandon(struct spawned *spawned);

/* Reaps a killed sandbox within a bound, in milliseconds. What hangs in the kernel (a file system that does not answer) is
 * left to gc. Returns 0, or -1 when it is still there. */
int spawn_reap(struct spawned *spawned, int timeout_ms);

/* Waits for the child's word that it is in its cgroup, and verifies it. At most 10 s. Ends the process when the child failed,
 * saying what the child said. */
void spawn_verify(const struct spawn_request *request, const struct spawned *spawned);

/* Opens the second gate: from here on something may run. Ends the process as spawn_verify does. */
void spawn_admit(const struct spawned *spawned);

#endif
