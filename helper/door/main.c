/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox-door: the second door of a login. A login program that has joined a session's namespaces executes "the shell" as
 * the person; what it executes is this program, mounted over it. It proves where it stands, enters the session's user
 * namespace and own mount view, gives up everything, and executes the real program at the path it was entered by.
 * Statically linked: in the view it starts in, nothing else may be executed or mapped executable.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "config/plan.h"
#include "helper/die.h"
#include "helper/inside/finish.h"
#include "helper/io.h"
#include "helper/privs.h"
#include "helper/schedule.h"

/* The session's own, bound there by root in the login program's view only. */
static const char session_plan[] = "/run/sandbox-run/session/plan";

static void open_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_NOCTTY) != fd)
			_exit(EXIT_REFUSED);
}

static ino_t namespace_inode(int fd)
{
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0)
		die_errno("look at a namespace");
	return status.st_ino;
}

/* Here must be the host's user namespace, and PID 1 in a child of it with the owner that no account has: only the helper
 * makes such a one. */
static int find_session(int proc, uid_t person)
{
	CLEANUP_FD own = openat(proc, "self/ns/user", O_RDONLY | O_CLOEXEC);
	CLEANUP_FD user = openat(proc, "1/ns/user", O_RDONLY | O_CLOEXEC);
	char map[128], rest;
	unsigned inside, outside, count;
	uid_t owner;

	if (read_text(proc, "self/uid_map", map, sizeof(map)) < 0 ||
	    sscanf(map, "%u %u %u %c", &inside, &outside, &count, &rest) != 3 || inside || outside ||
	    count != 4294967295u)
		die("not in the host's user namespace");
	if (own < 0 || user < 0)
		die_errno("look at the session's first process");
	CLEANUP_FD parent = ioctl(user, NS_GET_PARENT);
	if (parent < 0 || namespace_inode(parent) != namespace_inode(own) ||
	    ioctl(user, NS_GET_OWNER_UID, &owner) != 0 || owner != privs_namespace_owner(person))
		die("PID 1 here is not a session's first process");
	int pidfd = (int)syscall(SYS_pidfd_open, 1, 0);
	if (pidfd < 0)
		die_errno("open the session's first process");
	return pidfd;
}

static const struct plan *read_plan(uid_t uid)
{
	CLEANUP_FD fd = open(session_plan, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0)
		die_errno("open %s", session_plan);
	if (!S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & 077) || status.st_size <= 0 ||
	    status.st_size > PLAN_SIZE_MAX)
		die("%s is not a plan of root", session_plan);
	void *image = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image == MAP_FAILED)
		die_errno("read %s", session_plan);
	const struct plan *plan = image;
	if (plan_validate(image, (size_t)status.st_size) != 0 || !(plan->flags & PLAN_SESSION))
		die("%s is damaged", session_plan);
	if (uid != 0 && plan->uid != uid)
		die("this session is not yours");
	return plan;
}

static void enter_cgroups(const struct plan *plan)
{
	const struct plan_cgroup_hierarchy *hierarchies = plan_array(plan, plan->cgroup_hierarchies);

	for (uint32_t i = 0; i < plan->cgroup_hierarchies.count; i++) {
		char path[64];
		struct statfs filesystem;
		snprintf(path, sizeof(path), "/run/sandbox-run/cgroup%u/%s", i,
		         hierarchies[i].version == 1 ? "tasks" : "cgroup.procs");
		CLEANUP_FD fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fstatfs(fd, &filesystem) != 0)
			die_errno("open %s", path);
		if (filesystem.f_type != CGROUP_SUPER_MAGIC && filesystem.f_type != CGROUP2_SUPER_MAGIC)
			die("%s is not a control file", path);
		if (write_all(fd, "0", 1) != 0)
			die_errno("enter the session's cgroup");
	}
}

static bool name_matches(const char *entry, const char *pattern)
{
	size_t length = strlen(pattern);

	if (length && pattern[length - 1] == '*')
		return strncmp(entry, pattern, length - 1) == 0;
	return strncmp(entry, pattern, length) == 0 && entry[length] == '=';
}

