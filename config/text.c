/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Letters, lines and words of the policy language. Written for files of ten thousand sections: ASCII is
 * checked eight bytes at a time and a word is a slice.
 */
#include "config/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int text_problem_set(struct text_problem *problem, const char *at, const char *hint, const char *format, ...)
{
	va_list list;

	problem->at = at;
	problem->hint = hint;
	va_start(list, format);
	vsnprintf(problem->text, sizeof(problem->text), format, list);
	va_end(list);
	return -1;
}

/* Well-formed sequences as in the Unicode standard, table 3-7: no overlong forms, no surrogates, nothing past
 * U+10FFFF. */
size_t text_utf8_length(const char *bytes, size_t length)
{
	const unsigned char *b = (const unsigned char *)bytes;
	unsigned char low = 0x80, high = 0xbf;
	size_t need;

	if (b[0] < 0x80)
		return 1;
	if (b[0] < 0xc2 || b[0] > 0xf4)
		return 0;
	need = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	if (b[0] == 0xe0)
		low = 0xa0;
	else if (b[0] == 0xed)
		high = 0x9f;
	else if (b[0] == 0xf0)
		low = 0x90;
	else if (b[0] == 0xf4)
		high = 0x8f;
	if (length < need || b[1] < low || b[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if (b[i] < 0x80 || b[i] > 0xbf)
			return 0;
	return need;
}

/* True where none of the eight bytes is NUL or above 0x7f. */
static bool is_plain(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return ((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) == 0;
}

int text_check(const char *text, size_t length, struct text_problem *problem)
{
	size_t i = 0;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return text_problem_set(problem, text, "save the file as UTF-8 without a byte order mark",
		                        "the file begins with a byte order mark");
	while (i < length) {
		if (length - i >= 8 && is_plain(text + i)) {
			i += 8;
			continue;
		}
		if (text[i] == '\0')
			return text_problem_set(problem, text + i, NULL, "a NUL byte");
		size_t step = text_utf8_length(text + i, length - i);
		if (step == 0)
			return text_problem_set(problem, text + i, NULL, "not valid UTF-8 (byte 0x%02x)",
			                        (unsigned)(unsigned char)text[i]);
		i += step;
	}
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The bytes of a backslash and the line end after it, 0 where the backslash joins nothing. */
static size_t join_length(const char *at, const char *end)
{
	if (end - at >= 2 && at[0] == '\\' && at[1] == '\n')
		return 2;
	if (end - at >= 3 && at[0] == '\\' && at[1] == '\r' && at[2] == '\n')
		return 3;
	return 0;
}

void text_skip_blanks(const char **cursor, const char *end)
{
	const char *at = *cursor;

	while (at < end) {
		size_t joined;
		if (is_blank(*at))
			at++;
		else if (*at == '\\' && (joined = join_length(at, end)) > 0)
			at += joined;
		else
			break;
	}
	*cursor = at;
}

size_t text_trim(const char *start, size_t length)
{
	if (length > 0 && (unsigned char)start[length - 1] > ' ')
		return length;
	for (;;) {
		const char *end = start + length;
		if (length > 0 && is_blank(end[-1]))
			length--;
		else if (length > 1 && join_length(end - 2, end) == 2)
			length -= 2;
		else if (length > 2 && join_length(end - 3, end) == 3)
			length -= 3;
		else
			return length;
	}
}

static bool is_comment(const char *line, const char *end)
{
	while (line < end && is_blank(*line))
		line++;
	return line < end && (*line == '#' || *line == ';');
}

/* One line of the file: where it ends, and where the next begins. */
static const char *physical_end(const char *line, const char *end, const char **ret_next)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	if (!newline) {
		*ret_next = end;
		return end;
	}
	*ret_next = newline + 1;
	return newline > line && newline[-1] == '\r' ? newline - 1 : newline;
}

/* The rest of a line that ends in a backslash, or is too long. */
static int joined_line(const char **cursor, const char *end, const char *line, const char *stop, const char **ret_stop,
                       unsigned *lines, struct text_problem *problem)
{
	const char *part = line;
	bool comment = is_comment(line, stop);
	int result = 1;

	for (;;) {
		if (stop - part > TEXT_LINE_MAX)
			result = text_problem_set(problem, part + TEXT_LINE_MAX, NULL, "the line is longer than 4 KiB");
		else if (part != line && result == 1 && is_comment(part, stop))
			result = text_problem_set(problem, part, "put the comment above the setting",
			                          "a comment between joined lines");
		if (comment || stop == part || stop[-1] != '\\')
			break;
		if (*cursor == end) {
			result = text_problem_set(problem, stop - 1, NULL,
			                          "the file ends in the middle of a joined line");
			break;
		}
		part = *cursor;
		stop = physical_end(part, end, cursor);
		++*lines;
	}
	*ret_stop = stop;
	return result;
}

int text_next_line(const char **cursor, const char *end, const char **ret_line, size_t *ret_length, unsigned *lines,
                   struct text_problem *problem)
{
	const char *line = *cursor, *stop;
	int result = 1;

	if (line == end)
		return 0;
	stop = physical_end(line, end, cursor);
	++*lines;
	if (stop - line > TEXT_LINE_MAX || (stop > line && stop[-1] == '\\'))
		result = joined_line(cursor, end, line, stop, &stop, lines, problem);
	*ret_line = line;
	*ret_length = (size_t)(stop - line);
	return result;
}

const char *text_cut(const char **line, size_t length)
{
	const char *start = *line, *end = start + length;

	while (start < end && is_blank(*start))
		start++;
	*line = start;
	return start + text_trim(start, (size_t)(end - start));
}

bool text_split_setting(const char *line, const char *end, const char **ret_key, size_t *ret_key_length,
                        const char **ret_value)
{
	const char *equal = line;

	while (equal < end && *equal != '=')
		equal++;
	if (equal == end || equal == line)
		return false;
	*ret_key = line;
	*ret_key_length = text_trim(line, (size_t)(equal - line));
	*ret_value = equal + 1;
	text_skip_blanks(ret_value, end);
	return true;
}

const char *text_head_end(const char *at, const char *end)
{
	const char *next, *stop = physical_end(at, end, &next);

	return at + text_trim(at, (size_t)(stop - at)) - 1;
}

unsigned text_count_lines(const char *text, size_t length)
{
	const uint64_t ones = 0x0101010101010101u, low = 0x7f7f7f7f7f7f7f7fu;
	unsigned count = 0;
	size_t i = 0;

	for (uint64_t word; length - i >= 8; i += 8) {
		memcpy(&word, text + i, sizeof(word));
		word ^= ones * '\n';
		/* The high bit of each byte that is now zero. */
		count += (unsigned)__builtin_popcountll(~(((word & low) + low) | word | low));
	}
	for (; i < length; i++)
		count += text[i] == '\n';
	return count;
}

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

static int control_problem(const char *at, struct text_problem *problem)
{
	return text_problem_set(problem, at, NULL, "a control character (byte 0x%02x)", (unsigned)(unsigned char)*at);
}

static int quoted_word(const char **cursor, const char *end, bool any_bytes, struct text_word *word,
                       struct text_problem *problem)
{
	const char *open = *cursor, *at = open + 1;

	for (; at < end && *at != *open; at++) {
		if (join_length(at, end) > 0)
			return text_problem_set(problem, at, NULL, "a quoted word may not go on in the next line");
		if (*at == '\\' && *open == '"') {
			word->escaped = true;
			if (end - at < 2 || !strchr("\\\"nt", at[1]) || at[1] == '\0')
				return text_problem_set(problem, at, "in double quotes there are \\\\ \\\" \\n \\t",
				                        "an unknown escape");
			at++;
		} else if (is_control(*at) && !any_bytes) {
			return control_problem(at, problem);
		}
	}
	if (at == end)
		return text_problem_set(problem, open, NULL, "the quote is not closed");
	*cursor = at + 1;
	if (at + 1 < end && !is_blank(at[1]) && join_length(at + 1, end) == 0)
		return text_problem_set(problem, at + 1, "quote the whole word", "text right after a closing quote");
	word->start = open + 1;
	word->length = (size_t)(at - open - 1);
	word->quote = *open;
	return 1;
}

int text_next_word(const char **cursor, const char *end, bool any_bytes, struct text_word *ret_word,
                   struct text_problem *problem)
{
	struct text_word word = {0};
	int result = 1;

	text_skip_blanks(cursor, end);
	const char *at = *cursor;
	if (at == end)
		return 0;
	if (*at == '"' || *at == '\'') {
		result = quoted_word(cursor, end, any_bytes, &word, problem);
	} else {
		word.start = at;
		for (; at < end && !is_blank(*at); at++) {
			if (*at == '\\' && join_length(at, end) > 0)
				break;
			if (*at == '"' || *at == '\'')
				return text_problem_set(problem, at, "quote the whole word", "a quote inside a word");
			if (is_control(*at))
				return control_problem(at, problem);
		}
		word.length = (size_t)(at - word.start);
		*cursor = at;
	}
	if (result == 1 && word.length > TEXT_WORD_MAX)
		result = text_problem_set(problem, word.start, NULL, "a word longer than 4 KiB");
	if (result == 1)
		*ret_word = word;
	return result;
}

size_t text_unquote(const struct text_word *word, char *buffer)
{
	size_t used = 0;

	for (size_t i = 0; i < word->length; i++) {
		char c = word->start[i];
		if (word->escaped && c == '\\') {
			c = word->start[++i];
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		buffer[used++] = c;
	}
	return used;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

unsigned text_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	enum { FAR = 4, WIDTH = 64 };
	unsigned row[WIDTH + 1];

	if (a_length > WIDTH || b_length > WIDTH)
		return FAR;
	for (unsigned j = 0; j <= b_length; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a_length; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			unsigned replaced = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
			unsigned edited = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			diagonal = row[j];
			row[j] = replaced < edited ? replaced : edited;
		}
	}
	return row[b_length] < FAR ? row[b_length] : FAR;
}
