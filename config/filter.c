/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Classic BPF for seccomp(2), made from its end to its beginning: jumps only lead forward, so every target is
 * already placed and its distance known when the jump to it is written.
 *
 * Loading a filter costs 15 us, 0.1 us an instruction, and 2 ns for every step of every number: the kernel
 * runs the program for each of its calls once, to learn which are allowed whatever their arguments
 * (seccomp_cache_prepare); those never run it again. So numbers are merged into ranges of one outcome, and a
 * search tree over them is balanced by how many numbers lie on each side, not by how many ranges.
 */
#include "config/filter.h"

#include <errno.h>
#include <linux/bpf_common.h>
#include <stdlib.h>
#include <string.h>

/* Where control goes for a number: a check, or else an action. */
struct outcome {
	uint32_t action;
	uint32_t check;
};

/* Numbers from first up to the next range's first. */
struct range {
	uint32_t first;
	struct outcome outcome;
};

/* A place in the program, counted from its end: the last instruction is 1. */
typedef unsigned place;

enum {
	RANGES_MAX = SYSCALL_NUMBERS + 1,
	ACTIONS_MAX = 16, /* different ones in one program */
	JUMP_MAX = 255,   /* jt and jf of struct sock_filter are 8 bits */
};

struct builder {
	const struct filter_rules *rules;
	struct plan_filter_instruction *end; /* filled downwards from here */
	place length;
	bool failed;

	struct range ranges[RANGES_MAX];
	size_t range_count;

	struct {
		uint32_t action;
		place at;
	} actions[ACTIONS_MAX];
	size_t action_count;
	place checks[FILTER_CHECKS_MAX];
};

static struct plan_filter_instruction *at_place(const struct builder *b, place at)
{
	return b->end - at;
}

static place emit(struct builder *b, uint16_t code, uint32_t operand)
{
	if (b->length == FILTER_INSTRUCTIONS_MAX) {
		b->failed = true;
		return b->length;
	}
	b->length++;
	*at_place(b, b->length) = (struct plan_filter_instruction){.code = code, .operand = operand};
	return b->length;
}

/* From here on jumps to a place that is nearly out of reach go to a copy of what is there, or to a jump to
 * it. */
static place bring_near(struct builder *b, place target)
{
	const unsigned margin = 2; /* for what is written between here and the jump: the other target, brought near */

	if (b->length - target + margin <= JUMP_MAX)
		return target;
	struct plan_filter_instruction there = *at_place(b, target);
	bool returns = BPF_CLASS(there.code) == BPF_RET;
	place copy = returns ? emit(b, there.code, there.operand) : emit(b, BPF_JMP | BPF_JA, b->length - target);
	for (size_t i = 0; i < b->action_count; i++)
		if (b->actions[i].at == target)
			b->actions[i].at = copy;
	for (size_t i = 0; i < b->rules->check_count; i++)
		if (b->checks[i] == target)
			b->checks[i] = copy;
	return copy;
}

static place emit_jump(struct builder *b, uint16_t condition, uint32_t operand, place yes, place no)
{
	yes = bring_near(b, yes);
	no = bring_near(b, no);
	place at = emit(b, BPF_JMP | BPF_K | condition, operand);
	if (b->failed)
		return at;
	at_place(b, at)->jump_true = (uint8_t)(at - yes - 1);
	at_place(b, at)->jump_false = (uint8_t)(at - no - 1);
	return at;
}