static bool is_listed(const struct plan *plan, struct plan_array array, const char *entry, bool whole_assignment)
{
	const plan_ref *refs = plan_array(plan, array);

	for (uint32_t i = 0; i < array.count; i++) {
		const char *text = plan_string(plan, refs[i]);
		size_t length = strcspn(text, "=");
		if (whole_assignment ? strncmp(entry, text, length + 1) == 0 : name_matches(entry, text))
			return true;
	}
	return false;
}

/* What the login program set, less what is listed, then the policy's own. */
static char **make_environment(const struct plan *plan, char **inherited)
{
	size_t count = plan->environment.count + 1, next = 0;
	const plan_ref *added = plan_array(plan, plan->environment);

	for (char **entry = inherited; *entry; entry++)
		count++;
	char **environment = calloc(count, sizeof(*environment));
	if (!environment)
		die("out of memory");
	for (char **entry = inherited; *entry; entry++)
		if (strchr(*entry, '=') && !is_listed(plan, plan->environment_unset, *entry, false) &&
		    !is_listed(plan, plan->environment, *entry, true))
			environment[next++] = *entry;
	for (uint32_t i = 0; i < plan->environment.count; i++)
		environment[next++] = (char *)(uintptr_t)plan_string(plan, added[i]);
	return environment;
}

/* Group signals from inside must not reach who called the login program, su for instance, which makes no session (threats
 * B1.2). On a terminal that is left to the shell's job control. */
static void leave_group(void)
{
	int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (terminal < 0 && getpgrp() != getpid() && setsid() < 0)
		die_errno("make a session");
	close_fd(&terminal);
}

static noreturn void run(const char *path, char **arguments, char **environment)
{
	execve(path, arguments, environment);
	int status = errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	say("%s: %s", path, strerrordesc_np(errno));
	_exit(status);
}

int main(int argc, char **argv, char **environment)
{
	char path[PATH_MAX], directory[PATH_MAX] = "";
	uid_t uid = getuid();

	die_name = "sandbox-door";
	if (argc < 1 || !argv[0])
		_exit(EXIT_REFUSED);
	open_standard_descriptors();
	privs_not_dumpable();
	if (geteuid() != 0)
		die("not set-uid here: this program is only of use to a login program");
	CLEANUP_FD proc = open_proc();
	if (proc < 0)
		die_errno("open /proc");
	ssize_t length = readlinkat(proc, "self/exe", path, sizeof(path) - 1);
	if (length <= 0)
		die_errno("look at this program");
	path[length] = '\0';
	const struct plan *plan = read_plan(uid);
	int session = find_session(proc, plan->uid);
	/* The login program chose a directory in its own view: the same name in the session's. */
	if (!getcwd(directory, sizeof(directory))) {
		if (errno != ENOENT)
			die_errno("look at the present directory");
		directory[0] = '\0';
	}
	if (uid == 0) { /* the login program's own work: the view, and nothing else */
		if (setns(session, CLONE_NEWNS) != 0)
			die_errno("enter the session's view");
		finish_directory(plan, directory);
		run(path, argv, environment);
	}
	enter_cgroups(plan);
	schedule_begin(plan, proc);
	schedule_realtime(plan, 0);
	schedule_apply(plan);
	if (setns(session, CLONE_NEWUSER | CLONE_NEWNS | (int)(plan->namespaces & (CLONE_NEWCGROUP | CLONE_NEWTIME))) !=
	    0)
		die_errno("enter the session");
	privs_enter_person(plan->inside_uid, plan->inside_gid, plan_array(plan, plan->groups), plan->groups.count);
	privs_drop_capabilities(plan->ambient, plan->bounding);
	leave_group();
	finish_keyring(plan);
	finish_directory(plan, directory);
	char **prepared = make_environment(plan, environment);
	finish_restrict(plan);
	run(path, argv, prepared);
}
