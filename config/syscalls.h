/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names and numbers of system calls, and the @groups of SystemCallFilter= (sandbox-policy(5)). Knows the
 * calls of Linux 6.19, whatever headers it is built with.
 */
#ifndef CONFIG_SYSCALLS_H
#define CONFIG_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define SYSCALL_NATIVE(x86_64, aarch64) (x86_64)
#else
#define SYSCALL_NATIVE(x86_64, aarch64) (aarch64)
#endif

/* NUMBER_read and so on, of this architecture; -1 where it has no such call. */
enum syscall_number {
#define SYSCALL(name, x86_64, aarch64, groups) NUMBER_##name = SYSCALL_NATIVE(x86_64, aarch64),
#include "config/syscalls.def"
#undef SYSCALL
};

enum { SYSCALL_NUMBERS = 512 }; /* more than the highest number; those of x32 proper begin here */

/* Native numbers, a bit each. */
struct syscall_set {
	uint64_t bits[SYSCALL_NUMBERS / 64];
};

static inline bool syscall_set_has(const struct syscall_set *set, unsigned number)
{
	return number < SYSCALL_NUMBERS && (set->bits[number / 64] >> number % 64 & 1);
}

/* What a name or an @group stands for. A name that only other architectures have is known and stands for
 * nothing here. Returns 0, or -1 with an empty set where there is no such word. */
int syscall_word(const char *word, size_t length, struct syscall_set *ret_set);

/*
 * SystemCallFilter= as systemd.exec(5) has it. A list begins with what its first word says: with "~"
 * everything this build has a name for, else @default; no word (NULL) is everything too. Then each word, the
 * first as well, adds what it names, or with "~" takes it away. syscall_set_apply returns 0, or -1 with the
 * set as it was where a word is unknown.
 */
void syscall_set_begin(struct syscall_set *ret_set, const char *first_word);
int syscall_set_apply(struct syscall_set *set, const char *word);

/* The native number of a name: -1 where only other architectures have such a call, -2 where nobody has. */
int syscall_number(const char *name);

/* The name of a native number, NULL where there is none. */
const char *syscall_name(unsigned number);

/* The name or @group that an unknown word was probably meant to be; NULL where nothing is near. */
const char *syscall_nearest(const char *word, size_t length);

#endif
