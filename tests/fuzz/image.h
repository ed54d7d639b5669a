/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading everything that an executor of a plan would read. */
#ifndef TESTS_FUZZ_IMAGE_H
#define TESTS_FUZZ_IMAGE_H

#include "tests/fuzz/text.h"

#include "config/plan.h"

static volatile uint64_t image_sink; /* or no compiler would read */

static uint64_t image_read_bytes(const struct plan *plan, struct plan_array array, size_t item_size)
{
	const unsigned char *bytes = plan_array(plan, array);
	uint64_t sum = 0;

	for (size_t i = 0; i < array.count * item_size; i++)
		sum += bytes[i];
	return sum;
}

static uint64_t image_read_strings(const struct plan *plan, struct plan_array array)
{
	const plan_ref *refs = plan_array(plan, array);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < array.count; i++)
		sum += strlen(plan_string(plan, refs[i]));
	return sum;
}

/* What an executor takes for granted and no sanitizer would see: indices and words of an enumeration. */
static inline void image_is_sound(const struct plan *plan)
{
	const struct plan_step *steps = plan_array(plan, plan->steps);
	const struct plan_cgroup_write *writes = plan_array(plan, plan->cgroup_writes);
	const struct plan_cgroup_hierarchy *hierarchies = plan_array(plan, plan->cgroup_hierarchies);
	const struct plan_limit *limits = plan_array(plan, plan->limits);

	for (uint32_t i = 0; i < plan->steps.count; i++)
		HOLDS(steps[i].kind < STEP_KINDS && steps[i].flags <= STEP_FLAGS);
	steps = plan_array(plan, plan->translator_steps);
	for (uint32_t i = 0; i < plan->translator_steps.count; i++)
		HOLDS(steps[i].kind < STEP_KINDS && steps[i].flags <= STEP_FLAGS);
	for (uint32_t i = 0; i < plan->cgroup_writes.count; i++)
		HOLDS(writes[i].hierarchy < plan->cgroup_hierarchies.count && writes[i].leaf <= 1);
	for (uint32_t i = 0; i < plan->cgroup_hierarchies.count; i++)
		HOLDS(hierarchies[i].version == 1 || hierarchies[i].version == 2);
	for (uint32_t i = 0; i < plan->limits.count; i++)
		HOLDS(limits[i].resource < 16);
	HOLDS(plan->flags <= PLAN_FLAGS && plan->umask <= 0777 && plan->kill_signal >= 1 && plan->kill_signal <= 64);
	HOLDS(plan->cgroup_hierarchies.count <= CGROUP_HIERARCHIES_MAX && plan->filter.count <= 4096 && plan->log_filter.count <= 4096);
}

/* Both descriptions walk the strings; what they leave out is read here. */
static inline void image_read(const struct plan *plan)
{
	const struct plan_landlock_rule *rules = plan_array(plan, plan->landlock_rules);
	const struct plan_step *steps = plan_array(plan, plan->steps);
	uint64_t sum = 0;

	image_is_sound(plan);
#define ARRAY(name, type) sum += image_read_bytes(plan, plan->name, sizeof(type));
	PLAN_ARRAYS(ARRAY)
#undef ARRAY
	sum += image_read_strings(plan, plan->environment) + image_read_strings(plan, plan->environment_unset);
	sum += image_read_strings(plan, plan->arguments) + image_read_strings(plan, plan->directories);
	sum += image_read_strings(plan, plan->warnings) + image_read_strings(plan, plan->doors);
	for (uint32_t i = 0; i < plan->landlock_rules.count; i++)
		sum += strlen(plan_string(plan, rules[i].path));
	for (uint32_t i = 0; i < plan->steps.count; i++)
		sum += strlen(plan_string(plan, steps[i].text));
	sum += strlen(plan_string(plan, plan->name)) + strlen(plan_string(plan, plan->shell)) +
	       strlen(plan_string(plan, plan->home)) + strlen(plan_string(plan, plan->root_options));
	image_sink = sum;
	char *text = plan_describe(plan), *json = plan_json(plan);
	HOLDS(text && json && is_text(text) && is_text(json));
	free(text);
	free(json);
}

#endif
