/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/plan_cgroup.c: limits become the documented writes on v1 and v2, and what cannot be had is never
 * silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/draft.h"

#define MEBI (INT64_C(1) << 20)
#define NO_LIMIT                                                                                                       \
	{                                                                                                              \
		.infinity = true                                                                                       \
	}

enum { OFF, PREFER, REQUIRE };

/* Hierarchies of hosts. */
static const struct cgroup_facts v1 = {
        .hierarchies = {{1, 1u << CGROUP_PIDS, "/cg/pids"},
                        {1, 1u << CGROUP_MEMORY, "/cg/memory"},
                        {1, 1u << CGROUP_CPU | 1u << CGROUP_CPUACCT, "/cg/cpu,cpuacct"}},
        .count = 3,
        .membership = 0,
        .swap_accounting = true,
};
static const struct cgroup_facts v2 = {
        .hierarchies = {{2, 1u << CGROUP_PIDS | 1u << CGROUP_MEMORY | 1u << CGROUP_CPU, "/cg"}},
        .count = 1,
        .membership = 0,
        .swap_accounting = true,
};
/* Controllers on v1, and an empty v2. */
static const struct cgroup_facts hybrid = {
        .hierarchies = {{1, 1u << CGROUP_PIDS, "/cg/pids"},
                        {1, 1u << CGROUP_MEMORY, "/cg/memory"},
                        {2, 0, "/cg/unified"}},
        .count = 3,
        .membership = 2,
};
/* A session's choice where only pids is on v1. */
static const struct cgroup_facts mixed = {
        .hierarchies = {{2, 1u << CGROUP_MEMORY, "/cg/unified"}, {1, 1u << CGROUP_PIDS, "/cg/pids"}},
        .count = 2,
        .membership = 1,
};
static const struct cgroup_facts nothing = {.membership = -1};

static struct profile profile;
static struct host_facts host;
static struct policy_errors errors;
static struct draft draft;

static int set_up(void **state)
{
	(void)state;
	memset(&profile, 0, sizeof(profile));
	memset(&host, 0, sizeof(host));
	memset(&errors, 0, sizeof(errors));
	memset(&draft, 0, sizeof(draft));
	draft.profile = &profile;
	draft.facts = &host;
	draft.errors = &errors;
	host.privileged = true;
	host.memory_total = UINT64_C(8) << 30;
	host.tasks_total = 32768;
	profile.values[KEY_ResourceControl].number = REQUIRE;
	profile.values[KEY_CPUQuotaPeriodSec].number = 100000;
	return 0;
}

static int tear_down(void **state)
{
	struct draft_vector *vectors[] = {&draft.cgroup_hierarchies, &draft.cgroup_writes, &draft.warnings,
	                                  &draft.strings};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		free(vectors[i]->items);
	policy_errors_clear(&errors);
	return 0;
}

static void set(enum key_id key, struct value value)
{
	value.is_set = true;
	value.file = "policy.conf";
	value.line = 7;
	profile.values[key] = value;
}

static void set_number(enum key_id key, int64_t number)
{
	set(key, (struct value){.number = number});
}

static int plan_on(const struct cgroup_facts *facts)
{
	host.cgroup = *facts;
	return plan_cgroup(&draft);
}

/* All writes as "hierarchy:leaf:file=value", a blank between. */
static const char *writes(void)
{
	static char text[2048];
	const struct plan_cgroup_write *list = draft.cgroup_writes.items;
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < draft.cgroup_writes.count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%u:%u:%s=%s", i ? " " : "",
		                           list[i].hierarchy, list[i].leaf, draft_text(&draft, list[i].file),
		                           draft_text(&draft, list[i].value));
	return text;
}

/* The paths of the hierarchies that are used, in order, a blank between. */
static const char *hierarchies(void)
{
	static char text[512];
	const struct plan_cgroup_hierarchy *list = draft.cgroup_hierarchies.items;
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < draft.cgroup_hierarchies.count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s", i ? " " : "",
		                           draft_text(&draft, list[i].path));
	return text;
}

static const char *warning(void)
{
	const plan_ref *list = draft.warnings.items;

	assert_int_equal(draft.warnings.count, 1);
	return draft_text(&draft, list[0]);
}

