/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The floor: the cheapest program that gives a command the id map, the namespaces and the cgroups of a
 *sandbox, with no policy and no checks on anyone. What the product costs is told as a multiple of it. Started
 *by root:
 *
 *	floor [--no-net] [--cgroup1 PARENT]... [--cgroup2 PARENT] UID GID COMMAND [ARGUMENT...]
 *
 * One clone3(2); both maps; entry by each hierarchy's cheapest way; tmpfs on /tmp and /etc with passwd and
 *group; proc; ids; no capability; exec. Not part of it, because policy asks for it: a new root, PID 1 of our
 *own, filters, limits, lo. Built static: loading libraries is a cost of a program, not of a sandbox. Returns
 *the command's status.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_SIZE = 512, CGROUPS_MAX = 16, FAILED = 125 };

struct cgroup {
	char path[PATH_SIZE];
	int descriptor; /* v1: "tasks"; v2: the directory */
	bool unified;
};

struct floor {
	uid_t uid;
	gid_t gid;
	bool network;
	struct cgroup cgroups[CGROUPS_MAX];
	unsigned cgroup_count;
	bool any_v1;
	int unified; /* descriptor; -1: none */
	int gate;
	char **command;
};

static _Noreturn void fail(const char *what)
{
	dprintf(STDERR_FILENO, "floor: %s: %s\n", what, strerror(errno));
	_exit(FAILED);
}

static void write_file(const char *path, int flags, const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length || close(fd) != 0)
		fail(path);
}

/* snprintf whose result must fit. */
static size_t __attribute__((format(printf, 3, 4))) format(char *buffer, size_t size, const char *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	int length = vsnprintf(buffer, size, text, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= size) {
		errno = ENAMETOOLONG;
		fail("arguments");
	}
	return (size_t)length;
}

static void cgroups_make(struct floor *floor)
{
	char path[PATH_SIZE];

	for (unsigned i = 0; i < floor->cgroup_count; i++) {
		struct cgroup *cgroup = &floor->cgroups[i];

		if (mkdir(cgroup->path, 0755) != 0)
			fail(cgroup->path);
		format(path, sizeof(path), "%s%s", cgroup->path, cgroup->unified ? "" : "/tasks");
		cgroup->descriptor = open(path, (cgroup->unified ? O_PATH | O_DIRECTORY : O_WRONLY) | O_CLOEXEC);
		if (cgroup->descriptor < 0)
			fail(path);
		if (cgroup->unified)
			floor->unified = cgroup->descriptor;
		else
			floor->any_v1 = true;
	}
}

/* The kernel may need a moment to see that the last process is gone. */
static void cgroups_remove(const struct floor *floor)
{
	for (unsigned i = 0; i < floor->cgroup_count; i++)
		for (unsigned tries = 0; rmdir(floor->cgroups[i].path) != 0; usleep(100))
			if (errno != EBUSY || ++tries > 1000)
				fail(floor->cgroups[i].path);
}

static void etc_make(const struct floor *floor)
{
	char text[PATH_SIZE];

	if (mount("tmpfs", "/etc", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0)
		fail("mount /etc");
	size_t length = format(text, sizeof(text), "root:x:0:0:root:/:/bin/sh\nperson:x:%u:%u::/:/bin/sh\n", floor->uid,
	                       floor->gid);
	write_file("/etc/passwd", O_CREAT, text, length);
	length = format(text, sizeof(text), "root:x:0:\nperson:x:%u:\n", floor->gid);
	write_file("/etc/group", O_CREAT, text, length);
}

static void capabilities_drop(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capset, &header, none) != 0)
		fail("capset");
}

