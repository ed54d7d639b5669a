/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any set of allowed and refused calls with any tests of arguments, and any SystemCallFilter= and RestrictAddressFamilies=:
 * the program made of it, run by a machine for classic BPF, gives every call of every architecture the verdict that the set
 * says.
 */
#include "tests/fuzz/bpf_machine.h"
#include "tests/fuzz/world.h"

#include "config/filter.h"
#include "config/value.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { RULES_MAX = 4, WORDS_MAX = 12, ARGUMENT_SETS = 4 };

static uint64_t argument_sets[ARGUMENT_SETS][6];
static const int far_numbers[] = {512,        513,        599,        0x3fffffff,      0x40000000, 0x40000000 | 1,
                                  0x400001ff, 0x40000201, 0x7fffffff, -0x7fffffff - 1, -1,         -512};

static uint32_t run(const struct plan_filter_instruction *program, size_t count, uint32_t architecture, int number,
                    const uint64_t arguments[6])
{
	struct seccomp_data data = {.nr = number, .arch = architecture};

	memcpy(data.args, arguments, sizeof(data.args));
	return bpf_run(program, count, &data, NULL);
}

/* Calls that this build has no name for, whatever the set says. */
static void check_strangers(const struct plan_filter_instruction *program, size_t count, uint32_t architecture)
{
	for (size_t i = 0; i < COUNT(far_numbers); i++)
		HOLDS(run(program, count, FILTER_ARCHITECTURE, far_numbers[i], argument_sets[0]) ==
		      FILTER_ERRNO(ENOSYS));
	for (int number = 0; architecture != FILTER_ARCHITECTURE && number < SYSCALL_NUMBERS; number += 7)
		HOLDS(run(program, count, architecture, number, argument_sets[0]) == FILTER_ERRNO(ENOSYS));
}

static void take_arguments(struct input *input)
{
	memset(argument_sets, 0, sizeof(argument_sets));
	for (size_t i = 1; i < ARGUMENT_SETS; i++)
		for (size_t k = 0; k < 6; k++)
			argument_sets[i][k] = take(input, 1) | (uint64_t)take(input, 1) << (take(input, 1) & 63);
}

/* --- rules --- */

struct pool {
	struct filter_rule rules[FILTER_CHECKS_MAX][RULES_MAX];
};

static uint32_t take_action(struct input *input)
{
	static const uint32_t actions[] = {SECCOMP_RET_ALLOW, FILTER_ERRNO(EPERM),      FILTER_ERRNO(ENOSYS),
	                                   SECCOMP_RET_LOG,   SECCOMP_RET_KILL_PROCESS, FILTER_ERRNO(EAFNOSUPPORT),
	                                   FILTER_ERRNO(0),   SECCOMP_RET_KILL_THREAD};

	return actions[take(input, 1) % COUNT(actions)];
}

static struct filter_test take_test(struct input *input)
{
	static const uint32_t masks[] = {UINT32_MAX, 3, 0x80000000u, 0x7e020000};
	uint32_t shape = take(input, 1), value = take(input, 1), shift = take(input, 1) & 31;

	return (struct filter_test){.kind = shape & 1 ? TEST_ANY : TEST_EQUAL,
	                            .argument = (uint8_t)((shape >> 1) % 6),
	                            .upper = shape >> 4 & 1,
	                            .mask = masks[shape >> 5 & 3],
	                            .value = value << shift};
}

static void take_rules(struct input *input, struct filter_rules *rules, struct pool *pool)
{
	for (uint32_t number = 0; number < SYSCALL_NUMBERS;) {
		uint32_t length = take(input, 1) + 1, action = take_action(input);
		for (uint32_t i = 0; i < length && number < SYSCALL_NUMBERS; i++)
			rules->actions[number++] = action;
	}
	rules->check_count = take(input, 1) % (FILTER_CHECKS_MAX + 1);
	for (size_t i = 0; i < rules->check_count; i++) {
		rules->checks[i] = (struct filter_check){pool->rules[i], take(input, 1) % (RULES_MAX + 1)};
		for (size_t k = 0; k < rules->checks[i].count; k++) {
			struct filter_rule *rule = &pool->rules[i][k];
			rule->action = take_action(input);
			rule->test_count = take(input, 1) % (FILTER_TESTS_MAX + 1);
			for (uint32_t t = 0; t < rule->test_count; t++)
				rule->tests[t] = take_test(input);
		}
		for (uint32_t calls = take(input, 1) % 8; calls > 0; calls--)
			rules->checked[take(input, 2) % SYSCALL_NUMBERS] = (uint8_t)(i + 1);
	}
}

