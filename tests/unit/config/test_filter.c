/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of config/filter.c: what the generated program does, run by the machine of bpf.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/filter.h"
#include "tests/unit/config/bpf.h"

#include <errno.h>
#include <stdlib.h>

static struct filter_rules rules;
static struct filter_program program;

static uint32_t run(uint32_t architecture, int number, const uint64_t arguments[6])
{
	struct seccomp_data data = {.nr = number, .arch = architecture};

	if (arguments)
		memcpy(data.args, arguments, sizeof(data.args));
	return bpf_run(program.instructions, program.count, &data, NULL);
}

static uint32_t run_native(int number)
{
	return run(FILTER_ARCHITECTURE, number, NULL);
}

static void build(void)
{
	assert_int_equal(filter_build(&rules, &program), 0);
	assert_true(program.count <= FILTER_INSTRUCTIONS_MAX);
	assert_int_equal(program.instructions[program.count - 1].code, BPF_RET | BPF_K);
}

/* xorshift: the same numbers everywhere for a seed. */
static uint32_t random_state;

static uint32_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static const uint32_t some_actions[] = {SECCOMP_RET_ALLOW, FILTER_ERRNO(EPERM), FILTER_ERRNO(ENOSYS),
                                        SECCOMP_RET_KILL_PROCESS};

static void compare_every_number(void)
{
	for (int i = 0; i < SYSCALL_NUMBERS; i++)
		assert_int_equal(run_native(i), rules.actions[i]);
	for (int i = SYSCALL_NUMBERS; i < 700; i++)
		assert_int_equal(run_native(i), FILTER_ERRNO(ENOSYS));
}

static void every_number_gets_its_action(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 3; kind++) {
		memset(&rules, 0, sizeof(rules));
		for (unsigned i = 0; i < SYSCALL_NUMBERS; i++) /* all alike; every other; by tens */
			rules.actions[i] = kind == 0   ? SECCOMP_RET_ALLOW
			                   : kind == 1 ? some_actions[i % 2]
			                               : some_actions[i / 10 % 4];
		build();
		compare_every_number();
	}
}

static void random_sets_are_answered_as_built(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 300; seed++) {
		random_state = seed * 2654435761u;
		uint32_t rarity = 1 + next_random() % 40, kinds = 2 + next_random() % 3;
		memset(&rules, 0, sizeof(rules));
		uint32_t action = some_actions[0];
		for (unsigned i = 0; i < SYSCALL_NUMBERS; i++) {
			if (next_random() % rarity == 0)
				action = some_actions[next_random() % kinds];
			rules.actions[i] = action;
		}
		build();
		for (int i = 0; i < 700; i++) {
			uint32_t wanted = i < SYSCALL_NUMBERS ? rules.actions[i] : FILTER_ERRNO(ENOSYS);
			if (run_native(i) != wanted)
				fail_msg("seed %u, number %d: %#x, not %#x", seed, i, run_native(i), wanted);
		}
	}
}

static void foreign_architectures_and_x32_do_not_exist(void **state)
{
	(void)state;
	memset(&rules, 0, sizeof(rules));
	for (unsigned i = 0; i < SYSCALL_NUMBERS; i++)
		rules.actions[i] = SECCOMP_RET_ALLOW;
	build();
	for (int i = 0; i < 600; i++) {
		assert_int_equal(run(AUDIT_ARCH_I386, i, NULL), FILTER_ERRNO(ENOSYS));
		assert_int_equal(run(AUDIT_ARCH_ARM, i, NULL), FILTER_ERRNO(ENOSYS));
		assert_int_equal(run(0, i, NULL), FILTER_ERRNO(ENOSYS));
		assert_int_equal(run_native(0x40000000 | i), FILTER_ERRNO(ENOSYS));
	}
	const int far[] = {SYSCALL_NUMBERS, 0x10000, 0x3fffffff, 0x7fffffff, -1, -2, -0x7fffffff - 1};
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		assert_int_equal(run_native(far[i]), FILTER_ERRNO(ENOSYS));
}

/* --- arguments --- */

static bool holds(const struct filter_test *test, const uint64_t arguments[6])
{
	uint32_t half = (uint32_t)(arguments[test->argument] >> (test->upper ? 32 : 0));

	return test->kind == TEST_ANY ? (half & test->mask) != 0 : (half & test->mask) == test->value;
}