static place emit_load(struct builder *b, size_t offset)
{
	return emit(b, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

/* The return of an action, written where it is needed first. */
static place place_of_action(struct builder *b, uint32_t action)
{
	for (size_t i = 0; i < b->action_count; i++)
		if (b->actions[i].action == action)
			return b->actions[i].at;
	place at = emit(b, BPF_RET | BPF_K, action);
	if (b->action_count == ACTIONS_MAX) {
		b->failed = true;
		return at;
	}
	b->actions[b->action_count].action = action;
	b->actions[b->action_count++].at = at;
	return at;
}

/* --- tests of arguments --- */

static size_t test_offset(const struct filter_test *test)
{
	/* Both architectures are little-endian. */
	return offsetof(struct seccomp_data, args) + sizeof(uint64_t) * test->argument + (test->upper ? 4 : 0);
}

static bool test_masks(const struct filter_test *test)
{
	return test->kind == TEST_EQUAL && test->mask != UINT32_MAX;
}

/* Whether the accumulator holds the same for both. */
static bool test_alike(const struct filter_test *a, const struct filter_test *b)
{
	return test_offset(a) == test_offset(b) && test_masks(a) == test_masks(b) &&
	       (!test_masks(a) || a->mask == b->mask);
}

/* Whether the accumulator holds what a test looks at, whichever of the rule's tests failed. */
static bool rule_leaves(const struct filter_rule *rule, const struct filter_test *test)
{
	for (uint32_t i = 0; i < rule->test_count; i++)
		if (!test_alike(&rule->tests[i], test))
			return false;
	return rule->test_count > 0;
}

static place emit_test(struct builder *b, const struct filter_test *test, bool loaded, place yes, place no)
{
	place at = test->kind == TEST_ANY ? emit_jump(b, BPF_JSET, test->mask, yes, no)
	                                  : emit_jump(b, BPF_JEQ, test->value, yes, no);
	if (loaded)
		return at;
	if (test_masks(test))
		emit(b, BPF_ALU | BPF_AND | BPF_K, test->mask);
	return emit_load(b, test_offset(test));
}

static place emit_rule(struct builder *b, const struct filter_rule *rule, const struct filter_rule *before, place next)
{
	place yes = place_of_action(b, rule->action);

	for (uint32_t i = rule->test_count; i-- > 0;) {
		const struct filter_test *test = &rule->tests[i];
		bool loaded = false;
		if (i > 0)
			loaded = test_alike(test - 1, test);
		else if (before)
			loaded = rule_leaves(before, test);
		yes = emit_test(b, test, loaded, yes, next);
	}
	return yes;
}

static place emit_check(struct builder *b, const struct filter_check *check)
{
	place next = place_of_action(b, SECCOMP_RET_ALLOW);

	for (size_t i = check->count; i-- > 0;)
		next = emit_rule(b, &check->rules[i], i > 0 ? &check->rules[i - 1] : NULL, next);
	return next;
}

/* --- the tree of numbers --- */

static bool same(struct outcome a, struct outcome b)
{
	return a.check == b.check && a.action == b.action;
}

static void add_range(struct builder *b, uint32_t first, struct outcome outcome)
{
	if (b->range_count > 0 && same(b->ranges[b->range_count - 1].outcome, outcome))
		return;
	b->ranges[b->range_count].first = first;
	b->ranges[b->range_count++].outcome = outcome;
}

static void find_ranges(struct builder *b)
{
	const struct filter_rules *rules = b->rules;

	for (uint32_t i = 0; i < SYSCALL_NUMBERS; i++) {
		uint32_t check = rules->checked[i];
		add_range(b, i, (struct outcome){.action = check ? 0 : rules->actions[i], .check = check});
	}
	/* Newer calls, those of x32 (__X32_SYSCALL_BIT is 0x40000000) and negative numbers. */
	add_range(b, SYSCALL_NUMBERS, (struct outcome){.action = FILTER_ERRNO(ENOSYS)});
}

static place place_of_outcome(struct builder *b, struct outcome outcome)
{
	return outcome.check ? b->checks[outcome.check - 1] : place_of_action(b, outcome.action);
}

/* Whether a range is one number between two of the same outcome, which one comparison can single out. */
static bool is_single(const struct builder *b, size_t range)
{
	return b->ranges[range + 1].first == b->ranges[range].first + 1 &&
	       same(b->ranges[range - 1].outcome, b->ranges[range + 1].outcome);
}

/* How far a boundary between two ranges is from the middle of the numbers low..high-1. */
static int off_middle(uint32_t boundary, uint32_t low, uint32_t high)
{
	return abs(2 * (int)boundary - (int)(low + high));
}

/* The first range of the right half: where the numbers, not the ranges, are best halved. */
static size_t find_split(const struct builder *b, size_t from, size_t to)
{
	uint32_t low = b->ranges[from].first;
	uint32_t high = to < b->range_count ? b->ranges[to].first : b->ranges[to - 1].first + 1;
	size_t split = from + 1;

	while (split + 1 < to &&
	       off_middle(b->ranges[split + 1].first, low, high) < off_middle(b->ranges[split].first, low, high))
		split++;
	return split;
}

/* The search among ranges from..to-1. The depth is bounded: halves the numbers as far as the ranges allow. */
static place emit_tree(struct builder *b, size_t from, size_t to)
{
	if (to - from == 1)
		return place_of_outcome(b, b->ranges[from].outcome);
	bool singles = (to - from == 3 || to - from == 5) && is_single(b, from + 1);
	if (singles && (to - from == 3 || is_single(b, from + 3))) {
		place others = place_of_outcome(b, b->ranges[from].outcome);
		for (size_t i = from + 1; i < to; i += 2) {
			place one = place_of_outcome(b, b->ranges[i].outcome);
			others = emit_jump(b, BPF_JEQ, b->ranges[i].first, one, others);
		}
		return others;
	}
	size_t split = find_split(b, from, to);
	place right = emit_tree(b, split, to);
	place left = emit_tree(b, from, split);
	/* What the left half wrote may have moved a leaf on the right. */
	if (to - split == 1)
		right = place_of_outcome(b, b->ranges[split].outcome);
	return emit_jump(b, BPF_JGE, b->ranges[split].first, right, left);
}

/* --- the program --- */

static void emit_program(struct builder *b)
{
	for (size_t i = 0; i < b->rules->check_count; i++)
		b->checks[i] = emit_check(b, &b->rules->checks[i]);
	find_ranges(b);
	place tree = emit_tree(b, 0, b->range_count);
	if (tree != b->length) /* the tree is one leaf */
		emit(b, BPF_JMP | BPF_JA, b->length - tree);
	place native = emit_load(b, offsetof(struct seccomp_data, nr));
	place foreign = place_of_action(b, FILTER_ERRNO(ENOSYS));
	emit_jump(b, BPF_JEQ, FILTER_ARCHITECTURE, native, foreign);
	emit_load(b, offsetof(struct seccomp_data, arch));
}

int filter_build(const struct filter_rules *rules, struct filter_program *ret_program)
{
	struct builder b = {.rules = rules, .end = &ret_program->instructions[FILTER_INSTRUCTIONS_MAX]};

	if (rules->check_count > FILTER_CHECKS_MAX)
		return -1;
	emit_program(&b);
	if (b.failed)
		return -1;
	memmove(ret_program->instructions, b.end - b.length, b.length * sizeof(*b.end));
	ret_program->count = b.length;
	return 0;
}
