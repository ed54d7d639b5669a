/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks the helper and waits for its answer, for commands that judge it. Bounded in time. */
#include "cli/ctl_ask.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/common_helper.h"
#include "cli/common_text.h"

enum { ANSWER_SECONDS = 20 };

/* Reads to the end, at most size - 1 bytes, until a deadline. */
static void read_all(int pipe, char *buffer, size_t size)
{
	time_t deadline = time(NULL) + ANSWER_SECONDS;
	size_t used = 0;

	while (used < size - 1 && time(NULL) < deadline) {
		struct pollfd ready = {.fd = pipe, .events = POLLIN};
		if (poll(&ready, 1, 1000) <= 0)
			continue;
		ssize_t got = read(pipe, buffer + used, size - 1 - used);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	buffer[used] = 0;
}

/* It has closed its output or is past the deadline: a second must do. */
static pid_t wait_briefly(pid_t child, int *ret_status)
{
	struct timespec moment = {.tv_nsec = 20000000};
	pid_t reaped = waitpid(child, ret_status, WNOHANG);

	for (int i = 0; i < 50 && reaped == 0; i++) {
		nanosleep(&moment, NULL);
		reaped = waitpid(child, ret_status, WNOHANG);
	}
	return reaped;
}

int helper_ask(char **words, char *buffer, size_t size)
{
	int ends[2], status;

	if (fflush(stdout) != 0 || pipe(ends) != 0)
		return -1;
	pid_t child = fork();
	if (child < 0)
		return -1;
	if (child == 0) {
		if (dup2(ends[1], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
			_exit(failure_status);
		close(ends[0]);
		close(ends[1]);
		helper_become(words);
		_exit(failure_status);
	}
	close(ends[1]);
	read_all(ends[0], buffer, size);
	close(ends[0]);
	if (wait_briefly(child, &status) != child) {
		kill(child, SIGKILL); /* permitted also where it is set-uid: its real uid is ours, kill(2) */
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
