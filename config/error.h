/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is wrong with a policy, as a list. Nothing here prints: whoever owns the process shows the list. One error makes
 * the whole policy void; reading goes on only to report the rest.
 */
#ifndef CONFIG_ERROR_H
#define CONFIG_ERROR_H

#include <stdbool.h>
#include <stddef.h>

struct policy_error {
	char *file;      /* "(built in)" for the compiled-in layer, "--set" for a caller's setting */
	unsigned line;   /* from 1; 0: the file as a whole */
	unsigned column; /* from 1, in bytes; 0: the line as a whole */
	bool warning;    /* told, but nothing becomes void */
	char *text;      /* foreign bytes are already quoted */
	char *hint;      /* NULL: none */
};

struct policy_errors {
	struct policy_error *list;
	size_t count;
	size_t capacity;
	size_t errors; /* entries that are not warnings */
};

/* Appends one entry. Out of memory is itself counted as an error, so that a failed report can never look like success.
 * hint may be NULL. */
void policy_error_add(struct policy_errors *errors, bool warning, const char *file, unsigned line, unsigned column,
                      const char *hint, const char *format, ...) __attribute__((format(printf, 7, 8)));

/* Writes "file:line:column: error: text" (or "warning:") of one entry into a buffer that the caller owns, always
 * terminated; returns the length that would have been needed. Line and column are left out where they are 0. */
int policy_error_format(const struct policy_error *error, char *buffer, size_t size);

/* Frees the entries, not the struct itself. */
void policy_errors_clear(struct policy_errors *errors);

/* Quotes foreign bytes for a message: printable ASCII and valid UTF-8 as it is, the rest as \xNN, cut with "..." after
 * 200 bytes. Writes at most size bytes, always terminated; returns buffer. */
char *quote_bytes(char *buffer, size_t size, const char *bytes, size_t length);

/* text as the inside of a JSON string, invalid UTF-8 as \u00NN. Returns the length written, always terminated. */
size_t json_escape(char *out, size_t size, const char *text);

#endif