/* One value on one kind of host, and all that is written for it. */
static const struct vector {
	const char *name;
	const struct cgroup_facts *facts;
	enum key_id key;
	struct value value;
	const char *writes;
} vectors[] = {
        {"memory v1",                   &v1, KEY_MemoryMax,     {.number = 64 * MEBI},                  "0:0:memory.limit_in_bytes=67108864"},
        {"memory v2",                   &v2, KEY_MemoryMax,     {.number = 64 * MEBI},                  "0:0:memory.max=67108864"           },
        {"a quarter of the memory",     &v2, KEY_MemoryMax,     {.percent = true, .number = 2500},      "0:0:memory.max=2147483648"         },
        {"a hundredth of a percent",    &v2, KEY_MemoryMax,     {.percent = true, .number = 1},         "0:0:memory.max=858993"             },
        {"memory without limit",        &v2, KEY_MemoryMax,     NO_LIMIT,                               ""                                  },
        {"swap v2",                     &v2, KEY_MemorySwapMax, {.number = 0},                          "0:0:memory.swap.max=0"             },
        {"tasks v1",                    &v1, KEY_TasksMax,      {.number = 32},                         "0:0:pids.max=32"                   },
        {"tasks v2",                    &v2, KEY_TasksMax,      {.number = 32},                         "0:0:pids.max=32"                   },
        {"a share of the tasks",        &v1, KEY_TasksMax,      {.percent = true, .number = 1500},      "0:0:pids.max=4915"                 },
        {"never no task at all",        &v1, KEY_TasksMax,      {.percent = true, .number = 0},         "0:0:pids.max=1"                    },
        {"tasks without limit",         &v1, KEY_TasksMax,      NO_LIMIT,                               ""                                  },
        {"weight v2",                   &v2, KEY_CPUWeight,     {.number = 250},                        "0:0:cpu.weight=250"                },
        {"default weight v1",           &v1, KEY_CPUWeight,     {.number = 100},                        "0:0:cpu.shares=1024"               },
        {"weight v1",                   &v1, KEY_CPUWeight,     {.number = 250},                        "0:0:cpu.shares=2560"               },
        {"least weight v1",             &v1, KEY_CPUWeight,     {.number = 1},                          "0:0:cpu.shares=10"                 },
        {"greatest weight v1",          &v1, KEY_CPUWeight,     {.number = 10000},                      "0:0:cpu.shares=102400"             },
        {"quota v2",                    &v2, KEY_CPUQuota,      {.percent = true, .number = 15000},     "0:0:cpu.max=150000 100000"         },
        {"quota v1",
         &v1,
         KEY_CPUQuota,                                          {.percent = true, .number = 2000},
         "0:0:cpu.cfs_period_us=100000 0:0:cpu.cfs_quota_us=20000"                                                                          },
        {"half a percent needs 200 ms", &v2, KEY_CPUQuota,      {.percent = true, .number = 50},        "0:0:cpu.max=1000 200000"           },
        {"the smallest quota",          &v2, KEY_CPUQuota,      {.percent = true, .number = 1},         "0:0:cpu.max=1000 1000000"          },
        {"a quota past any machine",
         &v2,
         KEY_CPUQuota,                                          {.percent = true, .number = INT64_MAX},
         "0:0:cpu.max=109951162770 100000"                                                                                                  },
        {"quota without limit",         &v2, KEY_CPUQuota,      NO_LIMIT,                               ""                                  },
};

static void values_become_the_documented_writes(void **state)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *vector = &vectors[i];
		tear_down(state);
		set_up(state);
		set(vector->key, vector->value);
		int result = plan_on(vector->facts);
		if (result != 0 || strcmp(writes(), vector->writes) != 0)
			fail_msg("%s: %d, \"%s\" instead of \"%s\"", vector->name, result, writes(), vector->writes);
	}
}

static void a_period_moves_the_quota(void **state)
{
	(void)state;
	set(KEY_CPUQuota, (struct value){.percent = true, .number = 5000});
	set_number(KEY_CPUQuotaPeriodSec, 10000);
	assert_int_equal(plan_on(&v2), 0);
	assert_string_equal(writes(), "0:0:cpu.max=5000 10000");
}

static void swap_on_v1_is_the_sum_and_comes_after_memory(void **state)
{
	(void)state;
	set_number(KEY_MemoryMax, 64 * MEBI);
	set_number(KEY_MemorySwapMax, 32 * MEBI);
	assert_int_equal(plan_on(&v1), 0);
	assert_string_equal(writes(), "0:0:memory.limit_in_bytes=67108864 0:0:memory.memsw.limit_in_bytes=100663296");
}

