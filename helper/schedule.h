/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of the scheduler the payload starts with, and its OOM score. Every function ends the process when it fails. */
#ifndef HELPER_SCHEDULE_H
#define HELPER_SCHEDULE_H

#include "config/plan.h"

#include <sys/types.h>

/* All of it survives execve(2), and children inherit it. */

/* What may take privilege and harms no set-up, so that it is done before the clone: I/O class and OOM score. proc: /proc. */
void schedule_begin(const struct plan *plan, int proc);

/* Processors, and a policy that is not real-time: takes no privilege, and is of no use to set-up, which it may slow down. */
void schedule_apply(const struct plan *plan);

/* A real-time policy for a process, 0: this one. In its cgroup already, where the kernel may forbid it (sched(7)). */
void schedule_realtime(const struct plan *plan, pid_t pid);

#endif
