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

static void unknown_specifier(const char *specifier, struct policy_errors *errors)
{
	char quoted[16];

	policy_error_add(
	    errors, false, "policy", 0, 0, "specifiers are %u %U %g %G %h %s, and %% for a percent sign",
	    "unknown specifier \"%%%s\"", quote_bytes(quoted, sizeof(quoted), specifier, *specifier ? 1 : 0));
}

/* Writes the expanded text; false with an error where a specifier is unknown. */
static bool write_expanded(FILE *stream, const char *text, const struct identity *person,
                           struct policy_errors *errors)
{
	char number[24];

	for (; *text; text++) {
		if (*text != '%') {
			putc(*text, stream);
			continue;
		}
		const char *put = piece(*++text, person, number, sizeof(number));
		if (!put) {
			unknown_specifier(text, errors);
			return false;
		}
		fputs(put, stream);
	}
	return true;
}

char *specifiers_expand(const char *text, const struct identity *person, struct policy_errors *errors)
{
	char *result = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&result, &length);
	bool known = stream && write_expanded(stream, text, person, errors);
	bool written = stream && !ferror(stream);

	if (stream && fclose(stream) != 0)
		written = false;
	if (known && written)
		return result;
	if (!written)
		policy_error_add(errors, false, "policy", 0, 0, NULL, "out of memory");
	free(result);
	return NULL;
}
