/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A step of building a sandbox that failed has one safe ending: one line, exit status 125, nothing runs.
 */
#ifndef HELPER_DIE_H
#define HELPER_DIE_H

#include <stdnoreturn.h>

enum exit_status {
	EXIT_TIME_LIMIT = 124,
	EXIT_REFUSED = 125, /* the sandbox could not be built or the request was refused */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

/* Ends the process with die_status after saying "what" or "what: strerror(errno)". */
noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
noreturn void die_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with a second line "hint: ...". */
noreturn void die_hint(const char *hint, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As strerror(3), and where a system call is missing, where to look. */
const char *error_text(int error);

/* One line on standard error, "sandbox-run: text". Bytes that are not printable are shown as \xNN. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Where the line goes: by default standard error. A process that is not the one to speak (inside the sandbox, in a login)
 * sets a hook, which is given the text and errno (0: none) and may say it elsewhere. cleanup, where set, runs after: what
 * must not be left behind. Both are inherited by fork; a child resets what is not its own.
 */
extern const char *die_name; /* the program named in the line */
extern int die_status;       /* EXIT_REFUSED; 2 where sandboxctl asks */
extern void (*die_hook)(const char *text, int error);
extern void (*die_cleanup)(void);

#endif
