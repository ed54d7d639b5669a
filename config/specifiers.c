/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* %-specifiers, those of systemd.unit(5) that say who a sandbox is for. */
#include "config/policy.h"

#include "config/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

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
		__attribute__((fallthrough)); /* without a name the number, as for a person without an account */
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

	policy_error_add(errors, false, "policy", 0, 0, "specifiers are %u %U %g %G %h %s, and %% for a percent sign",
	                 "unknown specifier \"%%%s\"",
	                 quote_bytes(quoted, sizeof(quoted), specifier, *specifier ? 1 : 0));
}

/* The length of the expanded text, which is written where result is not NULL; -1 with an error where a specifier is
 * unknown. */
static ssize_t expand(const char *text, const struct identity *person, char *result, struct policy_errors *errors)
{
	size_t length = 0;

	for (; *text; text++) {
		char number[24];
		const char *put = *text == '%' ? piece(*++text, person, number, sizeof(number)) : text;
		if (!put) {
			unknown_specifier(text, errors);
			return -1;
		}
		size_t count = put == text ? 1 : strlen(put);
		if (result)
			memcpy(result + length, put, count);
		length += count;
	}
	if (result)
		result[length] = '\0';
	return (ssize_t)length;
}

char *specifiers_expand(const char *text, const struct identity *person, struct policy_errors *errors)
{
	ssize_t length = expand(text, person, NULL, errors);
	char *result = length < 0 ? NULL : malloc((size_t)length + 1);

	if (result)
		expand(text, person, result, errors);
	else if (length >= 0)
		policy_error_add(errors, false, "policy", 0, 0, NULL, "out of memory");
	return result;
}
