/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* %-specifiers, those of systemd.unit(5) that say who a sandbox is for. */
#include "config/policy.h"

#include "config/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the result; numbers are printed into the buffer. NULL: no such specifier. */
static const char *piece(char specifier, const struct identity *person, char *buffer, size_t size)
{
	switch (specifier) {
	case 'u':
		return person->name;
	case 'U':
		snprintf(buffer, size, "%u", person->uid);
		return buffer;
	case 'g':
		if (person->primary_group_name)
			return person->primary_group_name;
		__attribute__((
		    fallthrough)); /* without a name the number, as for a person without an account */
	case 'G':
		snprintf(buffer, size, "%u", person->gid);
		return buffer;
	case 'h':
		return person->home;
	case 's':
		return person->shell;
	case '%':
		return "%";
	default:
		return NULL;
	}
}

static char *failed(FILE *stream, char *text, struct policy_errors *errors, const char *specifier)
{
	char quoted[16];

	if (stream)
		fclose(stream);
	free(text);
	if (specifier)
		policy_error_add(errors, false, "policy", 0, 0,
		                 "specifiers are %u %U %g %G %h %s, and %% for a percent sign",
		                 "unknown specifier \"%%%s\"",
		                 quote_bytes(quoted, sizeof(quoted), specifier, *specifier ? 1 : 0));
	else
		policy_error_add(errors, false, "policy", 0, 0, NULL, "out of memory");
	return NULL;
}

char *specifiers_expand(const char *text, const struct identity *person, struct policy_errors *errors)
{
	char *result = NULL, number[24];
	size_t length = 0;

	if (!strchr(text, '%')) {
		result = strdup(text);
		return result ? result : failed(NULL, NULL, errors, NULL);
	}
	FILE *stream = open_memstream(&result, &length);
	if (!stream)
		return failed(NULL, NULL, errors, NULL);
	for (; *text; text++) {
		const char *put;
		if (*text != '%') {
			putc(*text, stream);
			continue;
		}
		put = piece(*++text, person, number, sizeof(number));
		if (!put)
			return failed(stream, NULL, errors, text);
		fputs(put, stream);
	}
	bool bad = ferror(stream);
	if (fclose(stream) != 0 || bad)
		return failed(NULL, result, errors, NULL);
	return result;
}