static bool test_holds(const struct filter_test *test, const uint64_t arguments[6])
{
	uint32_t half = (uint32_t)(arguments[test->argument] >> (test->upper ? 32 : 0));

	return test->kind == TEST_ANY ? (half & test->mask) != 0 : (half & test->mask) == test->value;
}

static uint32_t verdict(const struct filter_rules *rules, int number, const uint64_t arguments[6])
{
	const struct filter_check *check = rules->checks + rules->checked[number] - 1;

	if (rules->checked[number] == 0)
		return rules->actions[number];
	for (size_t i = 0; i < check->count; i++) {
		uint32_t held = 0;
		for (uint32_t t = 0; t < check->rules[i].test_count; t++)
			held += test_holds(&check->rules[i].tests[t], arguments);
		if (held == check->rules[i].test_count)
			return check->rules[i].action;
	}
	return SECCOMP_RET_ALLOW;
}

static void try_rules(struct input *input)
{
	static struct filter_rules rules;
	static struct filter_program program;
	static struct pool pool;
	uint32_t architecture = take(input, 4);

	memset(&rules, 0, sizeof(rules));
	take_arguments(input);
	take_rules(input, &rules, &pool);
	if (filter_build(&rules, &program) != 0) {
		HOLDS(rules.check_count > 0); /* numbers alone never need too much: config/filter.h */
		return;
	}
	HOLDS(program.count > 0 && program.count <= FILTER_INSTRUCTIONS_MAX);
	for (size_t i = 0; i < ARGUMENT_SETS; i++)
		for (int number = 0; number < SYSCALL_NUMBERS; number++)
			HOLDS(run(program.instructions, program.count, FILTER_ARCHITECTURE, number, argument_sets[i]) ==
			      verdict(&rules, number, argument_sets[i]));
	check_strangers(program.instructions, program.count, architecture);
}

/* --- policy --- */

static const char *const groups[] = {"@default", "@known", "@sandbox",    "@basic-io", "@file-system",
                                     "@process", "@mount", "@privileged", "@debug",    "@network-io"};
