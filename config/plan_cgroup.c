/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans control groups: which hierarchies a sandbox uses and what is written there. One row for every key
 * that becomes a limit; the conversions are those of systemd.resource-control(5), to cgroup v1 and v2 (Linux
 * Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst).
 *
 * Every hierarchy costs a mkdir, an attach and an rmdir at each start, so only those with a limit are used,
 * and one of them serves to find and kill the sandbox's processes where it can.
 */
#include "config/draft.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CONTROL_OFF, CONTROL_PREFER, CONTROL_REQUIRE }; /* the words of ResourceControl= */

/* Bounds of the kernel's cpu controller (kernel/sched/core.c), microseconds, and of cpu.shares (sched.h). */
#define CPU_QUOTA_MIN 1000u
#define CPU_PERIOD_MAX 1000000u
#define CPU_QUOTA_MAX ((uint64_t)1 << 40)
#define CPU_SHARES_MIN 2u
#define CPU_SHARES_MAX 262144u

/* Where the writes of one row go. */
struct target {
	struct draft *draft;
	uint32_t hierarchy; /* index in the plan */
	unsigned version;
	enum key_id key;
};

struct row {
	enum key_id key;
	enum cgroup_controller controller;
	/* Why this value cannot be had although the controller is there; NULL: it can. */
	const char *(*refuse)(const struct draft *draft, unsigned version);
	void (*plan)(const struct target *target, const struct value *value);
};

static void write_value(const struct target *target, uint32_t leaf, const char *file, plan_ref value)
{
	plan_ref file_ref = draft_string(target->draft, file);
	plan_ref key_ref = draft_string(target->draft, key_row(target->key)->name);

	*DRAFT_ADD(target->draft, cgroup_writes, struct plan_cgroup_write) = (struct plan_cgroup_write){
	        .hierarchy = target->hierarchy, .leaf = leaf, .file = file_ref, .value = value, .key = key_ref};
}

static void write_number(const struct target *target, const char *file, uint64_t number)
{
	write_value(target, 0, file, draft_format(target->draft, "%" PRIu64, number));
}

/* A value as written, or its share of a total. The total is divided first: the product could overflow. */
static uint64_t amount(const struct value *value, uint64_t total)
{
	uint64_t number = (uint64_t)value->number;

	if (!value->percent)
		return number;
	return total / 10000 * number + total % 10000 * number / 10000;
}

static bool is_limited(const struct draft *draft, enum key_id key)
{
	const struct value *value = profile_value(draft->profile, key);

	return value->is_set && !value->infinity;
}

/* --- memory --- */

static void plan_memory_max(const struct target *target, const struct value *value)
{
	write_number(target, target->version == 1 ? "memory.limit_in_bytes" : "memory.max",
	             amount(value, target->draft->facts->memory_total));
}

static const char *refuse_swap(const struct draft *draft, unsigned version)
{
	if (!draft->facts->cgroup.swap_accounting)
		return "this kernel does not account swap";
	if (version == 1 && !is_limited(draft, KEY_MemoryMax))
		return "cgroup v1 limits only memory and swap together, so it needs MemoryMax=";
	return NULL;
}

/* v1 limits the sum. It may never be below memory.limit_in_bytes (cgroup-v1/memory.rst), which the row before
 * has set while this one was still without limit. */
static void plan_memory_swap_max(const struct target *target, const struct value *value)
{
	const struct draft *draft = target->draft;
	uint64_t total = draft->facts->memory_total, swap = amount(value, total);

	if (target->version == 2) {
		write_number(target, "memory.swap.max", swap);
		return;
	}
	uint64_t memory = amount(profile_value(draft->profile, KEY_MemoryMax), total);
	uint64_t sum = memory > INT64_MAX - swap ? INT64_MAX : memory + swap;
	write_number(target, "memory.memsw.limit_in_bytes", sum);
}

/* --- tasks --- */

static void plan_tasks_max(const struct target *target, const struct value *value)
{
	uint64_t tasks = amount(value, target->draft->facts->tasks_total);

	write_number(target, "pids.max", tasks ? tasks : 1); /* a small share of a small machine is not "none at all" */
}

/* --- processor --- */

