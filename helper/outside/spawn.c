/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clone3(2) with an effective uid that no account has, so that the caller can neither enter nor trace the user namespace
 * (user_namespaces(7)), and its first process owns no file of anybody before it becomes the person. Maps are written through a /proc that was proved to be one.
 */
#include "helper/outside/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/inside/enter.h"
#include "helper/io.h"
#include "helper/outside/status.h"
#include "helper/privs.h"
#include "helper/schedule.h"
#include "protocol/message.h"

enum { SETUP_TIMEOUT_MS = 10000, ABANDON_TIMEOUT_MS = 3000 };

static void write_map(int directory, const char *file, const char *text)
{
	if (write_text(directory, file, text, strlen(text)) != 0)
		die_errno("write %s", file);
}

static void write_maps(const struct spawn_request *request, pid_t pid)
{
	const struct plan *plan = request->plan;
	char path[32];

	snprintf(path, sizeof(path), "%d", pid);
	CLEANUP_FD directory = openat(request->proc, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		die_errno("open /proc/%d", pid);
	write_map(directory, "uid_map", plan_string(plan, plan->uid_map));
	if (!(plan->flags & PLAN_PRIVILEGED))
		write_map(directory, "setgroups", "deny"); /* else a map of one's own gid is refused */
	write_map(directory, "gid_map", plan_string(plan, plan->gid_map));
}

/* A file of the child's that nobody but root may open once the child is not dumpable; written when it has made its time
 * namespace. */
static int open_clocks(const struct spawn_request *request, pid_t pid)
{
	char path[48];

	if (!(request->plan->namespaces & CLONE_NEWTIME))
		return -1;
	snprintf(path, sizeof(path), "%d/timens_offsets", pid);
	int clocks = openat(request->proc, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (clocks < 0)
		die_errno("open /proc/%s", path);
	return clocks;
}

static void set_clocks(const struct plan *plan, int clocks)
{
	const char *offsets = plan_string(plan, plan->clock_offsets);

	if (clocks < 0)
		return;
	if (write_all(clocks, offsets, strlen(offsets)) != 0)
		die_errno("set the clocks of BootTimeOffset= and MonotonicTimeOffset=");
	close(clocks);
}

static void open_gate(const struct spawned *spawned)
{
	if (write_all(spawned->gate, "g", 1) != 0)
		die_errno("start the sandbox's first process");
}

static noreturn void clone_failed(int error)
{
	if (error == ENOSYS && prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER)
		die_hint("run it outside",
		         "inside a sandbox already: a system call filter forbids new namespaces here");
	if (error == ENOSYS)
		die("clone3 is missing: this kernel is older than 5.3");
	if (error == ENOSPC || error == EPERM || error == EUSERS)
		die_hint("see sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone and "
		         "kernel.apparmor_restrict_unprivileged_userns, or run sandboxctl doctor",
		         "make namespaces: %s", strerrordesc_np(error));
	errno = error;
	die_errno("make namespaces");
}

void spawn_sandbox(const struct spawn_request *request, struct spawned *ret_spawned)
{
	const struct plan *plan = request->plan;
	int control[2], gate[2], cgroup = request->cgroup ? cgroup_clone_descriptor(request->cgroup) : -1;
	int pidfd = -1;
	struct clone_args arguments = {
	        /* The cgroup namespace is made once the child is in its cgroup, the network one beside other work, and
	         * the time one where its clocks can be set. */
	        .flags = (plan->namespaces & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWTIME)) |
	                 (uint64_t)CLONE_PIDFD,
	        .pidfd = (uint64_t)(uintptr_t)&pidfd,
	        .exit_signal = SIGCHLD,
	};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0 || pipe2(gate, O_CLOEXEC) != 0)
		die_errno("make pipes");
	if (cgroup >= 0) {
		arguments.flags |= CLONE_INTO_CGROUP;
		arguments.cgroup = (uint32_t)cgroup;
	}
	if (plan->flags & PLAN_PRIVILEGED)
		privs_effective_owner(plan->uid);
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	int clone_error = errno;
	if (pid != 0 && (plan->flags & PLAN_PRIVILEGED))
		privs_effective_root();
	if (pid < 0)
		clone_failed(clone_error);
	if (pid == 0) {
		const struct inside inside = {
		        .plan = plan,
		        .cgroup = request->cgroup,
		        .caller = request->caller,
		        .gate = gate[0],
		        .control = control[1],
		        .relay = request->relay,
		        .login = request->login,
		};
		/* Its own ends must be the only ones, else it could not see the supervisor die. */
		if (close(gate[1]) != 0 || close(control[0]) != 0)
			_exit(EXIT_REFUSED);
		inside_main(&inside);
	}
	close(gate[0]);
	close(control[1]);
	/* From here on a failure must end the child as well: it waits at the gate. */
	*ret_spawned = (struct spawned){.pid = (pid_t)pid, .pidfd = pidfd, .control = control[0], .gate = gate[1]};
	write_maps(request, ret_spawned->pid);
	ret_spawned->clocks = open_clocks(request, ret_spawned->pid);
	open_gate(ret_spawned);
}