static const char *const families[] = {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"};

static const char *call_or_group(uint32_t number)
{
	const char *name = number < SYSCALL_NUMBERS ? syscall_name(number) : NULL;

	return name ? name : groups[number % COUNT(groups)];
}

/* A list of words on one line; with the first refused all are, as the language wants it. */
struct list {
	bool refuses;
	size_t count;
	const char *words[WORDS_MAX];
	bool inverted[WORDS_MAX];
};

static struct list take_list(struct input *input, bool calls)
{
	uint32_t shape = take(input, 1);
	struct list list = {.refuses = shape & 1, .count = (shape >> 1) % (WORDS_MAX + 1)};

	for (size_t i = 0; i < list.count; i++) {
		uint32_t word = take(input, 2);
		list.words[i] = calls ? call_or_group(word & 0x3ff) : families[word % COUNT(families)];
		list.inverted[i] = list.refuses || (i > 0 && word >> 15);
	}
	return list;
}

static void put_list(FILE *stream, const char *key, const struct list *list)
{
	fprintf(stream, "%s=", key);
	for (size_t i = 0; i < list->count; i++)
		fprintf(stream, "%s%s ", list->inverted[i] ? "~" : "", list->words[i]);
	putc('\n', stream);
}

static void add(struct syscall_set *set, const char *word, bool inverted)
{
	struct syscall_set named;

	HOLDS(syscall_word(word, strlen(word), &named) == 0);
	for (size_t i = 0; i < COUNT(set->bits); i++)
		set->bits[i] = inverted ? set->bits[i] & ~named.bits[i] : set->bits[i] | named.bits[i];
}

/* systemd.exec(5): what is listed is added to @default, or taken from everything; no list is everything. */
static struct syscall_set allowed_calls(const struct list *list)
{
	struct syscall_set set = {{0}};

	add(&set, list->count == 0 || list->refuses ? "@known" : "@default", false);
	for (size_t i = 0; i < list->count; i++)
		add(&set, list->words[i], list->inverted[i]);
	return set;
}

static bool allows_family(const struct list *list, uint32_t family)
{
	bool allowed = list->count == 0 || list->refuses;

	for (size_t i = 0; i < list->count; i++)
		if (value_family(list->words[i], strlen(list->words[i])) == (int)family)
			allowed = !list->inverted[i];
	return allowed;
}

static struct plan *plan_of(const char *text)
{
	const struct policy_source source = {"x", text, strlen(text)};
	struct policy_errors errors = {0};
	struct policy *policy = NULL;
	struct profile *profile = NULL;
	struct plan *plan = NULL;

	HOLDS(policy_parse(&source, 1, &policy, &errors) == 0);
	HOLDS(policy_select_run(policy, "x", true, &profile, &errors) == 0);
	HOLDS(plan_make(profile, &people[0], &requests[1], &machines[0], &plan, &errors) == 0);
	profile_free(profile);
	policy_free(policy);
	return plan;
}

static uint32_t wanted(int number, const uint64_t arguments[6], const struct syscall_set *allowed,
                       const struct list *sockets, uint32_t refusal)
{
	uint32_t first = (uint32_t)arguments[0], second = (uint32_t)arguments[1];

	if (!syscall_name((unsigned)number))
		return FILTER_ERRNO(ENOSYS);
	if (!syscall_set_has(allowed, (unsigned)number))
		return refusal;
	if (number == NUMBER_ioctl && (second == TIOCSTI || second == TIOCLINUX))
		return FILTER_ERRNO(EPERM);
	if (sockets->count > 0 &&
	    (number == NUMBER_io_uring_setup || number == NUMBER_io_uring_enter || number == NUMBER_io_uring_register))
		return FILTER_ERRNO(ENOSYS);
	if ((number == NUMBER_socket || number == NUMBER_socketpair) && !allows_family(sockets, first))
		return FILTER_ERRNO(EAFNOSUPPORT);
	return SECCOMP_RET_ALLOW;
}

static void try_policy(struct input *input)
{
	static const uint64_t terminal[] = {TIOCSTI, TIOCLINUX, TIOCSTI | 1ULL << 40, TIOCGWINSZ};
	uint32_t architecture = take(input, 4), number = take(input, 1);
	struct list calls = take_list(input, true), sockets = take_list(input, false);
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	HOLDS(stream);
	fprintf(stream, "[profile x]\nSystemCallErrorNumber=%s\n", number ? "EINVAL" : "kill");
	put_list(stream, "SystemCallFilter", &calls);
	put_list(stream, "RestrictAddressFamilies", &sockets);
	HOLDS(fclose(stream) == 0);
	struct plan *plan = plan_of(text);
	const struct syscall_set allowed = allowed_calls(&calls);
	free(text);
	take_arguments(input);
	argument_sets[1][1] = terminal[number % COUNT(terminal)];
	argument_sets[2][0] = number % 64;
	for (size_t i = 0; i < ARGUMENT_SETS; i++)
		for (int call = 0; call < SYSCALL_NUMBERS; call++)
			HOLDS(run(plan_array(plan, plan->filter), plan->filter.count, FILTER_ARCHITECTURE, call,
			          argument_sets[i]) ==
			      wanted(call, argument_sets[i], &allowed, &sockets,
			             number ? FILTER_ERRNO(EINVAL) : SECCOMP_RET_KILL_PROCESS));
	check_strangers(plan_array(plan, plan->filter), plan->filter.count, architecture);
	free(plan);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct input input = {data, data + size};

	if (take(&input, 1) % 4 == 0)
		try_policy(&input);
	else
		try_rules(&input);
	return 0;
}
