/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The only calls that change how a process is scheduled or chosen to end, nice(2) aside (helper/inside/finish.c). */
#include "helper/schedule.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"

/* The kernel leaves out what is not there or not in the cpuset, and refuses where nothing is left. */
static void affinity_apply(const struct plan *plan)
{
	const uint64_t *mask = plan_array(plan, plan->processors);

	if (plan->processors.count == 0 ||
	    syscall(SYS_sched_setaffinity, 0, plan->processors.count * sizeof(*mask), mask) == 0)
		return;
	if (errno == EINVAL)
		die("CPUAffinity: none of these processors can be used here: name some that nproc(1) counts");
	die_errno("CPUAffinity: choose processors");
}

static void policy_apply(const struct plan *plan, pid_t pid, const char *remedy)
{
	const struct sched_param parameters = {.sched_priority = (int)plan->scheduler_priority};

	if (sched_setscheduler(pid, (int)plan->scheduler, &parameters) == 0)
		return;
	if (errno == EPERM)
		die("CPUSchedulingPolicy: not permitted: %s", remedy);
	die_errno("CPUSchedulingPolicy: set the policy");
}

/* From 0 up never below that of the session, which root may have set so that it cannot be lowered (proc(5)). */
static void oom_score_apply(const struct plan *plan, int proc)
{
	static const char file[] = "self/oom_score_adj";
	char text[16];

	if (!(plan->flags & PLAN_SET_OOM_SCORE))
		return;
	if (read_text(proc, file, text, sizeof(text)) < 0)
		die_errno("OOMScoreAdjust: read /proc/%s", file);
	if (plan->oom_score_adjust >= 0 && plan->oom_score_adjust <= atoi(text))
		return;
	int length = snprintf(text, sizeof(text), "%d", plan->oom_score_adjust);
	if (write_text(proc, file, text, (size_t)length) == 0)
		return;
	if (errno == EACCES)
		die("OOMScoreAdjust: not permitted: a value below that of the session takes privilege "
		    "(CAP_SYS_RESOURCE)");
	die_errno("OOMScoreAdjust: write /proc/%s", file);
}

static void io_apply(const struct plan *plan)
{
	if (!(plan->flags & PLAN_SET_IO_PRIORITY) ||
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, plan->io_priority) == 0)
		return;
	if (errno == EPERM)
		die("IOSchedulingClass: not permitted: real-time takes privilege (CAP_SYS_NICE)");
	die_errno("IOSchedulingClass: set the class");
}

void schedule_begin(const struct plan *plan, int proc)
{
	oom_score_apply(plan, proc);
	io_apply(plan);
}

void schedule_apply(const struct plan *plan)
{
	affinity_apply(plan);
	if ((plan->flags & PLAN_SET_SCHEDULER) && !plan->scheduler_priority)
		policy_apply(plan, 0, "leaving the policy idle takes a nice limit (RLIMIT_NICE)");
}

void schedule_realtime(const struct plan *plan, pid_t pid)
{
	if ((plan->flags & PLAN_SET_SCHEDULER) && plan->scheduler_priority)
		policy_apply(plan, pid,
		             "real-time takes privilege, or a limit RLIMIT_RTPRIO above 0, and a cgroup that "
		             "has real-time (cpu.rt_runtime_us)");
}
