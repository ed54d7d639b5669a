/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A login program that does what none should: client SERVICE USER STEP... Each step of PAM prints "STEP CODE"; "state" prints
 * what a module must leave as it was. "@" as USER is none at all.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static pam_handle_t *handle;
static int flags;
static int prompts;
static int handled;

/* Fails, as that of a program without anybody to ask. */
static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	(void)count, (void)messages, (void)responses, (void)data;
	prompts++;
	return PAM_CONV_ERR;
}

static void count_children(int number)
{
	(void)number;
	handled++;
}

static void show_state(void)
{
	extern char **environ;
	char directory[256] = "(none)";
	struct sigaction child;
	struct rlimit files;
	sigset_t mask;
	int descriptors = 0, variables = 0, blocked = 0;
	mode_t creation = umask(0);

	umask(creation);
	sigaction(SIGCHLD, NULL, &child);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int number = 1; number < 65; number++)
		blocked += sigismember(&mask, number) == 1;
	for (int fd = 0; fd < 1024; fd++)
		descriptors += fcntl(fd, F_GETFD) >= 0;
	for (char **entry = environ; *entry; entry++)
		variables++;
	getrlimit(RLIMIT_NOFILE, &files);
	printf("state: umask %o, in %s, %d blocked, SIGCHLD %p, %d descriptors, %d variables, ids %d %d %d %d, group "
	       "%d, files %lu, "
	       "dumpable %d, %s\n",
	       creation, getcwd(directory, sizeof(directory)) ? directory : "nowhere", blocked,
	       (void *)child.sa_handler, descriptors, variables, getuid(), geteuid(), getgid(), getegid(),
	       getpgrp() == getpid(), (unsigned long)files.rlim_cur, prctl(PR_GET_DUMPABLE),
	       waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? "no child" : "a child");
}

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void in_child(int (*step)(pam_handle_t *, int))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(step(handle, flags));
	waitpid(child, &status, 0);
	printf("in a child %d\n", WEXITSTATUS(status));
}

static void set_item(int item, const char *text)
{
	static char large[65537];

	if (strcmp(text, "@64k") == 0)
		text = memset(large, 'x', sizeof(large) - 1);
	printf("item %d\n", pam_set_item(handle, item, text));
}

static void set_variables(void)
{
	static char large[65600];

	snprintf(large, sizeof(large), "LARGE=%065530d", 0);
	printf("variables %d", pam_putenv(handle, large));
	printf(" %d", pam_putenv(handle, "LD_PRELOAD=/tmp/evil.so"));
	printf(" %d\n", pam_putenv(handle, "SANDBOX=a\nb\033[31m"));
}

static void step(const char *word)
{
	pthread_t thread;
	int status;

	if (strcmp(word, "open") == 0)
		printf("open %d\n", pam_open_session(handle, flags));
	else if (strcmp(word, "close") == 0)
		printf("close %d\n", pam_close_session(handle, flags));
	else if (strcmp(word, "setcred") == 0)
		printf("setcred %d\n", pam_setcred(handle, (int)PAM_ESTABLISH_CRED | flags));
	else if (strcmp(word, "end") == 0)
		printf("end %d\n", pam_end(handle, 0));
	else if (strcmp(word, "child-close") == 0)
		in_child(pam_close_session);
	else if (strcmp(word, "child-open") == 0)
		in_child(pam_open_session);
	else if (strcmp(word, "child-end") == 0)
		in_child(pam_end);
	else if (strcmp(word, "run") == 0)
		printf("run %d\n", (status = system("exit 7"), WEXITSTATUS(status)));
	else if (strcmp(word, "zombie") == 0 && fork() == 0)
		_exit(0); /* nobody waits for it */
	else if (strcmp(word, "thread") == 0)
		printf("thread %d\n", pthread_create(&thread, NULL, wait_for_ever, NULL));
	else if (strcmp(word, "silent") == 0)
		flags = PAM_SILENT;
	else if (strcmp(word, "handle-children") == 0)
		signal(SIGCHLD, count_children);
	else if (strcmp(word, "state") == 0)
		show_state();
	else if (strcmp(word, "prompts") == 0)
		printf("prompts %d\n", prompts);
	else if (strcmp(word, "kill") == 0)
		kill(getpid(), SIGKILL);
	else if (strcmp(word, "wait") == 0)
		sleep(30);
	else if (strncmp(word, "tty=", 4) == 0)
		set_item(PAM_TTY, word + 4);
	else if (strncmp(word, "rhost=", 6) == 0)
		set_item(PAM_RHOST, word + 6);
	else if (strncmp(word, "ruser=", 6) == 0)
		set_item(PAM_RUSER, word + 6);
	else if (strcmp(word, "variables") == 0)
		set_variables();
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const struct pam_conv conversation = {converse, NULL};

	if (argc < 3 ||
	    pam_start(argv[1], strcmp(argv[2], "@") == 0 ? NULL : argv[2], &conversation, &handle) != PAM_SUCCESS)
		return 2;
	umask(027);
	for (int i = 3; i < argc; i++)
		step(argv[i]);
	return 0;
}
