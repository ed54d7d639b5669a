/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A login program for the fault matrix: opens a PAM session, executes a shell as the person, closes the session. Tells PAM's
 * codes and the shell's status on standard output. sched_yield(2) stands before and after the opening, so that the calls
 * between can be found in a record.
 *
 *	fault-login SERVICE PERSON COMMAND
 */
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses, void *data)
{
	(void)messages;
	(void)data;
	*ret_responses = calloc((size_t)count, sizeof(**ret_responses));
	return *ret_responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* Root's part was done before: after the join there is no looking up. */
static void shell(const struct passwd *person, const gid_t *groups, size_t count, char *command)
{
	char *const arguments[] = {(char[]){"sh"}, (char[]){"-c"}, command, NULL};
	char *const environment[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};

	if (setgroups(count, groups) == 0 && setgid(person->pw_gid) == 0 && setuid(person->pw_uid) == 0 &&
	    chdir(person->pw_dir) == 0 && chdir("work") == 0)
		execve("/bin/sh", arguments, environment);
	perror("shell");
	_exit(126);
}

int main(int argc, char **argv)
{
	const struct pam_conv conversation = {.conv = converse};
	pam_handle_t *pam = NULL;
	gid_t groups[64];
	int count = 64, status = 0;

	struct passwd *person = argc == 4 ? getpwnam(argv[2]) : NULL;
	if (!person || getgrouplist(person->pw_name, person->pw_gid, groups, &count) < 0 ||
	    pam_start(argv[1], argv[2], &conversation, &pam) != PAM_SUCCESS)
		return EXIT_FAILURE;
	sched_yield();
	int code = pam_open_session(pam, 0);
	sched_yield();
	printf("open %d\n", code);
	fflush(stdout);
	if (code == PAM_SUCCESS) {
		pid_t child = fork();
		if (child == 0)
			shell(person, groups, (size_t)count, argv[3]);
		if (child < 0 || waitpid(child, &status, 0) != child)
			status = -1;
		printf("shell %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		printf("close %d\n", pam_close_session(pam, 0));
		fflush(stdout);
	}
	pam_end(pam, code);
	return EXIT_SUCCESS;
}