static void plan_cpu_weight(const struct target *target, const struct value *value)
{
	uint64_t weight = (uint64_t)value->number, shares = weight * 1024 / 100;

	if (target->version == 2) {
		write_number(target, "cpu.weight", weight);
		return;
	}
	shares = shares < CPU_SHARES_MIN ? CPU_SHARES_MIN : shares > CPU_SHARES_MAX ? CPU_SHARES_MAX : shares;
	write_number(target, "cpu.shares", shares);
}

/* The kernel refuses a quota below 1 ms, so a small quota gets a longer period; where even a second is too
 * short, the smallest quota. v1: the period first, since the kernel checks the quota against it. */
static void plan_cpu_quota(const struct target *target, const struct value *value)
{
	uint64_t number = (uint64_t)value->number; /* hundredths of a percent: 10000 is one processor */
	uint64_t period = (uint64_t)profile_value(target->draft->profile, KEY_CPUQuotaPeriodSec)->number;

	number = number == 0 ? 1 : number > CPU_QUOTA_MAX / 100 ? CPU_QUOTA_MAX / 100 : number;
	uint64_t shortest = CPU_QUOTA_MIN * UINT64_C(10000) / number;
	period = period < CPU_QUOTA_MIN ? CPU_QUOTA_MIN : period;
	period = period < shortest ? shortest : period;
	period = period > CPU_PERIOD_MAX ? CPU_PERIOD_MAX : period;
	uint64_t quota = number * period / 10000;
	quota = quota < CPU_QUOTA_MIN ? CPU_QUOTA_MIN : quota;
	if (target->version == 2) {
		write_value(target, 0, "cpu.max", draft_format(target->draft, "%" PRIu64 " %" PRIu64, quota, period));
		return;
	}
	write_number(target, "cpu.cfs_period_us", period);
	write_number(target, "cpu.cfs_quota_us", quota);
}

/* In the order of the writes. */
static const struct row rows[] = {
        {KEY_MemoryMax,     CGROUP_MEMORY, NULL,        plan_memory_max     },
        {KEY_MemorySwapMax, CGROUP_MEMORY, refuse_swap, plan_memory_swap_max},
        {KEY_TasksMax,      CGROUP_PIDS,   NULL,        plan_tasks_max      },
        {KEY_CPUWeight,     CGROUP_CPU,    NULL,        plan_cpu_weight     },
        {KEY_CPUQuota,      CGROUP_CPU,    NULL,        plan_cpu_quota      },
};

static const char *const controller_names[CGROUP_CONTROLLERS] = {
        [CGROUP_MEMORY] = "memory",   [CGROUP_PIDS] = "pids",       [CGROUP_CPU] = "cpu",
        [CGROUP_CPUSET] = "cpuset",   [CGROUP_IO] = "io",           [CGROUP_HUGETLB] = "hugetlb",
        [CGROUP_DEVICES] = "devices", [CGROUP_NET_CLS] = "net_cls", [CGROUP_NET_PRIO] = "net_prio",
        [CGROUP_FREEZER] = "freezer", [CGROUP_CPUACCT] = "cpuacct",
};

/* --- hierarchies --- */

static const struct cgroup_hierarchy *find_controller(const struct draft *draft, enum cgroup_controller controller)
{
	const struct cgroup_facts *facts = &draft->facts->cgroup;

	for (size_t i = 0; i < facts->count; i++)
		if (facts->hierarchies[i].controllers & (1u << controller))
			return &facts->hierarchies[i];
	return NULL;
}

/* Takes a hierarchy of the host into the plan, once, with controllers that are used there. Returns its index
 * there. */
static uint32_t use_hierarchy(struct draft *draft, const struct cgroup_hierarchy *hierarchy, uint32_t controllers)
{
	struct plan_cgroup_hierarchy *used = draft->cgroup_hierarchies.items;
	uint32_t count = draft->cgroup_hierarchies.count;

	for (uint32_t i = 0; i < count; i++)
		if (used[i].version == hierarchy->version &&
		    strcmp(draft_text(draft, used[i].path), hierarchy->path) == 0) {
			used[i].controllers |= controllers;
			return i;
		}
	plan_ref path = draft_string(draft, hierarchy->path);
	*DRAFT_ADD(draft, cgroup_hierarchies, struct plan_cgroup_hierarchy) =
	        (struct plan_cgroup_hierarchy){.version = hierarchy->version, .controllers = controllers, .path = path};
	return count;
}

/*
 * Processes are found and killed through one hierarchy: v2 (cgroup.kill), or the v1 one where forking can be
 * stopped first (pids.max). Where no limit brings such a one along, the host's is added.
 */