static void swap_without_memory_cannot_be_had_on_v1(void **state)
{
	(void)state;
	set_number(KEY_MemorySwapMax, 0);
	assert_int_equal(plan_on(&v1), -1);
	assert_non_null(strstr(errors.list[0].text, "MemorySwapMax= cannot be enforced"));
	assert_non_null(strstr(errors.list[0].text, "needs MemoryMax="));
}

static void swap_that_is_not_accounted_is_refused(void **state)
{
	(void)state;
	set_number(KEY_MemoryMax, 64 * MEBI);
	set_number(KEY_MemorySwapMax, 0);
	assert_int_equal(plan_on(&hybrid), -1);
	assert_int_equal(errors.count, 1);
	assert_non_null(strstr(errors.list[0].text, "MemorySwapMax="));
}

static void only_hierarchies_with_limits_are_used(void **state)
{
	(void)state;
	set_number(KEY_TasksMax, 32);
	set_number(KEY_MemoryMax, 64 * MEBI);
	assert_int_equal(plan_on(&v1), 0);
	assert_string_equal(hierarchies(), "/cg/memory /cg/pids");
	assert_true(draft.head.flags & PLAN_CGROUP);
}

static void two_limits_share_their_hierarchy(void **state)
{
	const struct plan_cgroup_hierarchy *used;

	(void)state;
	set_number(KEY_TasksMax, 32);
	set_number(KEY_CPUWeight, 50);
	assert_int_equal(plan_on(&v2), 0);
	used = draft.cgroup_hierarchies.items;
	assert_int_equal(draft.cgroup_hierarchies.count, 1);
	assert_int_equal(used[0].version, 2);
	assert_int_equal(used[0].controllers, 1u << CGROUP_PIDS | 1u << CGROUP_CPU);
}

static void a_hierarchy_to_kill_by_is_added_where_no_limit_brings_one(void **state)
{
	(void)state;
	set_number(KEY_MemoryMax, 64 * MEBI);
	assert_int_equal(plan_on(&v1), 0);
	assert_string_equal(hierarchies(), "/cg/memory /cg/pids");
}

static void a_limit_on_v2_brings_one(void **state)
{
	(void)state;
	set_number(KEY_MemoryMax, 64 * MEBI);
	assert_int_equal(plan_on(&mixed), 0);
	assert_string_equal(hierarchies(), "/cg/unified");
}

static void without_limits_there_is_still_a_cgroup(void **state)
{
	(void)state;
	assert_int_equal(plan_on(&hybrid), 0);
	assert_string_equal(hierarchies(), "/cg/unified");
	assert_string_equal(writes(), "");
	assert_true(draft.head.flags & PLAN_CGROUP);
}

static void without_limits_a_host_without_cgroups_will_do(void **state)
{
	(void)state;
	assert_int_equal(plan_on(&nothing), 0);
	assert_false(draft.head.flags & PLAN_CGROUP);
	assert_int_equal(errors.count, 0);
}

static void require_refuses_every_limit_that_is_missing(void **state)
{
	(void)state;
	host.privileged = false;
	set_number(KEY_MemoryMax, 64 * MEBI);
	set_number(KEY_TasksMax, 32);
	assert_int_equal(plan_on(&nothing), -1);
	assert_int_equal(errors.errors, 2);
	assert_string_equal(errors.list[0].text,
	                    "MemoryMax= cannot be enforced: no memory controller that can be used here");
	assert_string_equal(errors.list[0].file, "policy.conf");
	assert_int_equal(errors.list[0].line, 7);
	assert_non_null(strstr(errors.list[0].hint, "set-uid helper"));
	assert_non_null(strstr(errors.list[0].hint, "ResourceControl=prefer"));
	assert_non_null(strstr(errors.list[1].text, "TasksMax="));
}

