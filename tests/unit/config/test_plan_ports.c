/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/plan_ports.c: which Landlock rules of the network a policy asks for, and where it cannot have them. */
#include "plan_support.h"

enum { BIND = 1, CONNECT = 2 };

static void accept_plan(const char *settings)
{
	if (plan_with(settings) != 0) {
		print_errors();
		fail();
	}
}

static void assert_rule(uint32_t index, uint32_t first, uint32_t last, uint64_t access)
{
	const struct plan_landlock_ports *rules = plan_array(test_plan, test_plan->landlock_ports);

	assert_true(index < test_plan->landlock_ports.count);
	assert_int_equal(rules[index].first, first);
	assert_int_equal(rules[index].last, last);
	assert_int_equal(rules[index].access, access);
}

static void without_the_keys_ports_are_free(void **state)
{
	(void)state;
	accept_plan("");
	assert_int_equal(test_plan->landlock_handled_net, 0);
	assert_int_equal(test_plan->landlock_ports.count, 0);
}

static void each_key_restricts_its_own_use(void **state)
{
	(void)state;
	accept_plan("ConnectPorts=443 80-81 82\n");
	assert_int_equal(test_plan->landlock_handled_net, CONNECT);
	assert_int_equal(test_plan->landlock_ports.count, 2);
	assert_rule(0, 80, 82, CONNECT);
	assert_rule(1, 443, 443, CONNECT);
	accept_plan("ConnectPorts=80\nBindPorts=1-65535\n");
	assert_int_equal(test_plan->landlock_handled_net, BIND | CONNECT);
	assert_rule(0, 1, 65535, BIND);
	assert_rule(1, 80, 80, CONNECT);
}

static void none_allows_no_port(void **state)
{
	(void)state;
	accept_plan("BindPorts=none\n");
	assert_int_equal(test_plan->landlock_handled_net, BIND);
	assert_int_equal(test_plan->landlock_ports.count, 0);
}

static void ports_that_cannot_be_restricted_are_errors(void **state)
{
	static const struct {
		int abi;
		const char *settings, *error;
	} cases[] = {
	        {3, "ConnectPorts=80\n",                  "f:3: error: ConnectPorts: this kernel's Landlock knows no ports"},
	        {0, "Landlock=prefer\nBindPorts=80\n",    "f:4: error: BindPorts: this kernel's Landlock knows no ports"   },
	        {3, "Landlock=require\nBindPorts=none\n",
	         "f:4: error: BindPorts: this kernel's Landlock knows no ports"                                            },
	        {6, "Landlock=off\nConnectPorts=80\n",
	         "f:4: error: ConnectPorts: ports cannot be restricted with Landlock=off"                                  },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		test_facts.landlock_abi = cases[i].abi;
		assert_int_equal(plan_with(cases[i].settings), -1);
		assert_error(0, cases[i].error);
		assert_non_null(test_errors.list[0].hint);
	}
	test_facts.landlock_abi = 4;
	accept_plan("ConnectPorts=80\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, plan_set_up, plan_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(without_the_keys_ports_are_free),
	        TEST(each_key_restricts_its_own_use),
	        TEST(none_allows_no_port),
	        TEST(ports_that_cannot_be_restricted_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
