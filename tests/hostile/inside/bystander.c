/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bystander of B1.2: parent of a command, in the same process group, writing down which signals reach it.
 */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int record = -1;

/* "<10>": only what a signal handler may call. */
static void note(int number)
{
	const char text[] = {'<', (char)('0' + number / 10), (char)('0' + number % 10), '>'};

	if (write(record, text, sizeof(text)) != (ssize_t)sizeof(text))
		_exit(2);
}

static bool tell_number(void)
{
	FILE *file = fopen("bystander", "we");

	return file && fprintf(file, "%d\n", getpid()) > 0 && fclose(file) == 0;
}

int be_bystander(char **command)
{
	struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
	int status;

	record = open("signals", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (record < 0 || !tell_number())
		return 2;
	for (int number = 1; number <= SIGRTMAX; number++)
		if (number != SIGCHLD && number != SIGTSTP && number != SIGTTIN && number != SIGTTOU)
			sigaction(number, &action, NULL); /* not possible for some, which are not sent either */
	pid_t child = fork();
	if (child == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
