/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doctor's look at the policy: what `policy check` of the helper says, line by line. */
#include <string.h>
#include <unistd.h>

#include "cli/common_helper.h"
#include "cli/common_text.h"
#include "cli/ctl_ask.h"
#include "cli/ctl_commands.h"
#include "cli/ctl_doctor.h"

static const char area[] = "policy";

enum { LINES_MAX = 20 };

/* A hint belongs to the line before it. Errors name FILE:LINE:COLUMN first, the file to edit. */
static void report_lines(struct doctor *doctor, char *text)
{
	char *position = NULL;
	size_t lines = 0;

	for (char *line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
		if (strncmp(line, "hint: ", 6) == 0)
			continue;
		bool warning = strstr(line, ": warning: ") != NULL;
		if (lines++ == LINES_MAX) {
			doctor_report(doctor, GRADE_NOTE, area, format_text("sandboxctl policy check"),
			              "more of the same");
			return;
		}
		doctor_report(doctor, warning ? GRADE_NOTE : GRADE_PROBLEM, area,
		              line[0] == '/' ? format_text("sudoedit %.*s", (int)strcspn(line, ":"), line) : NULL, "%s",
		              line);
	}
}

void doctor_look_at_policy(struct doctor *doctor)
{
	static char text[65536];
	static char check[] = "check", verb[] = "policy";
	char *words[] = {NULL, verb, check, NULL};

	if (access(helper_path(), X_OK) != 0)
		return; /* told among the installation's problems */
	int status = helper_ask(words, text, sizeof(text));
	if (status == CTL_YES)
		doctor_report(doctor, GRADE_OK, area, NULL, "no errors");
	else if (status == CTL_NO && *text)
		report_lines(doctor, text);
	else
		doctor_report(doctor, GRADE_PROBLEM, area, format_text("sandboxctl policy check"),
		              "it could not be checked%s", status < 0 ? ": the helper does not answer" : "");
}