/* Before the gate opens it does what needs no mapped id, beside the parent's writing of the maps. */
static _Noreturn void inside(const struct floor *floor)
{
	uint64_t open_gate;

	for (unsigned i = 0; i < floor->cgroup_count; i++) /* single-threaded, "tasks": the cheap way, cgroups(7) */
		if (!floor->cgroups[i].unified && write(floor->cgroups[i].descriptor, "0", 1) != 1)
			fail(floor->cgroups[i].path);
	if (floor->any_v1 && unshare(CLONE_NEWCGROUP) != 0) /* its root is where we are: after joining */
		fail("unshare cgroup");
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
		fail("mount /proc");
	if (read(floor->gate, &open_gate, sizeof(open_gate)) != sizeof(open_gate))
		fail("gate");
	if (setgroups(1, &floor->gid) != 0 || setresgid(floor->gid, floor->gid, floor->gid) != 0 ||
	    setresuid(floor->uid, floor->uid, floor->uid) != 0)
		fail("ids");
	if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0)
		fail("mount /tmp");
	etc_make(floor);
	capabilities_drop();
	execv(floor->command[0], floor->command);
	fail(floor->command[0]);
}

static pid_t clone_inside(const struct floor *floor)
{
	struct clone_args arguments = {
	        .flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC,
	        .exit_signal = SIGCHLD,
	};

	if (floor->network)
		arguments.flags |= CLONE_NEWNET;
	if (!floor->any_v1)
		arguments.flags |= CLONE_NEWCGROUP;
	if (floor->unified >= 0) {
		arguments.flags |= CLONE_INTO_CGROUP;
		arguments.cgroup = (__u64)floor->unified;
	}
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid < 0)
		fail("clone3");
	if (pid == 0)
		inside(floor);
	return (pid_t)pid;
}

/* The person alone, and the group of terminals (devpts needs it), each to itself. */
static void maps_write(const struct floor *floor, pid_t pid)
{
	char path[PATH_SIZE], map[PATH_SIZE];

	format(path, sizeof(path), "/proc/%d/uid_map", pid);
	write_file(path, 0, map, format(map, sizeof(map), "%u %u 1\n", floor->uid, floor->uid));
	format(path, sizeof(path), "/proc/%d/gid_map", pid);
	write_file(path, 0, map, format(map, sizeof(map), "%u %u 1\n5 5 1\n", floor->gid, floor->gid));
}

static void add_cgroup(struct floor *floor, bool unified, const char *parent)
{
	if (floor->cgroup_count == CGROUPS_MAX)
		fail("more cgroups than there are controllers");
	struct cgroup *cgroup = &floor->cgroups[floor->cgroup_count++];
	cgroup->unified = unified;
	format(cgroup->path, sizeof(cgroup->path), "%s/floor-%d", parent, getpid());
}

static void arguments_read(struct floor *floor, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--no-net") == 0)
			floor->network = false;
		else if (strcmp(argv[i], "--cgroup1") == 0 && i + 1 < argc)
			add_cgroup(floor, false, argv[++i]);
		else if (strcmp(argv[i], "--cgroup2") == 0 && i + 1 < argc)
			add_cgroup(floor, true, argv[++i]);
		else
			break;
	}
	if (argc - i < 3 || argv[i][0] == '-') {
		dprintf(STDERR_FILENO, "usage: floor [--no-net] [--cgroup1 DIR]... [--cgroup2 DIR] UID GID COMMAND\n");
		_exit(FAILED);
	}
	floor->uid = (uid_t)strtoul(argv[i], NULL, 10);
	floor->gid = (gid_t)strtoul(argv[i + 1], NULL, 10);
	floor->command = argv + i + 2;
}

int main(int argc, char **argv)
{
	static struct floor floor = {.network = true, .unified = -1};
	const uint64_t one = 1;
	int status;

	arguments_read(&floor, argc, argv);
	cgroups_make(&floor);
	floor.gate = eventfd(0, EFD_CLOEXEC);
	if (floor.gate < 0)
		fail("eventfd");
	pid_t pid = clone_inside(&floor);
	maps_write(&floor, pid);
	if (write(floor.gate, &one, sizeof(one)) != sizeof(one))
		fail("gate");
	if (waitpid(pid, &status, 0) != pid)
		fail("wait");
	cgroups_remove(&floor);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