/* Its own words come first: it may have failed and ended meanwhile, and is then found nowhere. */
static noreturn void not_admitted(const struct spawned *spawned, const char *why)
{
	static char text[MESSAGE_TEXT_MAX + 1];
	struct message message;

	if (message_receive(spawned->control, &message, text, sizeof(text), MSG_DONTWAIT) == 1 &&
	    message.kind == MESSAGE_FAILED) {
		status_error(message.text, message.value);
		die("%s", message.text);
	}
	die("%s", why);
}

void spawn_verify(const struct spawn_request *request, const struct spawned *spawned)
{
	static char text[MESSAGE_TEXT_MAX + 1];
	struct pollfd poller = {.fd = spawned->control, .events = POLLIN};
	struct message message;
	char why[512];
	int ready;

	do
		ready = poll(&poller, 1, SETUP_TIMEOUT_MS);
	while (ready < 0 && errno == EINTR);
	if (ready != 1)
		die("the sandbox's first process did not answer within 10 seconds");
	int got = message_receive(spawned->control, &message, text, sizeof(text), MSG_DONTWAIT);
	if (got != 1)
		die("the sandbox's first process ended during set-up");
	if (message.kind == MESSAGE_FAILED) {
		status_error(message.text, message.value);
		die("%s", message.text);
	}
	if (message.kind != MESSAGE_ENTERED)
		die("unexpected message %u from the sandbox's first process", message.kind);
	if (request->cgroup && cgroup_verify(request->cgroup, spawned->pid, why, sizeof(why)) != 0)
		not_admitted(spawned, why);
	set_clocks(request->plan, spawned->clocks);
	schedule_realtime(request->plan, spawned->pid);
}

void spawn_admit(const struct spawned *spawned)
{
	if (write_all(spawned->gate, "g", 1) != 0)
		not_admitted(spawned, "the sandbox's first process ended during set-up");
}

int spawn_reap(struct spawned *spawned, int timeout_ms)
{
	struct pollfd poller = {.fd = spawned->pidfd, .events = POLLIN};
	int status, ready;

	do
		ready = poll(&poller, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready != 1 || waitpid(spawned->pid, &status, WNOHANG) != spawned->pid)
		return -1;
	spawned->pid = 0;
	return 0;
}

void spawn_abandon(struct spawned *spawned)
{
	if (spawned->pid <= 0)
		return;
	/* The number is ours until it is reaped, and SIGKILL to PID 1 of a pid namespace from outside is forced. */
	if (kill(spawned->pid, SIGKILL) == 0)
		spawn_reap(spawned, ABANDON_TIMEOUT_MS);
	spawned->pid = 0;
}
