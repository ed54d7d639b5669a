/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a system call filter does with a call, read from the bytes the kernel is given: nothing is known here of how they
 * were made. Pure.
 */
#ifndef CONFIG_FILTER_ANSWER_H
#define CONFIG_FILTER_ANSWER_H

#include "config/plan.h"

enum {
	FILTER_CONDITIONS_MAX = 8,
	FILTER_WAYS_MAX = 160, /* a list of all address families takes 65 */
};

/* Something about one half of an argument that holds. */
struct filter_condition {
	enum { ARGUMENT_IS, ARGUMENT_HAS_ANY, ARGUMENT_AT_LEAST } kind;
	uint32_t argument; /* from 0 */
	bool upper;
	uint32_t mask; /* the bits that are looked at */
	uint32_t value;
};

struct filter_way {
	uint32_t action; /* SECCOMP_RET_* */
	uint32_t condition_count;
	struct filter_condition conditions[FILTER_CONDITIONS_MAX];
};

/* The first way whose conditions all hold decides; the last has none. One way: the arguments do not matter. */
struct filter_answer {
	size_t count;
	struct filter_way ways[FILTER_WAYS_MAX];
};

/* Returns 0, or -1 where the program is none that this project makes: an unknown instruction, an end without an answer,
 * more ways than there is room for. */
int filter_answer(const struct plan_filter_instruction *program, size_t count, uint32_t architecture, uint32_t number,
                  struct filter_answer *ret_answer);

#endif
