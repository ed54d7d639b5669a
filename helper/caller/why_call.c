/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `policy why SYSCALL`: what the plan's filter does with it, read from the bytes the kernel gets. */
#include "helper/caller/why.h"

#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/filter.h"
#include "config/filter_answer.h"
#include "helper/die.h"

/* "refused with EPERM" */
static const char *action_text(uint32_t action, char *buffer, size_t size)
{
	uint32_t data = action & SECCOMP_RET_DATA;

	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return "allowed";
	case SECCOMP_RET_KILL_PROCESS:
		return "ends the process";
	case SECCOMP_RET_ERRNO:
		if (strerrorname_np((int)data))
			snprintf(buffer, size, "refused with %s", strerrorname_np((int)data));
		else
			snprintf(buffer, size, "refused with error %u", data);
		return buffer;
	default:
		snprintf(buffer, size, "action %#x", action);
		return buffer;
	}
}

/* "argument 2 is 0x5412" */
static size_t condition_text(const struct filter_condition *condition, char *text, size_t size)
{
	static const char *const words[] = {
	        [ARGUMENT_IS] = "is", [ARGUMENT_HAS_ANY] = "has bits of", [ARGUMENT_AT_LEAST] = "is at least"};
	char mask[32] = "";

	if (condition->mask != UINT32_MAX)
		snprintf(mask, sizeof(mask), " & %#x", condition->mask);
	int length = snprintf(text, size, "%sargument %u%s %s %#x", condition->upper ? "upper half of " : "",
	                      condition->argument + 1, mask, words[condition->kind], condition->value);
	return (size_t)length < size ? (size_t)length : size - 1;
}

/* "where ... and ..."; "otherwise" */
static void conditions_text(const struct filter_way *way, char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, way->condition_count ? "where " : "otherwise");

	for (uint32_t i = 0; i < way->condition_count; i++) {
		length += (size_t)snprintf(text + length, size - length, i ? " and " : "");
		length += condition_text(&way->conditions[i], text + length, size - length);
	}
}

static void print_ways(const struct why *why, const struct filter_answer *answer)
{
	char action[64], conditions[1024];

	if (why->json)
		printf(",\"ways\":[");
	for (size_t i = 0; i < answer->count; i++) {
		const struct filter_way *way = &answer->ways[i];
		const char *text = action_text(way->action, action, sizeof(action));
		conditions_text(way, conditions, sizeof(conditions));
		if (why->json)
			printf("%s{\"verdict\":\"%s\",\"action\":%u,\"when\":\"%s\"}", i ? "," : "", text, way->action,
			       conditions);
		else if (answer->count > 1)
			printf("  %-26s  %s\n", text, conditions);
	}
	if (why->json)
		printf("]");
}

/* The errno of refusals is a key of its own, but few need to be told. */
static void print_answer(const struct why *why, const char *name, int number, const struct filter_answer *answer,
                         enum answer yes)
{
	const struct plan_origin origin = {.key = why->origins.calls[number]};
	char action[64], brackets[WHY_ORIGIN_MAX + 64];
	const char *verdict = answer->count > 1 ? "decided by its arguments"
	                                        : action_text(answer->ways[0].action, action, sizeof(action));

	if (why->json) {
		why_begin(name, "syscall", yes == ANSWER_YES ? "yes" : "no");
		printf(",\"number\":%d", number);
		why_field("verdict", verdict);
		why_origin(why, origin);
		print_ways(why, answer);
		why_end();
	} else {
		printf("%s: %s%s\n", name, verdict, why_brackets(why, origin, brackets, sizeof(brackets)));
		print_ways(why, answer);
	}
}

enum answer why_call(const struct why *why, const char *name)
{
	static struct filter_answer answer;
	const struct plan *plan = why->plan;
	int number = syscall_number(name);
	enum answer yes = ANSWER_NO;

	if (number < 0) {
		if (why->json) {
			why_begin(name, "syscall", "no");
			why_field("verdict", "not a system call of this machine");
			why_end();
		} else {
			printf("%s: not a system call of this machine\n", name);
		}
		return yes;
	}
	if (filter_answer(plan_array(plan, plan->filter), plan->filter.count, FILTER_ARCHITECTURE, (uint32_t)number,
	                  &answer) != 0)
		die("%s: the filter cannot be read", name);
	for (size_t i = 0; i < answer.count; i++)
		if (answer.ways[i].action == SECCOMP_RET_ALLOW)
			yes = ANSWER_YES;
	print_answer(why, name, number, &answer, yes);
	return yes;
}
