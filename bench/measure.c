/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures commands against each other: one process runs them in turn, back to back and with pauses (a pause
 *shows the RCU waits that a loop hides), and prints medians. The first is the yardstick of the ratios.
 *
 *	measure [--runs N] [--pause-runs N] [--pause MS] [--limit SECONDS] [--json FILE]
 *		NAME[@UID:GID] COMMAND [ARGUMENT...] [:: NAME[@UID:GID] COMMAND [ARGUMENT...]]...
 *
 * Time runs from before vfork(2) until waitpid(2) has returned. Each round takes every command once, in an
 *order drawn anew: what a command leaves to the kernel (a namespace freed by a worker) is charged to each of
 *the others alike. Always the same draws. A command that fails once is out, and the exit status is 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 16, RUNS_MAX = 100000, WARM_UP_ROUNDS = 3, RUN_SECONDS = 30, USAGE = 2 };

struct command {
	const char *name;
	bool as_person;
	uid_t uid;
	gid_t gid;
	char **arguments;
	int status;      /* of the first run that failed; 0: none did */
	double *samples; /* microseconds */
	unsigned count;
};

struct measurement {
	unsigned long runs, pause_runs, pause_ms, limit_seconds;
	const char *json;
	struct command commands[COMMANDS_MAX];
	unsigned count;
	int null;
};

struct summary {
	double median, p95, least, ratio;
};

static volatile pid_t running;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(USAGE);
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: measure [--runs N] [--pause-runs N] [--pause MS] [--limit SECONDS] [--json FILE]\n"
	                "               NAME[@UID:GID] COMMAND [ARGUMENT...] [:: NAME ...]...\n");
	exit(USAGE);
}

static void on_alarm(int signal)
{
	(void)signal;
	if (running > 0)
		kill(running, SIGKILL);
}

static double now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
		fail("clock_gettime");
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* After vfork(2): system calls only. */
static _Noreturn void child(const struct command *command, int null)
{
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(USAGE);
	if (command->as_person &&
	    (setgroups(1, &command->gid) != 0 || setresgid(command->gid, command->gid, command->gid) != 0 ||
	     setresuid(command->uid, command->uid, command->uid) != 0))
		_exit(USAGE);
	execv(command->arguments[0], command->arguments);
	_exit(127);
}

/* One run: microseconds; its status goes to the command. */
static double run_once(struct command *command, int null)
{
	int status;

	alarm(RUN_SECONDS);
	double start = now();
	pid_t pid = vfork();
	if (pid < 0)
		fail("vfork");
	if (pid == 0)
		child(command, null);
	running = pid;
	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			fail("waitpid");
	double spent = now() - start;
	running = 0;
	alarm(0);
	if (status != 0)
		command->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return spent;
}

/* xorshift: draws that do not differ from one measurement to the next. */
static unsigned draw(unsigned below)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % below);
}

static void shuffle(unsigned *order, unsigned count)
{
	for (unsigned i = count; i > 1; i--) {
		unsigned other = draw(i), kept = order[i - 1];

		order[i - 1] = order[other];
		order[other] = kept;
	}
}

static void pause_for(unsigned long milliseconds)
{
	struct timespec time = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};

	if (milliseconds)
		while (nanosleep(&time, &time) != 0 && errno == EINTR)
			continue;
}

