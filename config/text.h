/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The letters of the policy language: what a file may contain at all, lines with their continuations, words with their
 * quotes. Everything is a slice of the source text; nothing is allocated.
 */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_LINE_MAX 4096       /* bytes of a line of a file */
#define TEXT_WORD_MAX 4096       /* bytes of one word or scalar */
#define TEXT_FILE_MAX (1u << 20) /* bytes of a file */

/* What is wrong, where, and what to do about it. Filled only when something is. */
struct text_problem {
	const char *at; /* into the text that was read */
	const char *hint;
	char text[400];
};

/* Fills a problem; always returns -1. */
int text_problem_set(struct text_problem *problem, const char *at, const char *hint, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

struct text_word {
	const char *start; /* without the quotes */
	size_t length;
	char quote;   /* '"', '\'' or 0 */
	bool escaped; /* holds backslash escapes: read it with text_unquote */
};

/* Length of the valid UTF-8 sequence at the start of bytes (length > 0), 0 where there is none. */
size_t text_utf8_length(const char *bytes, size_t length);

/* Refuses a byte order mark, NUL and invalid UTF-8. */
int text_check(const char *text, size_t length, struct text_problem *problem);

/*
 * One logical line: *cursor is moved past it, *lines grows by the lines it had. The line is without its end (LF or CRLF)
 * but still holds the backslashes and line ends that join it; a comment is never joined. Returns 1, 0 at the end, or -1
 * where the line is refused (too long, ends in a backslash at the end of the file, a comment between joined lines);
 * reading may go on after that.
 */
int text_next_line(const char **cursor, const char *end, const char **ret_line, size_t *ret_length, unsigned *lines,
                   struct text_problem *problem);

/* Moves *line past blanks; returns the end of what is there before the blanks at its end. */
const char *text_cut(const char **line, size_t length);

/* KEY=VALUE of a cut line: the slices of both, blanks around "=" left out. False without "=" or without a key. */
bool text_split_setting(const char *line, const char *end, const char **ret_key, size_t *ret_key_length,
                        const char **ret_value);

/* The "]" that ends a section's head: the last byte of the cut line that at stands in. end: of the whole text. */
const char *text_head_end(const char *at, const char *end);

/* How many line ends a text has. */
unsigned text_count_lines(const char *text, size_t length);

/* Moves *cursor past blanks and past a backslash that joins two lines. */
void text_skip_blanks(const char **cursor, const char *end);

/* Shortens a slice by the blanks at its end, also those that are joined lines. */
size_t text_trim(const char *start, size_t length);

/*
 * The next word. Returns 1, 0 at the end or -1 with a problem. any_bytes: control characters may stand in quotes (a
 * caller's --set carries what the caller's environment holds).
 */
int text_next_word(const char **cursor, const char *end, bool any_bytes, struct text_word *ret_word,
                   struct text_problem *problem);

/* The word's bytes with escapes undone, into a buffer of at least word->length bytes. Returns the number of bytes. */
size_t text_unquote(const struct text_word *word, char *buffer);

/* How many single-byte edits lead from one word to the other, letters' case aside; counts no further than 4. */
unsigned text_distance(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
