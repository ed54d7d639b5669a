/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/describe.c: whatever a plan holds can be told, whole, and without a byte that steers a terminal or a parser. */
#include "plan_support.h"

static char *told;

static int release(void **state)
{
	free(told);
	told = NULL;
	return plan_tear_down(state);
}

static const char *tell(char *(*teller)(const struct plan *plan))
{
	free(told);
	told = teller(test_plan);
	assert_non_null(told);
	return told;
}

/* "%h" written often enough makes a path of any length. */
static void a_long_path_is_told_whole(void **state)
{
	enum { TIMES = 500 };
	static char settings[1024] = "BindPaths=", path[TIMES * 30];
	size_t used = strlen(settings), length = 0;

	(void)state;
	test_person.home = "/home/alice-with-a-longer-name";
	for (unsigned i = 0; i < TIMES - 50; i++) {
		used += (size_t)snprintf(settings + used, sizeof(settings) - used, "%%h");
		length += (size_t)snprintf(path + length, sizeof(path) - length, "%s", test_person.home);
	}
	assert_true(length > 10000);
	snprintf(settings + used, sizeof(settings) - used, "\n");
	assert_int_equal(plan_with(settings), 0);
	assert_non_null(strstr(tell(plan_describe), path));
	assert_non_null(strstr(tell(plan_json), path));
}

static void foreign_bytes_are_escaped(void **state)
{
	static const char *const arguments[] = {"\x1b[2J\xff\xc2\x9b\"\\\xc3\xa9\n", NULL};

	(void)state;
	test_request.arguments = arguments;
	test_request.argument_count = 1;
	assert_int_equal(plan_with(""), 0);
	assert_non_null(strstr(tell(plan_describe), "  \\x1b[2J\\xff\\xc2\\x9b\"\\\xc3\xa9\\x0a\n"));
	assert_non_null(strstr(tell(plan_json), "[\"\\u001b[2J\\u00ff\\u00c2\\u009b\\\"\\\\\xc3\xa9\\u000a\"]"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, plan_set_up, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_long_path_is_told_whole),
	        TEST(foreign_bytes_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
