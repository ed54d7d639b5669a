/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables of what threats.md B1 to B4 forbid to whoever is inside: an attempt tries it and says whether it got it. Outside,
 * without a sandbox, the same attempt must succeed, or it shows nothing.
 */
#ifndef TESTS_HOSTILE_INSIDE_ATTEMPT_H
#define TESTS_HOSTILE_INSIDE_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct attempt {
	const char *number;
	const char *name;
	bool (*got)(void); /* in a process of its own; where false, errno or because() says why */
};

extern const struct attempt escape_attempts[];    /* B1.1 to B1.9 */
extern const struct attempt kernel_attempts[];    /* B1.10 to B1.12, B1.17 */
extern const struct attempt service_attempts[];   /* B1.13 to B1.16 */
extern const struct attempt learn_attempts[];     /* B2 */
extern const struct attempt exhaust_attempts[];   /* B3 */
extern const struct attempt neighbour_attempts[]; /* B4 */

/* What the driver prepared outside: a line "NAME VALUE" of the file "facts" in the present directory; "" without it. */
const char *fact(const char *name);

/* Why it was not got, where errno would say nothing. Returns false. */
bool because(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The parent of the program itself, not of the attempt. */
extern pid_t program_parent;

/* Processes worth attacking: PID 1, the program's parent, the victim outside. */
enum { TARGETS = 3 };
const pid_t *targets(void);

/* True at the first target with which it is true. */
bool any_target(bool (*attack)(pid_t target));

bool can_read(const char *path); /* at least a byte */
bool can_open(const char *path, int flags);
bool holds(const char *path, const char *text); /* text of at least one character, in the first megabyte of a file */

/* Owns a pseudo-terminal as its controlling terminal from now on; -1. */
int own_terminal(void);

/* For B4: holds one of everything that a neighbour might see, says "ready", and stays until its input ends. */
int be_neighbour(void);

/* Runs a command as its child and writes the signals that reach it to the file "signals"; returns the command's status. */
int be_bystander(char **command);

#endif
