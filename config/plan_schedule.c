/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans what of the scheduler the command starts with, and of what decides who is ended when memory runs out. */
#include "config/draft.h"
#include "config/numbers.h"

#include <linux/ioprio.h>
#include <sched.h>

static void plan_affinity(struct draft *draft)
{
	const struct value *value = profile_value(draft->profile, KEY_CPUAffinity);
	uint32_t first, last, words = 0;
	struct numbers processors;

	if (value->word_count == 0)
		return;
	numbers_read(value, &processors);
	for (uint32_t from = 0; numbers_next(&processors, from, &first, &last); from = last + 1)
		words = last / 64 + 1;
	for (uint32_t i = 0; i < words; i++)
		*DRAFT_ADD(draft, processors, uint64_t) = processors.bits[i];
}

/* Real-time policies at the lowest priority, as in systemd.exec(5) where no CPUSchedulingPriority= is set. */
static void plan_policy(struct draft *draft)
{
	static const uint32_t policies[] = {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR};
	const struct value *value = profile_value(draft->profile, KEY_CPUSchedulingPolicy);

	if (!value->is_set)
		return;
	draft->head.flags |= PLAN_SET_SCHEDULER;
	draft->head.scheduler = policies[value->number];
	draft->head.scheduler_priority = draft->head.scheduler == SCHED_FIFO || draft->head.scheduler == SCHED_RR;
}

#define IO_PRIORITY(class, level) ((uint32_t)(class) << IOPRIO_CLASS_SHIFT | (level))

/* The middle of a class's eight levels, as in systemd.exec(5) where no IOSchedulingPriority= is set; idle has none. */
static void plan_io(struct draft *draft)
{
	static const uint32_t priorities[] = {
	        IO_PRIORITY(IOPRIO_CLASS_NONE, 0),
	        IO_PRIORITY(IOPRIO_CLASS_IDLE, 0),
	        IO_PRIORITY(IOPRIO_CLASS_BE, IOPRIO_BE_NORM),
	        IO_PRIORITY(IOPRIO_CLASS_RT, IOPRIO_BE_NORM),
	};
	const struct value *value = profile_value(draft->profile, KEY_IOSchedulingClass);

	if (!value->is_set)
		return;
	draft->head.flags |= PLAN_SET_IO_PRIORITY;
	draft->head.io_priority = priorities[value->number];
}

static void plan_oom_score(struct draft *draft)
{
	const struct value *value = profile_value(draft->profile, KEY_OOMScoreAdjust);

	if (!value->is_set)
		return;
	draft->head.flags |= PLAN_SET_OOM_SCORE;
	draft->head.oom_score_adjust = (int32_t)value->number;
}

void plan_schedule(struct draft *draft)
{
	plan_affinity(draft);
	plan_policy(draft);
	plan_io(draft);
	plan_oom_score(draft);
}
