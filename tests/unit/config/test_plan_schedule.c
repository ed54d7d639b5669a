/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/plan_schedule.c: what of the scheduler a policy asks for. */
#include "plan_support.h"

#include <sched.h>

static void accept_plan(const char *settings)
{
	if (plan_with(settings) != 0) {
		print_errors();
		fail();
	}
}

static uint64_t mask(uint32_t index)
{
	return ((const uint64_t *)plan_array(test_plan, test_plan->processors))[index];
}

static void processors_are_a_mask_as_long_as_needed(void **state)
{
	(void)state;
	accept_plan("");
	assert_int_equal(test_plan->processors.count, 0);
	accept_plan("CPUAffinity=1-2 65\n");
	assert_int_equal(test_plan->processors.count, 2);
	assert_true(mask(0) == 6 && mask(1) == 2);
	accept_plan("CPUAffinity=8191\n");
	assert_int_equal(test_plan->processors.count, 128);
	assert_true(mask(127) == UINT64_C(1) << 63);
}

static void a_policy_is_set_where_one_is_named(void **state)
{
	static const struct {
		const char *setting;
		uint32_t policy, priority;
	} cases[] = {
	        {"CPUSchedulingPolicy=other\n", SCHED_OTHER, 0},
                {"CPUSchedulingPolicy=batch\n", SCHED_BATCH, 0},
	        {"CPUSchedulingPolicy=idle\n",  SCHED_IDLE,  0},
                {"CPUSchedulingPolicy=fifo\n",  SCHED_FIFO,  1},
	        {"CPUSchedulingPolicy=rr\n",    SCHED_RR,    1},
	};

	(void)state;
	accept_plan("");
	assert_false(test_plan->flags & PLAN_SET_SCHEDULER);
	for (size_t i = 0; i < COUNT(cases); i++) {
		accept_plan(cases[i].setting);
		assert_true(test_plan->flags & PLAN_SET_SCHEDULER);
		assert_int_equal(test_plan->scheduler, cases[i].policy);
		assert_int_equal(test_plan->scheduler_priority, cases[i].priority);
	}
}

static void an_io_class_has_its_middle_level(void **state)
{
	static const struct {
		const char *setting;
		uint32_t priority;
	} cases[] = {
	        {"IOSchedulingClass=none\n",        0              },
	        {"IOSchedulingClass=idle\n",        3u << 13       },
	        {"IOSchedulingClass=best-effort\n", (2u << 13) | 4u},
	        {"IOSchedulingClass=realtime\n",    (1u << 13) | 4u},
	};

	(void)state;
	accept_plan("");
	assert_false(test_plan->flags & PLAN_SET_IO_PRIORITY);
	for (size_t i = 0; i < COUNT(cases); i++) {
		accept_plan(cases[i].setting);
		assert_true(test_plan->flags & PLAN_SET_IO_PRIORITY);
		assert_int_equal(test_plan->io_priority, cases[i].priority);
	}
}

static void an_oom_score_is_set_where_one_is_named(void **state)
{
	(void)state;
	accept_plan("");
	assert_false(test_plan->flags & PLAN_SET_OOM_SCORE);
	accept_plan("OOMScoreAdjust=0\n");
	assert_true(test_plan->flags & PLAN_SET_OOM_SCORE);
	accept_plan("OOMScoreAdjust=-1000\n");
	assert_int_equal(test_plan->oom_score_adjust, -1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, plan_set_up, plan_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(processors_are_a_mask_as_long_as_needed),
	        TEST(a_policy_is_set_where_one_is_named),
	        TEST(an_io_class_has_its_middle_level),
	        TEST(an_oom_score_is_set_where_one_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
