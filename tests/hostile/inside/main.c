/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inside NUMBER [NAME]: tries what threats.md forbids under that number and prints "NUMBER NAME: got" or "NUMBER NAME:
 * contained: why" for each attempt. Exit status 0 where something was got, 1 where nothing was, 2 on usage.
 * inside list: all numbers and names. inside bystander COMMAND..., inside neighbour: see attempt.h.
 */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 8 };

static const struct attempt *const tables[] = {escape_attempts, kernel_attempts,  service_attempts,
                                               learn_attempts,  exhaust_attempts, neighbour_attempts};
static char reason[256];
pid_t program_parent;

bool because(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	return false;
}

const char *fact(const char *name)
{
	static char line[4096];
	size_t length = strlen(name);
	FILE *file = fopen("facts", "re");
	const char *value = "";

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, name, length) == 0 && line[length] == ' ') {
			value = line + length + 1;
			break;
		}
	}
	if (file)
		fclose(file);
	return value;
}

const pid_t *targets(void)
{
	static pid_t found[TARGETS];

	/* Outside, what PID 1 and the parent are is not for us to touch. */
	bool outside = *fact("outside");
	found[0] = outside ? 0 : 1;
	found[1] = outside ? 0 : program_parent;
	found[2] = (pid_t)atol(fact("victim"));
	return found;
}

bool any_target(bool (*attack)(pid_t target))
{
	const pid_t *list = targets();

	for (int i = 0; i < TARGETS; i++)
		if (list[i] > 0 && attack(list[i]))
			return true;
	return false;
}

bool can_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

bool can_read(const char *path)
{
	char bytes[8]; /* some files of /proc give no less */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return false;
	ssize_t got = read(fd, bytes, sizeof(bytes));
	close(fd);
	return got > 0 || (got == 0 && because("empty"));
}

bool holds(const char *path, const char *text)
{
	static char content[1 << 20];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return false;
	while (length < sizeof(content) - 1 && (got = read(fd, content + length, sizeof(content) - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	if (!*text)
		return because("nothing to look for");
	return memmem(content, length, text, strlen(text)) || because("%s does not say %s", path, text);
}

int own_terminal(void)
{
	char name[64];
	int unlock = 0, number, master = open("/dev/ptmx", O_RDWR | O_NOCTTY);

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) != 0 || ioctl(master, TIOCGPTN, &number) != 0)
		return -1;
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	setsid();
	int terminal = open(name, O_RDWR);
	return terminal >= 0 && ioctl(terminal, TIOCSCTTY, 0) == 0 ? terminal : -1;
}

/* In a process of its own, so that what one changes of itself is not there for the next. */
static bool run(const struct attempt *attempt)
{
	int status;

	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		alarm(SECONDS);
		errno = 0;
		bool got = attempt->got();
		int error = errno;
		if (got)
			printf("%s %s: got\n", attempt->number, attempt->name);
		else
			printf("%s %s: contained: %s\n", attempt->number, attempt->name,
			       *reason ? reason
			       : error ? strerrorname_np(error)
			               : "no");
		fflush(stdout);
		_exit(got ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		printf("%s %s: contained: fork: %s\n", attempt->number, attempt->name, strerrorname_np(errno));
		return false;
	}
	if (WIFSIGNALED(status))
		printf("%s %s: contained: SIG%s\n", attempt->number, attempt->name, sigabbrev_np(WTERMSIG(status)));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What a set-uid, set-gid or capable copy of this program tells of itself. */
static int privileges(gid_t group)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (geteuid() != getuid())
		return 42;
	if (getegid() != getgid() && getegid() == group)
		return 43;
	return syscall(SYS_capget, &header, data) == 0 && data[0].effective ? 44 : 0;
}

int main(int argc, char **argv)
{
	bool any = false, list = argc == 2 && strcmp(argv[1], "list") == 0;

	program_parent = getppid();
	if (argc > 2 && strcmp(argv[1], "bystander") == 0)
		return be_bystander(argv + 2);
	if (argc == 2 && strcmp(argv[1], "neighbour") == 0)
		return be_neighbour();
	if (argc == 3 && strcmp(argv[1], "privileges") == 0)
		return privileges((gid_t)atol(argv[2]));
	if (argc < 2 || argc > 3)
		return 2;
	for (int number = 1; number < SIGRTMAX; number++) /* what an attempt sends to its group is not meant for us */
		if (number == SIGUSR1 || number == SIGUSR2 || number >= SIGRTMIN)
			signal(number, SIG_IGN);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct attempt *attempt = tables[i]; attempt->number; attempt++)
			if (list)
				printf("%s %s\n", attempt->number, attempt->name);
			else if (strcmp(argv[1], attempt->number) == 0 &&
			         (argc == 2 || strcmp(argv[2], attempt->name) == 0))
				any |= run(attempt);
	return any || list ? 0 : 1;
}