static void use_membership(struct draft *draft)
{
	const struct cgroup_facts *facts = &draft->facts->cgroup;
	const struct plan_cgroup_hierarchy *used = draft->cgroup_hierarchies.items;
	const uint32_t pids = 1u << CGROUP_PIDS;

	for (uint32_t i = 0; i < draft->cgroup_hierarchies.count; i++)
		if (used[i].version == 2 || used[i].controllers & pids)
			return;
	if (facts->membership < 0)
		return;
	const struct cgroup_hierarchy *membership = &facts->hierarchies[facts->membership];
	use_hierarchy(draft, membership, membership->version == 1 ? membership->controllers & pids : 0);
}

/* --- what cannot be had --- */

static const char *remedy(const struct draft *draft, bool any_hierarchy)
{
	if (!draft->facts->privileged)
		return "use the set-uid helper, or a systemd user session with delegated controllers, or set "
		       "ResourceControl=prefer";
	if (!any_hierarchy)
		return "mount cgroup2 at /sys/fs/cgroup, writable, or set ResourceControl=prefer";
	return "see sandboxctl doctor for the controllers of this machine, or set ResourceControl=prefer";
}

struct missing {
	char list[512];
	size_t length;
	int result;
};

static void add_missing(struct draft *draft, const struct row *row, const char *why, struct missing *missing)
{
	const struct value *value = profile_value(draft->profile, row->key);
	const char *name = key_row(row->key)->name;
	char reason[128];

	if (!why) {
		snprintf(reason, sizeof(reason), "no %s controller that can be used here",
		         controller_names[row->controller]);
		why = reason;
	}
	if (profile_value(draft->profile, KEY_ResourceControl)->number == CONTROL_REQUIRE) {
		policy_error_add(draft->errors, false, value->file, value->line, 0,
		                 remedy(draft, draft->facts->cgroup.count > 0), "%s= cannot be enforced: %s", name,
		                 why);
		missing->result = -1;
		return;
	}
	int length = snprintf(missing->list + missing->length, sizeof(missing->list) - missing->length, "%s%s= (%s)",
	                      missing->length ? ", " : "", name, why);
	if (length > 0 && (size_t)length < sizeof(missing->list) - missing->length)
		missing->length += (size_t)length;
}

static void plan_row(struct draft *draft, const struct row *row, struct missing *missing)
{
	const struct cgroup_hierarchy *hierarchy = find_controller(draft, row->controller);
	const char *why = hierarchy && row->refuse ? row->refuse(draft, hierarchy->version) : NULL;

	if (!hierarchy || why) {
		add_missing(draft, row, why, missing);
		return;
	}
	const struct target target = {
	        .draft = draft,
	        .hierarchy = use_hierarchy(draft, hierarchy, 1u << row->controller),
	        .version = hierarchy->version,
	        .key = row->key,
	};
	row->plan(&target, profile_value(draft->profile, row->key));
}

/* v2: the kernel ends the payload's leaf as a whole, never the login program beside it. v1 has only the
 * event, and the supervisor does it. */
static void plan_oom(struct draft *draft)
{
	const struct plan_cgroup_hierarchy *used = draft->cgroup_hierarchies.items;

	if (!profile_is(draft->profile, KEY_OOMPolicy))
		return;
	for (uint32_t i = 0; i < draft->cgroup_hierarchies.count; i++) {
		if (!(used[i].controllers & (1u << CGROUP_MEMORY)))
			continue;
		draft->head.flags |= PLAN_OOM_KILL;
		const struct target target = {
		        .draft = draft, .hierarchy = i, .version = used[i].version, .key = KEY_OOMPolicy};
		if (target.version == 2)
			write_value(&target, 1, "memory.oom.group", draft_string(draft, "1"));
	}
}

int plan_cgroup(struct draft *draft)
{
	struct missing missing = {.length = 0};

	if (profile_value(draft->profile, KEY_ResourceControl)->number == CONTROL_OFF)
		return 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_limited(draft, rows[i].key))
			plan_row(draft, &rows[i], &missing);
	if (missing.length)
		draft_warn(draft, "not limited on this machine: %s", missing.list);
	plan_oom(draft);
	use_membership(draft);
	if (draft->cgroup_hierarchies.count)
		draft->head.flags |= PLAN_CGROUP;
	return missing.result;
}
