/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The list of what is wrong with a policy. It is bounded: past a thousand entries only the count goes on, so
 * that a large file of rubbish costs no memory.
 */
#include "config/error.h"

#include "config/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 1000, QUOTED_MAX = 200 };

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static bool reserve(struct policy_errors *errors)
{
	if (errors->count < errors->capacity)
		return true;
	size_t capacity = errors->capacity ? errors->capacity * 2 : 8;
	struct policy_error *list = reallocarray(errors->list, capacity, sizeof(*list));
	if (!list)
		return false;
	errors->list = list;
	errors->capacity = capacity;
	return true;
}

void policy_error_add(struct policy_errors *errors, bool warning, const char *file, unsigned line, unsigned column,
                      const char *hint, const char *format, ...)
{
	bool last = errors->count == ENTRIES_MAX;

	if (!warning)
		errors->errors++;
	if (errors->count > ENTRIES_MAX)
		return;
	struct policy_error entry = {.line = line, .column = column, .warning = warning};
	entry.file = copy(file ? file : "(built in)");
	va_list list;
	va_start(list, format);
	if (last)
		entry.text = copy("too many errors; the rest is not shown");
	else if (vasprintf(&entry.text, format, list) < 0)
		entry.text = NULL;
	va_end(list);
	entry.hint = last ? NULL : copy(hint);
	if (entry.file && entry.text && reserve(errors)) {
		errors->list[errors->count++] = entry;
		return;
	}
	free(entry.file);
	free(entry.text);
	free(entry.hint);
	if (warning)
		errors->errors++; /* a report that failed must never look like success */
}

int policy_error_format(const struct policy_error *error, char *buffer, size_t size)
{
	const char *kind = error->warning ? "warning" : "error";

	if (error->line == 0)
		return snprintf(buffer, size, "%s: %s: %s", error->file, kind, error->text);
	if (error->column == 0)
		return snprintf(buffer, size, "%s:%u: %s: %s", error->file, error->line, kind, error->text);
	return snprintf(buffer, size, "%s:%u:%u: %s: %s", error->file, error->line, error->column, kind, error->text);
}

void policy_errors_clear(struct policy_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		free(errors->list[i].file);
		free(errors->list[i].text);
		free(errors->list[i].hint);
	}
	free(errors->list);
	*errors = (struct policy_errors){0};
}

/* Control characters of C1 are UTF-8 but move a terminal's cursor like those of C0. */
static size_t printable(const char *bytes, size_t length)
{
	unsigned char first = (unsigned char)bytes[0];

	if (first < 0x80)
		return first >= ' ' && first != 0x7f ? 1 : 0;
	size_t sequence = text_utf8_length(bytes, length);
	return sequence == 2 && first == 0xc2 && (unsigned char)bytes[1] < 0xa0 ? 0 : sequence;
}

char *quote_bytes(char *buffer, size_t size, const char *bytes, size_t length)
{
	size_t used = 0;

	if (size == 0)
		return buffer;
	for (size_t i = 0; i < length;) {
		char piece[8];
		size_t step = printable(bytes + i, length - i), piece_length = step;
		if (step > 0) {
			memcpy(piece, bytes + i, step);
		} else {
			snprintf(piece, sizeof(piece), "\\x%02x", (unsigned)(unsigned char)bytes[i]);
			piece_length = 4;
			step = 1;
		}
		/* Four bytes stay free for the mark of a cut and the end. */
		if (i + step > QUOTED_MAX || used + piece_length + (i + step < length ? 4 : 1) > size) {
			memcpy(buffer + used, "...", size - used > 4 ? 4 : size - used);
			buffer[size - used > 4 ? used + 3 : size - 1] = '\0';
			return buffer;
		}
		memcpy(buffer + used, piece, piece_length);
		used += piece_length;
		i += step;
	}
	buffer[used] = '\0';
	return buffer;
}

/* Bytes of one well-formed UTF-8 sequence, 0 where it is none (RFC 3629). */
static size_t utf8_length(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	size_t length = byte[0] >= 0xf0 && byte[0] <= 0xf4 ? 4 : byte[0] >= 0xe0 ? 3 : byte[0] >= 0xc2 ? 2 : 0;

	if (byte[0] < 0x80)
		return 1;
	if (byte[0] > 0xf4 || (byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f) ||
	    (byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

size_t json_escape(char *out, size_t size, const char *text)
{
	size_t length = 0;

	while (*text && length + 8 < size) {
		size_t bytes = utf8_length(text);
		if (*text == '"' || *text == '\\')
			length += (size_t)snprintf(out + length, size - length, "\\%c", *text);
		else if (bytes == 0 || (unsigned char)*text < 0x20 || *text == 0x7f)
			length += (size_t)snprintf(out + length, size - length, "\\u%04x", (unsigned char)*text);
		else
			for (size_t i = 0; i < bytes; i++)
				out[length++] = text[i];
		text += bytes ? bytes : 1;
	}
	out[length] = '\0';
	return length;
}
