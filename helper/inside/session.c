/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session's second view. M1 is a copy of the sandbox's mounts in which nothing can be executed but the door, and in
 * which the login program finds what it needs of the host: the records it writes, the log, the session's plan and cgroups.
 */
#include "helper/inside/session.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/mount.h>

#include "helper/die.h"
#include "helper/inside/mounts.h"
#include "helper/privs.h"
#include "protocol/message.h"

static void send_pidfd(int control)
{
	/* Of this process by its number in here: a descriptor means the process, whatever its numbers elsewhere. */
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	struct message message = {.kind = MESSAGE_JOIN, .descriptor_count = 1, .descriptors = {pidfd}};

	if (pidfd < 0 || message_send(control, &message) != 0)
		die_errno("offer the session");
}

static noreturn void offer(const struct inside *inside)
{
	const struct login_mounts *login = inside->login;

	if (unshare(CLONE_NEWNS) != 0)
		die_errno("make the login program's view");
	mounts_forbid_exec();
	for (size_t i = 0; i < login->count; i++)
		mounts_attach(login->mounts[i].mount, login->mounts[i].target, login->mounts[i].optional);
	mounts_doors(inside->plan, login->door);
	inside_keep_only(inside);
	privs_drop_capabilities(0, 0);
	privs_no_new_privileges();
	send_pidfd(inside->control);
	for (;;)
		pause(); /* all signals are blocked: PID 1 kills it once it was joined */
}

pid_t session_offer(const struct inside *inside)
{
	pid_t child = fork();

	if (child < 0)
		die_errno("make the process to join");
	if (child == 0)
		offer(inside);
	return child;
}
