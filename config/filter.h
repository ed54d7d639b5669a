/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system call filter as a program for seccomp(2): from an action for every native number and tests of
 * arguments to classic BPF. Knows no policy key and no name of a call.
 */
#ifndef CONFIG_FILTER_H
#define CONFIG_FILTER_H

#include "config/plan.h"
#include "config/syscalls.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define FILTER_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the system call filter knows x86_64 and aarch64"
#endif

#define FILTER_ERRNO(number) (SECCOMP_RET_ERRNO | (uint32_t)(number))

enum {
	FILTER_INSTRUCTIONS_MAX = 1536, /* BPF_MAXINSNS is 4096; the worst set of numbers needs less than 700 */
	FILTER_CHECKS_MAX = 24,
	FILTER_TESTS_MAX = 2,
};

/*
 * A test of one half of an argument: where the kernel takes an int, the upper half is whatever the caller
 * left there and must not be looked at.
 */
struct filter_test {
	enum { TEST_ANY, TEST_EQUAL } kind; /* some bit of mask is set; the bits of mask are value */
	uint8_t argument;                   /* from 0 */
	bool upper;
	uint32_t mask;
	uint32_t value;
};

struct filter_rule {
	uint32_t action; /* SECCOMP_RET_*, where all tests hold */
	uint32_t test_count;
	struct filter_test tests[FILTER_TESTS_MAX];
};

/* The first rule whose tests all hold decides; where none does, the call is allowed. */
struct filter_check {
	const struct filter_rule *rules;
	size_t count;
};

struct filter_rules {
	uint32_t actions[SYSCALL_NUMBERS]; /* SECCOMP_RET_* of each number; all above it get ENOSYS */
	uint8_t checked[SYSCALL_NUMBERS];  /* 1 + index into checks: this decides instead of the action; 0: none */
	struct filter_check checks[FILTER_CHECKS_MAX];
	size_t check_count;
};

struct filter_program {
	struct plan_filter_instruction instructions[FILTER_INSTRUCTIONS_MAX];
	size_t count;
};

/* The program. Calls of other architectures (int 0x80) and of x32 get ENOSYS. Returns 0, or -1 where it is
 * too long. */
int filter_build(const struct filter_rules *rules, struct filter_program *ret_program);

#endif
