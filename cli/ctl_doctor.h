/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the doctor's parts share: each looks at one area and reports findings; ctl_doctor.c shows them. */
#ifndef CLI_CTL_DOCTOR_H
#define CLI_CTL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

enum grade { GRADE_OK, GRADE_NOTE, GRADE_PROBLEM };

struct finding {
	enum grade grade;
	const char *area;
	char *text;
	char *mend; /* a command, or NULL */
};

struct doctor {
	struct finding *findings;
	size_t count, capacity;
	size_t grades[GRADE_PROBLEM + 1]; /* how many of each */
	bool login_wanted;                /* some PAM service names our module */
};

/* Adds a finding. mend: made with format_text, or NULL. */
void doctor_report(struct doctor *doctor, enum grade grade, const char *area, char *mend, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/* The areas. Order matters only for the reader, but that the first tells the others whether logins are confined. */
void doctor_look_at_pam(struct doctor *doctor);
void doctor_look_at_machine(struct doctor *doctor);
void doctor_look_at_cgroups(struct doctor *doctor);
void doctor_look_at_installation(struct doctor *doctor);
void doctor_look_at_policy(struct doctor *doctor);

/* Reads a whole file of at most size - 1 bytes (more is cut). Returns its length, or -1 with errno. */
long read_file(const char *path, char *buffer, size_t size);

#endif
