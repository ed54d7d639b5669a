/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/filter_answer.c: what it tells of a call against the machine of bpf.h, which runs the same program. */
#include "plan_support.h"

#include "config/filter.h"
#include "config/filter_answer.h"
#include "tests/unit/config/bpf.h"

#include <linux/bpf_common.h>
#include <sched.h>

static struct filter_answer answer;

static void ask(unsigned number)
{
	assert_int_equal(filter_answer(plan_array(test_plan, test_plan->filter), test_plan->filter.count,
	                               FILTER_ARCHITECTURE, number, &answer),
	                 0);
	assert_true(answer.count > 0 && answer.ways[answer.count - 1].condition_count == 0);
}

static bool holds(const struct filter_condition *condition, const struct seccomp_data *data)
{
	uint64_t argument = data->args[condition->argument];
	uint32_t half = (uint32_t)(condition->upper ? argument >> 32 : argument) & condition->mask;

	switch (condition->kind) {
	case ARGUMENT_IS:
		return half == condition->value;
	case ARGUMENT_HAS_ANY:
		return (half & condition->value) != 0;
	case ARGUMENT_AT_LEAST:
		return half >= condition->value;
	}
	return false;
}

/* By the rule of the header: the first way whose conditions all hold. */
static uint32_t told(const struct seccomp_data *data)
{
	for (size_t i = 0; i < answer.count; i++) {
		const struct filter_way *way = &answer.ways[i];
		uint32_t c = 0;
		while (c < way->condition_count && holds(&way->conditions[c], data))
			c++;
		if (c == way->condition_count)
			return way->action;
	}
	fail_msg("no way fits");
	return 0;
}

/* Arguments: all the numbers that conditions speak of, those beside them, and with a bit that some rule ignores. */
static void compare_with_machine(unsigned number)
{
	struct seccomp_data data = {.nr = (int)number, .arch = FILTER_ARCHITECTURE};
	uint64_t values[3 * FILTER_WAYS_MAX * FILTER_CONDITIONS_MAX + 2] = {0, UINT64_MAX};
	size_t count = 2;

	ask(number);
	for (size_t i = 0; i < answer.count; i++)
		for (uint32_t c = 0; c < answer.ways[i].condition_count; c++) {
			const struct filter_condition *condition = &answer.ways[i].conditions[c];
			unsigned shift = condition->upper ? 32 : 0;
			uint64_t value = condition->value;
			values[count++] = value << shift;
			values[count++] = (value + 1) << shift;
			values[count++] = (value ^ SCHED_RESET_ON_FORK) << shift;
		}
	for (size_t a = 0; a < count; a++)
		for (size_t b = 0; b < count; b++) {
			for (size_t i = 0; i < 6; i++)
				data.args[i] = i % 2 ? values[a] : values[b];
			uint32_t wanted =
			        bpf_run(plan_array(test_plan, test_plan->filter), test_plan->filter.count, &data, NULL);
			if (told(&data) != wanted)
				fail_msg("%u(%#llx, %#llx): told %#x, runs to %#x", number,
				         (unsigned long long)values[b], (unsigned long long)values[a], told(&data),
				         wanted);
		}
}

static void what_is_told_of_a_call_is_what_the_program_does(void **state)
{
	static const char *const settings[] = {
	        "",
	        "MemoryDenyWriteExecute=yes\nRestrictNamespaces=~user net\n",
	        "SystemCallFilter=~@mount ~@swap\nSystemCallErrorNumber=kill\n",
	        "RestrictAddressFamilies=AF_VSOCK AF_PACKET\n",
	        "SystemCallFilter=\nRestrictAddressFamilies=\nLockPersonality=no\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(settings); i++) {
		assert_int_equal(plan_with(settings[i]), 0);
		for (unsigned number = 0; number < 600; number++)
			compare_with_machine(number);
	}
}

static void what_arguments_do_not_decide_is_one_way(void **state)
{
	(void)state;
	assert_int_equal(plan_with(""), 0);
	ask(NUMBER_read);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.ways[0].action, SECCOMP_RET_ALLOW);
	ask(NUMBER_mount);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.ways[0].action, FILTER_ERRNO(EPERM));
}

static void what_arguments_decide_names_them(void **state)
{
	(void)state;
	assert_int_equal(plan_with(""), 0);
	ask(NUMBER_ioctl);
	assert_int_equal(answer.count, 3);
	assert_int_equal(answer.ways[0].action, FILTER_ERRNO(EPERM));
	assert_int_equal(answer.ways[0].condition_count, 1);
	assert_int_equal(answer.ways[0].conditions[0].kind, ARGUMENT_IS);
	assert_int_equal(answer.ways[0].conditions[0].argument, 1);
	assert_int_equal(answer.ways[0].conditions[0].value, 0x5412);
	assert_int_equal(answer.ways[2].action, SECCOMP_RET_ALLOW);
}

static void a_program_of_another_kind_is_refused(void **state)
{
	static const struct {
		struct plan_filter_instruction program[3];
		size_t count;
	} table[] = {
	        {{{BPF_RET | BPF_K, 0, 0, 0}},                                       0}, /* no end */
	        {{{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}},                              1},
	        {{{BPF_JMP | BPF_JA, 0, 0, 7}, {BPF_RET | BPF_K, 0, 0, 0}},          2}, /* out of it */
	        {{{BPF_LD | BPF_W | BPF_ABS, 0, 0, 8}, {BPF_RET | BPF_K, 0, 0, 0}},  2}, /* of the instruction pointer */
	        {{{BPF_LD | BPF_W | BPF_ABS, 0, 0, 17}, {BPF_RET | BPF_K, 0, 0, 0}}, 2},
	        {{{BPF_LD | BPF_W | BPF_ABS, 0, 0, 64}, {BPF_RET | BPF_K, 0, 0, 0}}, 2},
	        {{{BPF_ALU | BPF_ADD | BPF_K, 0, 0, 1}, {BPF_RET | BPF_K, 0, 0, 0}}, 2},
	        {{{BPF_JMP | BPF_JGT | BPF_K, 0, 0, 1}, {BPF_RET | BPF_K, 0, 0, 0}}, 2},
	        {{{BPF_RET | BPF_X, 0, 0, 0}},                                       1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(filter_answer(table[i].program, table[i].count, FILTER_ARCHITECTURE, 0, &answer), -1);
}

static void more_ways_than_there_is_room_for_are_refused(void **state)
{
	enum { TESTS = FILTER_WAYS_MAX + 1 };
	struct plan_filter_instruction program[2 * TESTS + 2] = {
	        {BPF_LD | BPF_W | BPF_ABS, 0, 0, 16}
        };

	(void)state;
	for (unsigned i = 0; i < TESTS; i++) {
		program[2 * i + 1] = (struct plan_filter_instruction){BPF_JMP | BPF_JEQ | BPF_K, 0, 1, i};
		program[2 * i + 2] = (struct plan_filter_instruction){BPF_RET | BPF_K, 0, 0, i};
	}
	program[2 * TESTS + 1] = (struct plan_filter_instruction){BPF_RET | BPF_K, 0, 0, 0};
	assert_int_equal(filter_answer(program, COUNT(program), FILTER_ARCHITECTURE, 0, &answer), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, plan_set_up, plan_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(what_is_told_of_a_call_is_what_the_program_does),
	        TEST(what_arguments_do_not_decide_is_one_way),
	        TEST(what_arguments_decide_names_them),
	        TEST(a_program_of_another_kind_is_refused),
	        TEST(more_ways_than_there_is_room_for_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