static void prefer_warns_once_and_names_each(void **state)
{
	(void)state;
	profile.values[KEY_ResourceControl].number = PREFER;
	set_number(KEY_MemoryMax, 64 * MEBI);
	set_number(KEY_TasksMax, 32);
	set_number(KEY_CPUWeight, 50);
	assert_int_equal(plan_on(&hybrid), 0);
	assert_string_equal(warning(),
	                    "not limited on this machine: CPUWeight= (no cpu controller that can be used here)");
	assert_string_equal(writes(), "0:0:memory.limit_in_bytes=67108864 1:0:pids.max=32");

	tear_down(state);
	set_up(state);
	profile.values[KEY_ResourceControl].number = PREFER;
	set_number(KEY_MemoryMax, 64 * MEBI);
	set_number(KEY_MemorySwapMax, 0);
	set_number(KEY_TasksMax, 32);
	set_number(KEY_CPUWeight, 50);
	set(KEY_CPUQuota, (struct value){.percent = true, .number = 5000});
	assert_int_equal(plan_on(&nothing), 0);
	static const char *const keys[] = {"MemoryMax=", "MemorySwapMax=", "TasksMax=", "CPUWeight=", "CPUQuota="};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_non_null(strstr(warning(), keys[i]));
	assert_false(draft.head.flags & (PLAN_CGROUP | PLAN_OOM_KILL));
}

static void off_plans_nothing(void **state)
{
	(void)state;
	profile.values[KEY_ResourceControl].number = OFF;
	set_number(KEY_TasksMax, 32);
	assert_int_equal(plan_on(&v2), 0);
	assert_string_equal(writes(), "");
	assert_string_equal(hierarchies(), "");
	assert_false(draft.head.flags & PLAN_CGROUP);
	assert_int_equal(draft.warnings.count, 0);
}

static void oom_policy_kill_ends_the_payloads_leaf(void **state)
{
	(void)state;
	set_number(KEY_OOMPolicy, 1);
	set_number(KEY_MemoryMax, 64 * MEBI);
	assert_int_equal(plan_on(&v2), 0);
	assert_string_equal(writes(), "0:0:memory.max=67108864 0:1:memory.oom.group=1");
	assert_true(draft.head.flags & PLAN_OOM_KILL);
}

static void oom_policy_kill_on_v1_is_watched(void **state)
{
	(void)state;
	set_number(KEY_OOMPolicy, 1);
	set_number(KEY_MemoryMax, 64 * MEBI);
	assert_int_equal(plan_on(&v1), 0);
	assert_string_equal(writes(), "0:0:memory.limit_in_bytes=67108864");
	assert_true(draft.head.flags & PLAN_OOM_KILL);
}

static void oom_policy_needs_a_memory_limit(void **state)
{
	(void)state;
	set_number(KEY_OOMPolicy, 1);
	set_number(KEY_TasksMax, 32);
	assert_int_equal(plan_on(&v2), 0);
	assert_string_equal(writes(), "0:0:pids.max=32");
	assert_false(draft.head.flags & PLAN_OOM_KILL);
}

static void oom_policy_continue_kills_one(void **state)
{
	(void)state;
	set_number(KEY_OOMPolicy, 0);
	set_number(KEY_MemoryMax, 64 * MEBI);
	assert_int_equal(plan_on(&v2), 0);
	assert_string_equal(writes(), "0:0:memory.max=67108864");
	assert_false(draft.head.flags & PLAN_OOM_KILL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(values_become_the_documented_writes),
	        TEST(a_period_moves_the_quota),
	        TEST(swap_on_v1_is_the_sum_and_comes_after_memory),
	        TEST(swap_without_memory_cannot_be_had_on_v1),
	        TEST(swap_that_is_not_accounted_is_refused),
	        TEST(only_hierarchies_with_limits_are_used),
	        TEST(two_limits_share_their_hierarchy),
	        TEST(a_hierarchy_to_kill_by_is_added_where_no_limit_brings_one),
	        TEST(a_limit_on_v2_brings_one),
	        TEST(without_limits_there_is_still_a_cgroup),
	        TEST(without_limits_a_host_without_cgroups_will_do),
	        TEST(require_refuses_every_limit_that_is_missing),
	        TEST(prefer_warns_once_and_names_each),
	        TEST(off_plans_nothing),
	        TEST(oom_policy_kill_ends_the_payloads_leaf),
	        TEST(oom_policy_kill_on_v1_is_watched),
	        TEST(oom_policy_needs_a_memory_limit),
	        TEST(oom_policy_continue_kills_one),
	};
	return cmocka_run_group_tests_name("plan_cgroup", tests, NULL, NULL);
}