static uint32_t judge(const struct filter_check *check, const uint64_t arguments[6])
{
	for (size_t i = 0; i < check->count; i++) {
		bool all = true;
		for (uint32_t j = 0; j < check->rules[i].test_count; j++)
			all = all && holds(&check->rules[i].tests[j], arguments);
		if (all)
			return check->rules[i].action;
	}
	return SECCOMP_RET_ALLOW;
}

static struct filter_test random_test(void)
{
	static const uint32_t masks[] = {UINT32_MAX, 3, 6};
	struct filter_test test = {.kind = next_random() % 2 ? TEST_ANY : TEST_EQUAL,
	                           .argument = (uint8_t)(next_random() % 3),
	                           .upper = next_random() % 4 == 0,
	                           .mask = masks[next_random() % 3],
	                           .value = next_random() % 4};
	if (test.kind == TEST_ANY)
		test.mask = 1u << next_random() % 3;
	return test;
}

static void random_rules_are_answered_as_built(void **state)
{
	static struct filter_rule pool[FILTER_CHECKS_MAX][4];

	(void)state;
	for (uint32_t seed = 1; seed <= 200; seed++) {
		random_state = seed * 2246822519u;
		memset(&rules, 0, sizeof(rules));
		for (unsigned i = 0; i < SYSCALL_NUMBERS; i++)
			rules.actions[i] = some_actions[next_random() % 2];
		rules.check_count = 1 + next_random() % FILTER_CHECKS_MAX;
		for (size_t i = 0; i < rules.check_count; i++) {
			rules.checks[i] = (struct filter_check){pool[i], 1 + next_random() % 4};
			for (size_t j = 0; j < rules.checks[i].count; j++) {
				pool[i][j].action = some_actions[next_random() % 4];
				pool[i][j].test_count = next_random() % (FILTER_TESTS_MAX + 1);
				for (size_t k = 0; k < FILTER_TESTS_MAX; k++)
					pool[i][j].tests[k] = random_test();
			}
			for (unsigned j = 0; j < 3; j++)
				rules.checked[next_random() % SYSCALL_NUMBERS] = (uint8_t)(i + 1);
		}
		build();
		for (int i = 0; i < SYSCALL_NUMBERS; i++)
			for (unsigned j = 0; j < 8; j++) {
				uint64_t a[6];
				for (unsigned k = 0; k < 6; k++)
					a[k] = (uint64_t)(next_random() % 8) << 32 | next_random() % 8;
				uint32_t wanted = rules.actions[i];
				if (rules.checked[i])
					wanted = judge(&rules.checks[rules.checked[i] - 1], a);
				if (run(FILTER_ARCHITECTURE, i, a) != wanted)
					fail_msg("seed %u, number %d: not %#x", seed, i, wanted);
			}
	}
}

static void the_other_half_of_an_argument_is_not_looked_at(void **state)
{
	static const struct filter_rule only_five[] = {
	        {FILTER_ERRNO(EPERM), 1, {{.kind = TEST_EQUAL, .argument = 1, .mask = UINT32_MAX, .value = 5}}},
	};

	(void)state;
	memset(&rules, 0, sizeof(rules));
	rules.checks[0] = (struct filter_check){only_five, 1};
	rules.check_count = 1;
	rules.checked[7] = 1;
	build();
	const uint64_t dirty[6] = {0, UINT64_C(0xdeadbeef00000005)}, other[6] = {5, UINT64_C(0x0000000500000006)};
	assert_int_equal(run(FILTER_ARCHITECTURE, 7, dirty), FILTER_ERRNO(EPERM));
	assert_int_equal(run(FILTER_ARCHITECTURE, 7, other), SECCOMP_RET_ALLOW);
}

/* 512 different outcomes are not possible; the most there is: every number apart, and far leaves. */
static void too_many_actions_are_refused(void **state)
{
	(void)state;
	memset(&rules, 0, sizeof(rules));
	for (unsigned i = 0; i < SYSCALL_NUMBERS; i++)
		rules.actions[i] = FILTER_ERRNO(i + 1);
	assert_int_equal(filter_build(&rules, &program), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_number_gets_its_action),
	        cmocka_unit_test(random_sets_are_answered_as_built),
	        cmocka_unit_test(foreign_architectures_and_x32_do_not_exist),
	        cmocka_unit_test(random_rules_are_answered_as_built),
	        cmocka_unit_test(the_other_half_of_an_argument_is_not_looked_at),
	        cmocka_unit_test(too_many_actions_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
