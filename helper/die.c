/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one way to fail. Works without heap and stdio, since it is also used between clone and exec.
 */
#include "helper/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *die_name = "sandbox-run";
int die_status = EXIT_REFUSED;
void (*die_hook)(const char *text, int error);
void (*die_cleanup)(void);

enum { LINE = 2048 };

/* Foreign bytes must not forge a line or steer a terminal (threats A1.3). */
static size_t printable(char *out, size_t size, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = 0;

	for (; *text && length + 5 < size; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte >= 0x20 && byte != 0x7f && (byte < 0x80 || byte >= 0xa0)) {
			out[length++] = (char)byte;
			continue;
		}
		out[length++] = '\\';
		out[length++] = 'x';
		out[length++] = digits[byte >> 4];
		out[length++] = digits[byte & 15];
	}
	return length;
}

static void write_line(const char *prefix, const char *text)
{
	char line[LINE];
	size_t length = 0;

	while (prefix[length]) {
		line[length] = prefix[length];
		length++;
	}
	line[length++] = ':';
	line[length++] = ' ';
	length += printable(line + length, sizeof(line) - length - 1, text);
	line[length++] = '\n';
	ssize_t written = write(STDERR_FILENO, line, length);
	(void)written; /* a closed or full standard error must not change how this ends (threats A3.5) */
}

static noreturn void finish(const char *text, int error, const char *hint)
{
	void (*hook)(const char *, int) = die_hook;
	void (*cleanup)(void) = die_cleanup;

	die_hook = NULL;
	die_cleanup = NULL;
	/* Said first: cleaning up may have to wait. */
	if (hook) {
		hook(text, error);
	} else {
		write_line(die_name, text);
		if (hint)
			write_line("hint", hint);
	}
	if (cleanup)
		cleanup();
	_exit(die_status);
}

void die(const char *format, ...)
{
	char text[LINE];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	finish(text, 0, NULL);
}

void die_hint(const char *hint, const char *format, ...)
{
	char text[LINE];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	finish(text, 0, hint);
}

const char *error_text(int error)
{
	return error == ENOSYS ? "a system call is missing here, sandboxctl features shows which" : strerrordesc_np(error);
}

void die_errno(const char *format, ...)
{
	int error = errno;
	char text[LINE];
	va_list list;

	va_start(list, format);
	int length = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (length >= 0 && (size_t)length < sizeof(text))
		snprintf(text + length, sizeof(text) - (size_t)length, ": %s", error_text(error));
	finish(text, error, NULL);
}

void say(const char *format, ...)
{
	char text[LINE];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	write_line(die_name, text);
}
