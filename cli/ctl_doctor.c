/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sandboxctl doctor: looks at the machine, the installation, the policy and PAM, each problem with the command that
 * mends it. Needs no privilege; as root it sees more. */
#include "cli/ctl_doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/common_options.h"
#include "cli/common_text.h"
#include "cli/ctl_commands.h"

void doctor_report(struct doctor *doctor, enum grade grade, const char *area, char *mend, const char *format, ...)
{
	va_list arguments;
	char *text;

	if (doctor->count == doctor->capacity) {
		size_t capacity = doctor->capacity ? 2 * doctor->capacity : 32;
		struct finding *grown = realloc(doctor->findings, capacity * sizeof(*grown));
		if (!grown)
			out_of_memory();
		doctor->findings = grown;
		doctor->capacity = capacity;
	}
	va_start(arguments, format);
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		out_of_memory();
	doctor->findings[doctor->count++] = (struct finding){.grade = grade, .area = area, .text = text, .mend = mend};
	doctor->grades[grade]++;
}

long read_file(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t used = 0;
	ssize_t got = 0;

	if (fd < 0)
		return -1;
	while (used < size - 1 && (got = read(fd, buffer + used, size - 1 - used)) > 0)
		used += (size_t)got;
	int saved = errno;
	close(fd);
	errno = saved;
	buffer[used] = 0;
	return got < 0 ? -1 : (long)used;
}

static bool wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && !(terminal && strcmp(terminal, "dumb") == 0);
}

static const char *const grade_words[] = {"ok", "note", "PROBLEM"};

static void print_text(const struct doctor *doctor)
{
	static const char *const colours[] = {"\033[32m", "\033[33m", "\033[1;31m"};
	bool colour = wants_colour();
	const char *area = "";

	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *finding = &doctor->findings[i];
		if (strcmp(area, finding->area) != 0)
			printf("%s%s\n", i ? "\n" : "", finding->area);
		area = finding->area;
		printf("  %s%-8s%s %s\n", colour ? colours[finding->grade] : "", grade_words[finding->grade],
		       colour ? "\033[0m" : "", finding->text);
		if (finding->mend)
			printf("           $ %s\n", finding->mend);
	}
	printf("\n%zu problem%s, %zu note%s%s\n", doctor->grades[GRADE_PROBLEM],
	       doctor->grades[GRADE_PROBLEM] == 1 ? "" : "s", doctor->grades[GRADE_NOTE],
	       doctor->grades[GRADE_NOTE] == 1 ? "" : "s", geteuid() == 0 ? "" : " (root sees more)");
}

static void print_json_string(const char *text)
{
	if (!text) {
		fputs("null", stdout);
		return;
	}
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			printf("\\u%04x", (unsigned)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void print_json(const struct doctor *doctor)
{
	static const char *const words[] = {"ok", "note", "problem"};

	printf("{\"problems\":%zu,\"notes\":%zu,\"findings\":[", doctor->grades[GRADE_PROBLEM],
	       doctor->grades[GRADE_NOTE]);
	for (size_t i = 0; i < doctor->count; i++) {
		printf("%s{\"area\":\"%s\",\"grade\":\"%s\",\"text\":", i ? "," : "", doctor->findings[i].area,
		       words[doctor->findings[i].grade]);
		print_json_string(doctor->findings[i].text);
		fputs(",\"mend\":", stdout);
		print_json_string(doctor->findings[i].mend);
		putchar('}');
	}
	puts("]}");
}

static int examine(bool json)
{
	struct doctor doctor = {0};

	doctor_look_at_pam(&doctor);
	doctor_look_at_machine(&doctor);
	doctor_look_at_cgroups(&doctor);
	doctor_look_at_installation(&doctor);
	doctor_look_at_policy(&doctor);
	if (json)
		print_json(&doctor);
	else
		print_text(&doctor);
	if (fflush(stdout) != 0) {
		say("standard output: %s", strerror(errno));
		return CTL_ERROR;
	}
	return doctor.grades[GRADE_PROBLEM] ? CTL_NO : CTL_YES;
}

int ctl_doctor(char **arguments)
{
	static const struct option_row rows[] = {
	        {0, false, "json", NULL, "print JSON"         },
	        {0, false, "help", NULL, "print this and exit"},
	};
	struct options options = {.rows = rows, .count = 2, .interleave = true, .next = arguments};
	const char *value;
	int option;

	while ((option = options_next(&options, &value)) >= 0)
		if (option == 1) {
			printf("Usage: sandboxctl doctor [--json]\nLooks for what is wrong here, and says what mends "
			       "it. "
			       "Exit status: 0: nothing; 1: problems.\n\n");
			options_print(rows, 2);
			return fflush(stdout) == 0 ? CTL_YES : CTL_ERROR;
		}
	if (option == OPTIONS_END)
		return examine(options_seen(&options, 0));
	if (option == OPTIONS_ARGUMENT)
		say("unexpected argument %s", QUOTE(value));
	say_hint("usage: sandboxctl doctor [--json]");
	return CTL_ERROR;
}
