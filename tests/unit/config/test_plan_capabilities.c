/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/plan_capabilities.c: which capabilities a policy gives, and which it cannot. */
#include "plan_support.h"

#include "config/value.h"

#include <linux/capability.h>

#define BIT(capability) (UINT64_C(1) << (capability))

static void names_have_the_kernels_numbers(void **state)
{
	(void)state;
	assert_int_equal(value_capability("CAP_CHOWN", 9), CAP_CHOWN);
	assert_int_equal(value_capability("CAP_SYS_ADMIN", 13), CAP_SYS_ADMIN);
	assert_int_equal(value_capability("CAP_SETFCAP", 11), CAP_SETFCAP);
	assert_int_equal(value_capability("CAP_CHECKPOINT_RESTORE", 22), CAP_CHECKPOINT_RESTORE);
	assert_int_equal(value_capability("CAP_WHAT", 8), -1);
}

static void capabilities_are_those_that_are_named(void **state)
{
	static const struct {
		const char *settings;
		uint64_t bounding, ambient;
	} cases[] = {
	        {"",	                                                                   0,	                        0            },
	        {"CapabilityBoundingSet=CAP_NET_RAW CAP_KILL\n",                               BIT(CAP_NET_RAW) | BIT(CAP_KILL), 0            },
	        {"CapabilityBoundingSet=CAP_NET_RAW CAP_KILL\nAmbientCapabilities=CAP_KILL\n",
	         BIT(CAP_NET_RAW) | BIT(CAP_KILL),	                                                                       BIT(CAP_KILL)},
	        {"CapabilityBoundingSet=~CAP_SYS_ADMIN ~CAP_SETGID\n",
	         ((UINT64_C(2) << CAP_LAST_CAP) - 1) & ~BIT(CAP_SYS_ADMIN) & ~BIT(CAP_SETGID),                                   0            },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (plan_with(cases[i].settings) != 0) {
			print_errors();
			fail();
		}
		assert_true(test_plan->bounding == cases[i].bounding);
		assert_true(test_plan->ambient == cases[i].ambient);
	}
}

static void what_would_undo_the_sandbox_is_an_error(void **state)
{
	static const struct {
		const char *settings, *error;
	} cases[] = {
	        {"CapabilityBoundingSet=CAP_KILL CAP_SYS_ADMIN\n",
	         "f:3: error: CapabilityBoundingSet: CAP_SYS_ADMIN would unmount what hides and protects files"},
	        {"CapabilityBoundingSet=~CAP_SYS_ADMIN\n",
	         "f:3: error: CapabilityBoundingSet: CAP_SETGID would leave a group that bars from files"      },
	        {"CapabilityBoundingSet=CAP_NET_ADMIN\nPrivateNetwork=outbound\n",
	         "f:3: error: CapabilityBoundingSet: CAP_NET_ADMIN would open PrivateNetwork=outbound to the host's "
	         "loopback"	                                                                            },
	        {"CapabilityBoundingSet=CAP_NET_RAW\nPrivateNetwork=outbound\n",
	         "f:3: error: CapabilityBoundingSet: CAP_NET_RAW would open PrivateNetwork=outbound to the host's "
	         "loopback"	                                                                            },
	        {"CapabilityBoundingSet=CAP_SYS_PTRACE\nPrivateNetwork=outbound\n",
	         "f:3: error: CapabilityBoundingSet: CAP_SYS_PTRACE would take over what translates for "
	         "PrivateNetwork=outbound"	                                                             },
	        {"AmbientCapabilities=CAP_KILL\n",
	         "f:3: error: AmbientCapabilities: not all of these are in CapabilityBoundingSet="             },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(plan_with(cases[i].settings), -1);
		assert_error(0, cases[i].error);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, plan_set_up, plan_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(names_have_the_kernels_numbers),
	        TEST(capabilities_are_those_that_are_named),
	        TEST(what_would_undo_the_sandbox_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
