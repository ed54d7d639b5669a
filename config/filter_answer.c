/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks the program with architecture and number known and arguments unknown. Where a jump depends on an argument, both
 * ways are walked, the one on which the condition holds first. So of the ways found, in their order, the first whose
 * conditions hold is the one the kernel takes: every earlier one parts from it by a condition that does not hold.
 */
#include "config/filter_answer.h"

#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <string.h>

struct walk {
	const struct plan_filter_instruction *program;
	size_t count;
	uint32_t architecture, number;
	struct filter_answer *answer;
	struct filter_way way; /* the conditions so far */
	size_t depth;          /* jumps on arguments that were taken either way */
};

/* What the accumulator holds: a number, or bits of an argument. */
struct accumulator {
	bool known;
	uint32_t number;
	struct filter_condition argument; /* without its value */
};

enum { DEPTH_MAX = FILTER_WAYS_MAX };

static int load(const struct walk *walk, uint32_t offset, struct accumulator *ret_accumulator)
{
	const uint32_t arguments = offsetof(struct seccomp_data, args);

	*ret_accumulator = (struct accumulator){.known = true};
	if (offset == offsetof(struct seccomp_data, nr)) {
		ret_accumulator->number = walk->number;
		return 0;
	}
	if (offset == offsetof(struct seccomp_data, arch)) {
		ret_accumulator->number = walk->architecture;
		return 0;
	}
	if (offset < arguments || offset >= sizeof(struct seccomp_data) || offset % 4 != 0)
		return -1;
	*ret_accumulator = (struct accumulator){
	        .argument = {.argument = (offset - arguments) / 8, .upper = offset % 8 != 0, .mask = UINT32_MAX}
        };
	return 0;
}

static int condition_kind(uint16_t code)
{
	switch (code) {
	case BPF_JMP | BPF_JEQ | BPF_K:
		return ARGUMENT_IS;
	case BPF_JMP | BPF_JSET | BPF_K:
		return ARGUMENT_HAS_ANY;
	case BPF_JMP | BPF_JGE | BPF_K:
		return ARGUMENT_AT_LEAST;
	default:
		return -1;
	}
}

static bool holds(int kind, uint32_t number, uint32_t operand)
{
	switch (kind) {
	case ARGUMENT_IS:
		return number == operand;
	case ARGUMENT_HAS_ANY:
		return (number & operand) != 0;
	default:
		return number >= operand;
	}
}

static int end_way(struct walk *walk, uint32_t action)
{
	struct filter_answer *answer = walk->answer;

	if (answer->count == FILTER_WAYS_MAX)
		return -1;
	walk->way.action = action;
	answer->ways[answer->count++] = walk->way;
	return 0;
}

static int walk_from(struct walk *walk, size_t at, struct accumulator accumulator);

/* Both ways on from a jump that an argument decides. */
static int walk_both(struct walk *walk, size_t at, struct plan_filter_instruction jump, int kind,
                     const struct accumulator *accumulator)
{
	struct filter_way *way = &walk->way;

	if (way->condition_count == FILTER_CONDITIONS_MAX || ++walk->depth > DEPTH_MAX)
		return -1;
	struct filter_condition *condition = &way->conditions[way->condition_count++];
	*condition = accumulator->argument;
	condition->kind = (unsigned)kind;
	condition->value = jump.operand;
	int result = walk_from(walk, at + jump.jump_true, *accumulator);
	way->condition_count--;
	if (result == 0)
		result = walk_from(walk, at + jump.jump_false, *accumulator);
	walk->depth--;
	return result;
}

/* Jumps lead forward only, so every step comes nearer to the end. */
static int walk_from(struct walk *walk, size_t at, struct accumulator accumulator)
{
	while (at < walk->count) {
		struct plan_filter_instruction now = walk->program[at++];
		switch (now.code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (load(walk, now.operand, &accumulator) != 0)
				return -1;
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator.number &= now.operand;
			accumulator.argument.mask &= now.operand;
			continue;
		case BPF_RET | BPF_K:
			return end_way(walk, now.operand);
		case BPF_JMP | BPF_JA:
			at += now.operand;
			continue;
		}
		int kind = condition_kind(now.code);
		if (kind < 0)
			return -1;
		if (!accumulator.known)
			return walk_both(walk, at, now, kind, &accumulator);
		at += holds(kind, accumulator.number, now.operand) ? now.jump_true : now.jump_false;
	}
	return -1;
}

/* Ways at the end that come to the same need no conditions. */
static void join_last(struct filter_answer *answer)
{
	while (answer->count > 1 && answer->ways[answer->count - 2].action == answer->ways[answer->count - 1].action) {
		answer->count--;
		answer->ways[answer->count - 1].condition_count = 0;
	}
}

int filter_answer(const struct plan_filter_instruction *program, size_t count, uint32_t architecture, uint32_t number,
                  struct filter_answer *ret_answer)
{
	struct walk walk = {
	        .program = program,
	        .count = count,
	        .architecture = architecture,
	        .number = number,
	        .answer = ret_answer,
	};

	ret_answer->count = 0;
	if (walk_from(&walk, 0, (struct accumulator){.known = true}) != 0)
		return -1;
	join_last(ret_answer);
	return 0;
}
