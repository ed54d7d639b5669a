/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What really happens, for test-why.sh. "paths": of each path on standard input, whether it can be read, written and executed
 * (a directory: listed, given a file, entered). "calls": of each line "NUMBER ARGUMENT*6" on standard input, what the kernel
 * answers. A line of output for each of input. Static, so that it runs wherever it can be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A driver's answer, or one about what is in the file: it was not refused. */
static int not_refused(int error)
{
	static const int harmless[] = {0, ENXIO, ENODEV, EBUSY, EIO, ENOTTY, ENOEXEC, ELIBBAD};

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (error == harmless[i])
			return 1;
	return 0;
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);

	/* Of a program that runs just now this comes before the mount is asked. */
	if (fd < 0 && errno == ETXTBSY)
		return access(path, W_OK) == 0 ? 0 : errno;
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int try_make(const char *directory)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s/.made-by-test-why", directory);
	int error = try_open(path, O_WRONLY | O_CREAT | O_EXCL);
	if (error == 0)
		unlink(path);
	return error;
}

static int try_enter(const char *directory)
{
	int here = open(".", O_PATH | O_CLOEXEC), error = chdir(directory) == 0 ? 0 : errno;

	if (here < 0 || fchdir(here) != 0)
		exit(3);
	close(here);
	return error;
}

/* Traced, it stops before its first instruction (ptrace(2)) and is ended there. */
static int try_execute(const char *path)
{
	char *const arguments[] = {(char *)(size_t)path, NULL};
	int status;
	pid_t child = fork();

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execve(path, arguments, arguments + 1);
		_exit(errno);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		exit(3);
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == ENOENT ? 0 : WEXITSTATUS(status); /* its interpreter is not there */
	if (WIFSTOPPED(status)) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
	return 0;
}

static void print_error(int error)
{
	if (not_refused(error))
		printf("yes ");
	else
		printf("no:%s ", strerrorname_np(error));
}

static void probe_path(const char *path)
{
	struct stat status;
	int missing = stat(path, &status) == 0 ? 0 : errno;

	if (missing) {
		for (int i = 0; i < 3; i++)
			print_error(missing);
	} else {
		int is_directory = S_ISDIR(status.st_mode);
		int no_program = is_directory || S_ISREG(status.st_mode) ? 0 : EACCES;
		print_error(S_ISSOCK(status.st_mode) ? EACCES : try_open(path, O_RDONLY));
		print_error(S_ISSOCK(status.st_mode) ? EACCES
		            : is_directory           ? try_make(path)
		                                     : try_open(path, O_WRONLY));
		print_error(no_program ? no_program : is_directory ? try_enter(path) : try_execute(path));
	}
	printf("%s\n", path);
	fflush(stdout);
}

/* Without a function of libc: vfork(2) and clone(2) return twice into the same frame. */
static inline long raw_call(long number, const long *arguments)
{
	register long r10 __asm__("r10") = arguments[3], r8 __asm__("r8") = arguments[4],
	                  r9 __asm__("r9") = arguments[5];
	long result;

	__asm__ volatile("syscall"
	                 : "=a"(result)
	                 : "a"(number), "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]), "r"(r10), "r"(r8),
	                   "r"(r9)
	                 : "rcx", "r11", "memory");
	return result;
}

static void make_call(int answer, long number, const long *arguments)
{
	long result = raw_call(number, arguments);

	if (result == 0 && (number == SYS_fork || number == SYS_vfork || number == SYS_clone))
		for (;;)
			raw_call(SYS_exit, (const long[6]){0});
	_exit(write(answer, &result, sizeof(result)) == sizeof(result) ? 0 : 3);
}

/* "errno N" (0: it went well), "signal N", "ended" (itself), "waits". */
static void probe_call(long number, const long *arguments)
{
	int ends[2], status;
	long result;

	if (pipe(ends) != 0)
		exit(3);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		make_call(ends[1], number, arguments);
	}
	if (child < 0)
		exit(3);
	close(ends[1]);
	struct pollfd ready = {.fd = ends[0], .events = POLLIN};
	int waits = poll(&ready, 1, 2000) == 0;
	if (waits)
		kill(child, SIGKILL);
	ssize_t got = read(ends[0], &result, sizeof(result));
	close(ends[0]);
	if (waitpid(child, &status, 0) != child)
		exit(3);
	if (got == sizeof(result))
		printf("errno %ld\n", result < 0 && result > -4096 ? -result : 0);
	else if (waits)
		printf("waits 0\n");
	else if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("ended 0\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[8192];
	long number, a[6];

	if (argc != 2)
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(argv[1], "paths") == 0)
			probe_path(line);
		else if (sscanf(line, "%ld %li %li %li %li %li %li", &number, &a[0], &a[1], &a[2], &a[3], &a[4],
		                &a[5]) == 7)
			probe_call(number, a);
		else
			return 2;
	}
	return 0;
}
