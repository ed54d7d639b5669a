/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks a plan image that came from a file or another process before anything of it is used. Shared with the door.
 */
#include "config/plan.h"

#include <string.h>

struct checked {
	const char *image;
	const struct plan *plan;
};

static bool array_fits(const struct checked *checked, struct plan_array array, size_t item_size)
{
	return array.offset >= sizeof(struct plan) && array.offset % 8 == 0 && array.offset <= checked->plan->size &&
	       array.count <= (checked->plan->size - array.offset) / item_size;
}

static bool string_fits(const struct checked *checked, plan_ref ref)
{
	return ref < checked->plan->strings.count; /* the pool ends with a NUL, checked before */
}

static bool references_fit(const struct checked *checked, struct plan_array array)
{
	if (!array_fits(checked, array, sizeof(plan_ref)))
		return false;
	const plan_ref *refs = plan_array(checked->plan, array);
	for (uint32_t i = 0; i < array.count; i++)
		if (!string_fits(checked, refs[i]))
			return false;
	return true;
}

static bool steps_fit(const struct checked *checked, struct plan_array array)
{
	if (!array_fits(checked, array, sizeof(struct plan_step)))
		return false;
	const struct plan_step *steps = plan_array(checked->plan, array);
	for (uint32_t i = 0; i < array.count; i++)
		if (steps[i].kind >= STEP_KINDS || !string_fits(checked, steps[i].source) ||
		    !string_fits(checked, steps[i].target) || !string_fits(checked, steps[i].text))
			return false;
	return true;
}

static bool cgroup_fits(const struct checked *checked)
{
	const struct plan *plan = checked->plan;

	if (!array_fits(checked, plan->cgroup_hierarchies, sizeof(struct plan_cgroup_hierarchy)) ||
	    !array_fits(checked, plan->cgroup_writes, sizeof(struct plan_cgroup_write)) ||
	    plan->cgroup_hierarchies.count > CGROUP_HIERARCHIES_MAX)
		return false;
	const struct plan_cgroup_hierarchy *hierarchies = plan_array(plan, plan->cgroup_hierarchies);
	for (uint32_t i = 0; i < plan->cgroup_hierarchies.count; i++)
		if (hierarchies[i].version < 1 || hierarchies[i].version > 2 ||
		    !string_fits(checked, hierarchies[i].path))
			return false;
	const struct plan_cgroup_write *writes = plan_array(plan, plan->cgroup_writes);
	for (uint32_t i = 0; i < plan->cgroup_writes.count; i++)
		if (writes[i].hierarchy >= plan->cgroup_hierarchies.count || writes[i].leaf > 1 ||
		    !string_fits(checked, writes[i].file) || !string_fits(checked, writes[i].value) ||
		    !string_fits(checked, writes[i].key))
			return false;
	return true;
}

static bool landlock_fits(const struct checked *checked)
{
	const struct plan *plan = checked->plan;

	if (!array_fits(checked, plan->landlock_rules, sizeof(struct plan_landlock_rule)) ||
	    !array_fits(checked, plan->landlock_ports, sizeof(struct plan_landlock_port)))
		return false;
	const struct plan_landlock_rule *rules = plan_array(plan, plan->landlock_rules);
	for (uint32_t i = 0; i < plan->landlock_rules.count; i++)
		if (!string_fits(checked, rules[i].path))
			return false;
	return true;
}

static bool scalars_fit(const struct checked *checked)
{
	const struct plan *plan = checked->plan;
	const plan_ref refs[] = {plan->uid_map,      plan->gid_map,   plan->clock_offsets, plan->user_name,
	                         plan->profile_name, plan->host_name, plan->name,          plan->root_options,
	                         plan->shell,        plan->home};

	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++)
		if (!string_fits(checked, refs[i]))
			return false;
	return plan->umask <= 0777 && plan->kill_signal >= 1 && plan->kill_signal <= 64;
}

int plan_validate(const void *image, size_t size)
{
	const struct plan *plan = image;
	struct checked checked = {.image = image, .plan = plan};

	if (size < sizeof(struct plan) || size > PLAN_SIZE_MAX || plan->magic != PLAN_MAGIC ||
	    plan->version != PLAN_VERSION || plan->size != size)
		return -1;
	if (!array_fits(&checked, plan->strings, 1) || plan->strings.count == 0)
		return -1;
	const char *strings = plan_array(plan, plan->strings);
	if (strings[0] != '\0' || strings[plan->strings.count - 1] != '\0')
		return -1;
	if (!array_fits(&checked, plan->groups, sizeof(uint32_t)) ||
	    !array_fits(&checked, plan->limits, sizeof(struct plan_limit)) ||
	    !array_fits(&checked, plan->filter, sizeof(struct plan_filter_instruction)) || plan->filter.count > 4096)
		return -1;
	if (!steps_fit(&checked, plan->steps) || !steps_fit(&checked, plan->translator_steps) ||
	    !cgroup_fits(&checked) || !landlock_fits(&checked) || !scalars_fit(&checked))
		return -1;
	const struct plan_array lists[] = {plan->environment, plan->environment_unset, plan->arguments,
	                                   plan->directories, plan->warnings,          plan->doors};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (!references_fit(&checked, lists[i]))
			return -1;
	return 0;
}
