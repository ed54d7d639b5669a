/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What entering cgroup v1 hierarchies costs after a pause, the way the product does it: a single-threaded
 *child writes "0" to "tasks" on descriptors that its parent opened (cgroups(7)). Without pauses the cost of
 *the other ways hides.
 *
 *	entry RUNS PAUSE-MS PARENT...
 *
 * Prints the median and the 95th percentile of the child's writes to all hierarchies together, in
 *microseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HIERARCHIES_MAX = 16, RUNS_MAX = 1000 };

struct hierarchy {
	char path[512];
	int tasks;
};

static struct hierarchy hierarchies[HIERARCHIES_MAX];
static int hierarchy_count;

static void remove_all(void)
{
	for (int i = 0; i < hierarchy_count; i++)
		for (int tries = 0; rmdir(hierarchies[i].path) != 0 && errno == EBUSY && tries < 1000; tries++)
			usleep(1000);
}

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "entry: %s: %s\n", what, strerror(errno));
	remove_all();
	exit(EXIT_FAILURE);
}

static void hierarchy_make(const char *parent)
{
	struct hierarchy *hierarchy = &hierarchies[hierarchy_count];
	char tasks[600];

	snprintf(hierarchy->path, sizeof(hierarchy->path), "%s/entry-%d", parent, getpid());
	if (mkdir(hierarchy->path, 0755) != 0)
		fail(hierarchy->path);
	hierarchy_count++;
	snprintf(tasks, sizeof(tasks), "%s/tasks", hierarchy->path);
	hierarchy->tasks = open(tasks, O_WRONLY | O_CLOEXEC);
	if (hierarchy->tasks < 0)
		fail(tasks);
}

static double now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
		fail("clock_gettime");
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static _Noreturn void child(double *ret_spent)
{
	double start = now();

	for (int i = 0; i < hierarchy_count; i++)
		if (write(hierarchies[i].tasks, "0", 1) != 1)
			_exit(EXIT_FAILURE);
	*ret_spent = now() - start;
	_exit(EXIT_SUCCESS);
}

static void enter_once(double *ret_spent)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0)
		child(ret_spent);
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	if (status != 0) {
		errno = EIO;
		fail("write to tasks");
	}
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
	int runs = argc > 3 ? atoi(argv[1]) : 0, pause_ms = argc > 3 ? atoi(argv[2]) : 0;

	if (runs < 1 || runs > RUNS_MAX || pause_ms < 0 || pause_ms > 10000 || argc - 3 > HIERARCHIES_MAX) {
		fprintf(stderr, "usage: entry RUNS PAUSE-MS PARENT...\n");
		return EXIT_FAILURE;
	}
	/* shared: the child writes its result into it */
	double *spent =
	        mmap(NULL, sizeof(*spent) * RUNS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (spent == MAP_FAILED)
		fail("memory");
	for (int i = 3; i < argc; i++)
		hierarchy_make(argv[i]);
	for (int i = 0; i < runs; i++) {
		usleep((useconds_t)pause_ms * 1000);
		enter_once(&spent[i]);
	}
	remove_all();
	qsort(spent, (size_t)runs, sizeof(*spent), compare);
	printf("median %.0f p95 %.0f\n", spent[runs / 2], spent[(runs * 95 + 99) / 100 - 1]);
	return EXIT_SUCCESS;
}
