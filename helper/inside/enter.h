/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the child of clone3 does: it becomes the person, builds the sandbox from the plan, and stays as its PID 1. */
#ifndef HELPER_INSIDE_ENTER_H
#define HELPER_INSIDE_ENTER_H

#include "config/plan.h"
#include "helper/outside/cgroup.h"
#include "helper/outside/sanitise.h"

#include <stdbool.h>
#include <stdnoreturn.h>

enum { LOGIN_MOUNTS_MAX = CGROUP_HIERARCHIES_MAX + 8 };

/* Detached mounts of host files that only root reaches and that only the login program's view shows (M1). */
struct login_mounts {
	int door;
	size_t count;
	struct {
		int mount;
		char target[64]; /* already there in the view */
		bool optional;   /* not mounted where the target is hidden or missing */
	} mounts[LOGIN_MOUNTS_MAX];
};

struct inside {
	const struct plan *plan;
	const struct cgroup *cgroup; /* NULL: none */
	const struct caller_state *caller;
	int gate;    /* one byte: ids may be switched; another: the cgroup was seen, the payload may start */
	int control; /* SOCK_SEQPACKET to the supervisor */
	int relay;   /* SOCK_SEQPACKET to the relay of the caller's terminal; -1: none */
	const struct login_mounts *login; /* a session; NULL for a command */
};

/* Closes everything but 0 to 2, the control socket, and what the plan passes on: nothing that stays inside holds on to the host
 * (threats B1.3). */
void inside_keep_only(const struct inside *inside);

/* Never returns: ends with the payload. */
noreturn void inside_main(const struct inside *inside);

#endif
