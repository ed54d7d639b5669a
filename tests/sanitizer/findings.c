/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Part of every program of a build with sanitizers, and of no other. A finding must be seen whichever process it is in, and
 * ours give up standard error, their files, their rights and most system calls. So each maps a file of the test's machine
 * when it starts, and a finding goes to that memory, which needs none of these; the suites look at the file. Where it is
 * missing a finding is told on standard error alone. The exit status is 99 either way.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sanitizer/asan_interface.h>

/* tests/system/lib.sh and tests/system/login/world.py make it, filled with zeros, and read it. */
struct findings {
	_Atomic uint32_t starts; /* of programs that would write here */
	_Atomic uint32_t length; /* of what was found, also where it did not fit */
	char text[131072 - 2 * sizeof(uint32_t)];
};

/* Looked up by the runtimes, by name (asan_interface.h; ubsan has no header). */
const char *__ubsan_default_options(void);
void __ubsan_on_report(void);
void __ubsan_get_current_report_data(const char **kind, const char **message, const char **file, unsigned *line,
                                     unsigned *column, char **address);

static struct findings *findings;

static void record(const char *text)
{
	uint32_t length = (uint32_t)strlen(text);

	if (!findings)
		return;
	uint32_t at = atomic_fetch_add(&findings->length, length);
	if (length <= sizeof(findings->text) && at <= sizeof(findings->text) - length)
		memcpy(findings->text + at, text, length);
}

static void record_line(const char *what, const char *where)
{
	char text[512];

	snprintf(text, sizeof(text), "%s %d: %s%s\n", program_invocation_short_name, (int)getpid(), where, what);
	record(text);
}

/* Looking for leaks needs a process that traces this one. Where the runtime is preloaded, this file is before it: else it would
 * take its own, empty answer (ld.so(8), "LD_PRELOAD"; dlsym(3), search order). */
const char *__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1:exitcode=99:verify_asan_link_"
	       "order=0";
}

const char *__ubsan_default_options(void)
{
	return "exitcode=99:print_stacktrace=1";
}

/* Before the report is made, which may fail in a process that has given up so much. */
void __asan_on_error(void)
{
	record_line(__asan_get_report_description(), "");
}

void __ubsan_on_report(void)
{
	const char *kind, *message = "", *file = "";
	unsigned line = 0, column;
	char *address, where[256];

	__ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
	snprintf(where, sizeof(where), "%s:%u: ", file, line);
	record_line(message, where);
}

__attribute__((constructor)) static void begin(void)
{
	int fd = open(LIBEXECDIR "/findings", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;

	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0 && status.st_size == (off_t)sizeof(*findings)) {
		void *memory = mmap(NULL, sizeof(*findings), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (memory != MAP_FAILED) {
			findings = memory;
			atomic_fetch_add(&findings->starts, 1);
			__asan_set_error_report_callback(record);
		}
	}
	close(fd);
}
