/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why this order: limits while raising a soft limit is still possible; no_new_privs before Landlock and the filter, which
 * ask for it (landlock(7), seccomp(2)); labels before Landlock, since they are written to files; Landlock before descriptors
 * are marked, since it opens paths; the filter last, since it may forbid all of the above.
 */
#include "helper/inside/finish.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"
#include "helper/inside/label.h"
#include "helper/inside/landlock.h"
#include "helper/privs.h"

_Static_assert(sizeof(struct plan_filter_instruction) == sizeof(struct sock_filter),
               "the plan holds kernel instructions");

/* Set and read back: the person may change our limits from outside meanwhile (threats G4). */
static void limits_apply(const struct plan *plan)
{
	const struct plan_limit *limits = plan_array(plan, plan->limits);

	for (uint32_t i = 0; i < plan->limits.count; i++) {
		__rlimit_resource_t resource = (__rlimit_resource_t)limits[i].resource;
		struct rlimit present, wanted = {limits[i].soft, limits[i].hard}, now;
		if (getrlimit(resource, &present) != 0)
			die_errno("read limit %u", limits[i].resource);
		/* Never more than the session already allows: raising is pam_limits' and the administrator's work. */
		if (wanted.rlim_max > present.rlim_max)
			wanted.rlim_max = present.rlim_max;
		if (wanted.rlim_cur > wanted.rlim_max)
			wanted.rlim_cur = wanted.rlim_max;
		if (setrlimit(resource, &wanted) != 0 || getrlimit(resource, &now) != 0)
			die_errno("set limit %u", limits[i].resource);
		if (now.rlim_cur > wanted.rlim_cur || now.rlim_max > wanted.rlim_max)
			die("limit %u is not the one asked for", limits[i].resource);
	}
}

/* Never below the session's: like the limits, that is not the sandbox's to give (getpriority(2) may return -1). */
static void nice_apply(const struct plan *plan)
{
	if (!(plan->flags & PLAN_SET_NICE))
		return;
	errno = 0;
	int present = getpriority(PRIO_PROCESS, 0);
	if (errno != 0 || (present < plan->nice && setpriority(PRIO_PROCESS, 0, plan->nice) != 0))
		die_errno("set nice value %d", plan->nice);
}

static void filter_load(const struct plan *plan, struct plan_array filter)
{
	const struct sock_fprog program = {
	        .len = (unsigned short)filter.count,
	        .filter = (struct sock_filter *)(uintptr_t)plan_array(plan, filter),
	};

	if (filter.count == 0)
		return;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		die_errno("load the system call filter");
}

void finish_keyring(const struct plan *plan)
{
	if (!(plan->flags & PLAN_NEW_KEYRING))
		return;
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 && errno != ENOSYS)
		die_errno("join a new session keyring");
}

/* That it is not there, or not for us, is what the next one is for. */
static bool enter_directory(const char *path)
{
	if (chdir(path) == 0)
		return true;
	if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
		die_errno("enter directory %s", path);
	return false;
}

void finish_directory(const struct plan *plan, const char *first)
{
	const plan_ref *directories = plan_array(plan, plan->directories);

	if (*first == '/' && enter_directory(first))
		return;
	for (uint32_t i = 0; i < plan->directories.count; i++)
		if (enter_directory(plan_string(plan, directories[i])))
			return;
	die_errno("enter directory %s",
	          plan->directories.count ? plan_string(plan, directories[plan->directories.count - 1]) : "/");
}

void finish_restrict(const struct plan *plan)
{
	if (plan->flags & PLAN_SET_UMASK)
		umask((mode_t)plan->umask);
	nice_apply(plan);
	limits_apply(plan);
	if (plan->flags & PLAN_NO_NEW_PRIVILEGES)
		privs_no_new_privileges();
	label_next_exec(plan);
	landlock_restrict(plan);
	if (close_descriptors(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		die_errno("mark descriptors");
	for (int fd = 3; fd <= (int)PLAN_DESCRIPTOR_MAX; fd++)
		if ((plan->descriptors >> fd & 1) && fcntl(fd, F_SETFD, 0) != 0)
			die_errno("PassFileDescriptors: descriptor %d", fd);
	filter_load(plan, plan->log_filter); /* first: the other may forbid it */
	filter_load(plan, plan->filter);
}