static void run_round(struct measurement *measurement, unsigned long pause_ms, bool counts)
{
	unsigned order[COMMANDS_MAX];

	for (unsigned i = 0; i < measurement->count; i++)
		order[i] = i;
	shuffle(order, measurement->count);
	for (unsigned i = 0; i < measurement->count; i++) {
		struct command *command = &measurement->commands[order[i]];

		if (command->status != 0)
			continue;
		pause_for(pause_ms);
		double spent = run_once(command, measurement->null);
		if (counts && command->status == 0)
			command->samples[command->count++] = spent;
	}
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(const double *sorted, unsigned count)
{
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static struct summary summarise(struct command *command, double yardstick)
{
	struct summary summary = {0};

	if (command->status != 0 || command->count == 0)
		return summary;
	qsort(command->samples, command->count, sizeof(*command->samples), compare);
	summary.median = median(command->samples, command->count);
	summary.p95 = command->samples[(command->count * 95ul + 99) / 100 - 1];
	summary.least = command->samples[0];
	summary.ratio = yardstick > 0 ? summary.median / yardstick : 1;
	return summary;
}

static void report(struct measurement *measurement, const char *mode, FILE *json)
{
	double yardstick = 0;

	for (unsigned i = 0; i < measurement->count; i++) {
		struct command *command = &measurement->commands[i];
		struct summary summary = summarise(command, yardstick);

		if (i == 0)
			yardstick = summary.median;
		if (command->status != 0)
			printf("%-9s %-22s failed: status %d\n", mode, command->name, command->status);
		else
			printf("%-9s %-22s n %4u  median %8.0f us  p95 %8.0f us  min %8.0f us  ratio %6.3f\n", mode,
			       command->name, command->count, summary.median, summary.p95, summary.least,
			       summary.ratio);
		if (json)
			fprintf(json,
			        "{\"mode\":\"%s\",\"name\":\"%s\",\"status\":%d,\"runs\":%u,\"median_us\":%.1f,"
			        "\"p95_us\":%.1f,\"min_us\":%.1f,\"ratio\":%.4f}\n",
			        mode, command->name, command->status, command->count, summary.median, summary.p95,
			        summary.least, summary.ratio);
	}
	fflush(stdout);
}

static void run_mode(struct measurement *measurement, const char *mode, unsigned long runs, unsigned long pause_ms,
                     FILE *json)
{
	double end = now() + (double)measurement->limit_seconds * 1e6;

	if (runs == 0)
		return;
	for (unsigned i = 0; i < measurement->count; i++)
		measurement->commands[i].count = 0;
	for (unsigned i = 0; i < WARM_UP_ROUNDS; i++)
		run_round(measurement, 0, false);
	for (unsigned long i = 0; i < runs && now() < end; i++)
		run_round(measurement, pause_ms, true);
	report(measurement, mode, json);
}

static unsigned long number(const char *text, unsigned long most)
{
	char *end;

	errno = 0;
	unsigned long value = text ? strtoul(text, &end, 10) : 0;
	if (!text || errno || end == text || *end || value > most)
		usage();
	return value;
}

/* NAME[@UID:GID]; the name is cut out of the argument. Names end up in JSON as they are: letters, digits and
 * -._ only. */
static void name_read(struct command *command, char *text)
{
	char *at = strchr(text, '@');

	command->name = text;
	if (at) {
		char *colon = strchr(at, ':');

		if (!colon)
			usage();
		*at = *colon = 0;
		command->as_person = true;
		command->uid = (uid_t)number(at + 1, UINT32_MAX - 1);
		command->gid = (gid_t)number(colon + 1, UINT32_MAX - 1);
	}
	if (!*text || text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")])
		usage();
}

static int options_read(struct measurement *measurement, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		const char *value = argv[i + 1];

		if (strcmp(argv[i], "--runs") == 0)
			measurement->runs = number(value, RUNS_MAX);
		else if (strcmp(argv[i], "--pause-runs") == 0)
			measurement->pause_runs = number(value, RUNS_MAX);
		else if (strcmp(argv[i], "--pause") == 0)
			measurement->pause_ms = number(value, 10000);
		else if (strcmp(argv[i], "--limit") == 0)
			measurement->limit_seconds = number(value, 3600);
		else if (strcmp(argv[i], "--json") == 0 && value)
			measurement->json = value;
		else
			usage();
	}
	return i;
}

static void commands_read(struct measurement *measurement, int argc, char **argv, int first)
{
	unsigned long most = measurement->runs > measurement->pause_runs ? measurement->runs : measurement->pause_runs;

	for (int i = first; i < argc; i++) {
		struct command *command = &measurement->commands[measurement->count++];

		if (measurement->count > COMMANDS_MAX || i + 1 >= argc)
			usage();
		name_read(command, argv[i]);
		command->arguments = argv + ++i;
		while (i < argc && strcmp(argv[i], "::") != 0)
			i++;
		if (i < argc)
			argv[i] = NULL;
		if (!command->arguments[0])
			usage();
		command->samples = calloc(most + 1, sizeof(*command->samples));
		if (!command->samples)
			fail("memory");
	}
	if (measurement->count == 0)
		usage();
}

int main(int argc, char **argv)
{
	static struct measurement measurement = {.runs = 100, .pause_runs = 20, .pause_ms = 100, .limit_seconds = 60};
	struct sigaction action = {.sa_handler = on_alarm};
	FILE *json = NULL;
	bool failed = false;

	commands_read(&measurement, argc, argv, options_read(&measurement, argc, argv));
	measurement.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (measurement.null < 0 || sigaction(SIGALRM, &action, NULL) != 0)
		fail("/dev/null");
	if (measurement.json && !(json = fopen(measurement.json, "we")))
		fail(measurement.json);
	run_mode(&measurement, "loop", measurement.runs, 0, json);
	run_mode(&measurement, "pauses", measurement.pause_runs, measurement.pause_ms, json);
	if (json && fclose(json) != 0)
		fail(measurement.json);
	for (unsigned i = 0; i < measurement.count; i++) {
		failed |= measurement.commands[i].status != 0;
		free(measurement.commands[i].samples);
	}
	return failed;
}
