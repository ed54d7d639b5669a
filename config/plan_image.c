/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks a plan image that came from a file or another process before anything of it is used. Shared with the door.
 */
#include "config/plan.h"

#include <string.h>
#include <sys/resource.h>

/* One step is a bijection of the sum and of the word: a change of one word alone always ends in another sum. */
static uint64_t add_word(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * 0x9e3779b97f4a7c15u; /* odd */
	return sum << 29 | sum >> 35;
}

uint64_t plan_sum(const struct plan *plan)
{
	const char *bytes = (const char *)plan;
	uint64_t sum = 0, word;

	for (size_t i = 0; i < plan->size; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		if (i != offsetof(struct plan, sum))
			sum = add_word(sum, word);
	}
	return sum;
}

/* Each array begins where the one before it ends, and the image ends with the last: none leaves it, no two share a byte. */
static bool arrays_fit(const struct plan *plan)
{
	const struct {
		struct plan_array array;
		size_t item_size;
	} arrays[] = {
#define ARRAY(name, type) {plan->name, sizeof(type)},
	        PLAN_ARRAYS(ARRAY)
#undef ARRAY
	};
	size_t offset = sizeof(struct plan);

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		offset = plan_align(offset);
		if (arrays[i].array.offset != offset)
			return false;
		offset += arrays[i].array.count * arrays[i].item_size;
	}
	return plan_align(offset) == plan->size;
}

static bool strings_fit(const struct plan *plan)
{
	const char *strings = plan_array(plan, plan->strings);

	return plan->strings.count > 0 && strings[0] == '\0' && strings[plan->strings.count - 1] == '\0';
}

static bool string_fits(const struct plan *plan, plan_ref ref)
{
	return ref < plan->strings.count; /* the pool ends with a NUL, checked before */
}

static bool references_fit(const struct plan *plan, struct plan_array array)
{
	const plan_ref *refs = plan_array(plan, array);

	for (uint32_t i = 0; i < array.count; i++)
		if (!string_fits(plan, refs[i]))
			return false;
	return true;
}

static bool steps_fit(const struct plan *plan, struct plan_array array)
{
	const struct plan_step *steps = plan_array(plan, array);

	for (uint32_t i = 0; i < array.count; i++)
		if (steps[i].kind >= STEP_KINDS || (steps[i].flags & ~(uint32_t)STEP_FLAGS) ||
		    !string_fits(plan, steps[i].source) || !string_fits(plan, steps[i].target) ||
		    !string_fits(plan, steps[i].text))
			return false;
	return true;
}

static bool cgroup_fits(const struct plan *plan)
{
	const struct plan_cgroup_hierarchy *hierarchies = plan_array(plan, plan->cgroup_hierarchies);
	const struct plan_cgroup_write *writes = plan_array(plan, plan->cgroup_writes);

	if (plan->cgroup_hierarchies.count > CGROUP_HIERARCHIES_MAX)
		return false;
	for (uint32_t i = 0; i < plan->cgroup_hierarchies.count; i++)
		if (hierarchies[i].version < 1 || hierarchies[i].version > 2 ||
		    (hierarchies[i].controllers >> CGROUP_CONTROLLERS) || !string_fits(plan, hierarchies[i].path))
			return false;
	for (uint32_t i = 0; i < plan->cgroup_writes.count; i++)
		if (writes[i].hierarchy >= plan->cgroup_hierarchies.count || writes[i].leaf > 1 ||
		    !string_fits(plan, writes[i].file) || !string_fits(plan, writes[i].value) ||
		    !string_fits(plan, writes[i].key))
			return false;
	return true;
}

static bool landlock_fits(const struct plan *plan)
{
	const struct plan_landlock_rule *rules = plan_array(plan, plan->landlock_rules);

	for (uint32_t i = 0; i < plan->landlock_rules.count; i++)
		if ((rules[i].flags & ~(uint32_t)STEP_IF_EXISTS) || !string_fits(plan, rules[i].path))
			return false;
	const struct plan_landlock_ports *ports = plan_array(plan, plan->landlock_ports);
	for (uint32_t i = 0; i < plan->landlock_ports.count; i++)
		if (ports[i].first > ports[i].last || ports[i].last > 65535)
			return false;
	return true;
}

static bool limits_fit(const struct plan *plan)
{
	const struct plan_limit *limits = plan_array(plan, plan->limits);

	for (uint32_t i = 0; i < plan->limits.count; i++)
		if (limits[i].resource >= RLIM_NLIMITS || limits[i].reserved)
			return false;
	return true;
}

static bool scalars_fit(const struct plan *plan)
{
	const plan_ref refs[] = {plan->uid_map,      plan->gid_map,   plan->clock_offsets, plan->user_name,
	                         plan->profile_name, plan->host_name, plan->name,          plan->root_options,
	                         plan->shell,        plan->home,      plan->apparmor_profile, plan->selinux_context};

	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++)
		if (!string_fits(plan, refs[i]))
			return false;
	return (plan->ambient & ~plan->bounding) == 0 && !(plan->flags & ~(uint32_t)PLAN_FLAGS) && plan->umask <= 0777 && plan->kill_signal >= 1 &&
	       plan->kill_signal <= 64 && plan->filter.count <= 4096 &&
	       plan->log_filter.count <= 4096; /* BPF_MAXINSNS */
}

static bool lists_fit(const struct plan *plan)
{
	const struct plan_array lists[] = {plan->environment, plan->environment_unset, plan->arguments,
	                                   plan->directories, plan->warnings,          plan->doors};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (!references_fit(plan, lists[i]))
			return false;
	return true;
}

int plan_validate(const void *image, size_t size)
{
	const struct plan *plan = image;

	if (size < sizeof(struct plan) || size > PLAN_SIZE_MAX || size % 8 || plan->magic != PLAN_MAGIC ||
	    plan->version != PLAN_VERSION || plan->size != size || plan->sum != plan_sum(plan))
		return -1;
	return arrays_fit(plan) && strings_fit(plan) && scalars_fit(plan) && steps_fit(plan, plan->steps) &&
	                       steps_fit(plan, plan->translator_steps) && cgroup_fits(plan) && limits_fit(plan) &&
	                       landlock_fits(plan) && lists_fit(plan)
	               ? 0
	               : -1;
}
