/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both programs say to people: one line on standard error, a hint where one helps, foreign bytes quoted. */
#ifndef CLI_COMMON_TEXT_H
#define CLI_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The name in front of every message; each program defines its own. */
extern const char program_name[];

/* Writes "program: text" or "hint: text" and a newline to standard error, in one write(2). */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Writes the bytes between double quotes: printable ASCII and valid UTF-8 as it is, everything else (controls, the C1
 * range, broken UTF-8, '"' and '\') as \xNN, cut with "..." after 200 bytes. size must be at least QUOTE_SIZE. Returns
 * buffer.
 */
#define QUOTE_SIZE 840
char *quote(char *buffer, size_t size, const char *bytes);
#define QUOTE(bytes) quote((char[QUOTE_SIZE]){0}, QUOTE_SIZE, (bytes))

/* asprintf(3) that ends the program where there is no memory: nothing has happened yet that would need undoing. The
 * strings live as long as the program, which soon becomes another. */
char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Status with which a program ends when it cannot do its work: 125 or 2; each program defines its own. */
extern const int failure_status;

/* Ends the program, after a line, for lack of memory. */
void out_of_memory(void) __attribute__((noreturn));

#endif
