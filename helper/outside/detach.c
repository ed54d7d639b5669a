/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The split comes before anything is made, since PID 1 dies with the process that cloned it. Nothing ties the child to the
 * caller but the real uid and what both have open.
 */
#include "helper/outside/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdnoreturn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"
#include "helper/privs.h"

static int line = -1;

/* Needs no privilege and keeps none. */
static noreturn void wait_for_start(int end, pid_t child)
{
	ssize_t got;
	char byte;
	int status;

	privs_become_caller();
	privs_not_dumpable(); /* the policy was read here */
	do
		got = read(end, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		_exit(0);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			die_errno("wait for the start");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

void detach(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		die_errno("Lifetime=detached: make a pipe");
	pid_t child = fork();
	if (child < 0)
		die_errno("Lifetime=detached: fork");
	if (child > 0) {
		close(ends[1]);
		wait_for_start(ends[0], child);
	}
	close(ends[0]);
	if (setsid() < 0)
		die_errno("Lifetime=detached: make a session");
	line = ends[1];
}

void detach_started(void)
{
	if (line < 0)
		return;
	int result = write_all(line, "s", 1);
	(void)result; /* a caller that did not wait needs no telling */
	close_fd(&line);
	line = -1;
}
