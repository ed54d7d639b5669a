/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages and quoting. Knows no terminal and no colour: a message looks the same in a log. */
#include "cli/common_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUOTED_MAX = 200, LINE_MAX_BYTES = 4096 };

/* One write, so that lines of several processes on one terminal or log do not mix. */
static void write_line(const char *prefix, const char *format, va_list arguments)
{
	char line[LINE_MAX_BYTES];
	int start = snprintf(line, sizeof(line), "%s: ", prefix);

	if (start < 0 || (size_t)start >= sizeof(line))
		return;
	int length = vsnprintf(line + start, sizeof(line) - (size_t)start, format, arguments);
	if (length < 0)
		return;
	size_t end = (size_t)start + (size_t)length;
	if (end > sizeof(line) - 1)
		end = sizeof(line) - 1;
	line[end] = '\n';
	if (write(STDERR_FILENO, line, end + 1) < 0)
		return; /* nobody is left to be told */
}

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(program_name, format, arguments);
	va_end(arguments);
}

void say_hint(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line("hint", format, arguments);
	va_end(arguments);
}

void out_of_memory(void)
{
	say("out of memory");
	_exit(failure_status);
}

char *format_text(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		out_of_memory();
	return text;
}

/* Length of the UTF-8 sequence at the start, by table 3-7 of the Unicode standard; 0 where it is none or a C1 control,
 * which terminals obey as they obey ESC. */
static size_t utf8_length(const unsigned char *bytes, size_t left)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high, length;
	} rows[] = {
	        {0xc2, 0xc2, 0xa0, 0xbf, 2},
                {0xc3, 0xdf, 0x80, 0xbf, 2},
                {0xe0, 0xe0, 0xa0, 0xbf, 3},
	        {0xe1, 0xec, 0x80, 0xbf, 3},
                {0xed, 0xed, 0x80, 0x9f, 3},
                {0xee, 0xef, 0x80, 0xbf, 3},
	        {0xf0, 0xf0, 0x90, 0xbf, 4},
                {0xf1, 0xf3, 0x80, 0xbf, 4},
                {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (bytes[0] < rows[i].first_low || bytes[0] > rows[i].first_high)
			continue;
		if (left < rows[i].length || bytes[1] < rows[i].second_low || bytes[1] > rows[i].second_high)
			return 0;
		for (size_t k = 2; k < rows[i].length; k++)
			if ((bytes[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

static size_t plain_length(const unsigned char *bytes, size_t left)
{
	if (bytes[0] >= 0x80)
		return utf8_length(bytes, left);
	return bytes[0] >= 0x20 && bytes[0] < 0x7f && bytes[0] != '"' && bytes[0] != '\\';
}

char *quote(char *buffer, size_t size, const char *bytes)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *from = (const unsigned char *)bytes;
	size_t length = strlen(bytes), used = 0, out = 0;

	if (size < QUOTE_SIZE)
		abort();
	buffer[out++] = '"';
	while (used < length && used < QUOTED_MAX) {
		size_t plain = plain_length(from + used, length - used);
		if (plain > 0) {
			memcpy(buffer + out, from + used, plain);
			out += plain;
			used += plain;
			continue;
		}
		buffer[out++] = '\\';
		buffer[out++] = 'x';
		buffer[out++] = digits[from[used] >> 4];
		buffer[out++] = digits[from[used] & 15];
		used++;
	}
	buffer[out++] = '"';
	for (size_t i = 0; used < length && i < 3; i++)
		buffer[out++] = '.';
	buffer[out] = 0;
	return buffer;
}
