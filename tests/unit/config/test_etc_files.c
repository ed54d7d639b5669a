/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/etc_files.c: passwd and group hold the accounts that are meant, whatever a name service calls them. */
#include "plan_support.h"

static const char *file_text(const char *path)
{
	const struct plan_step *steps = plan_array(test_plan, test_plan->steps);

	for (uint32_t i = 0; i < test_plan->steps.count; i++)
		if (steps[i].kind == STEP_FILE && strcmp(plan_string(test_plan, steps[i].target), path) == 0)
			return plan_string(test_plan, steps[i].text);
	fail_msg("no %s", path);
	return NULL;
}

static void root_the_person_and_nobody_are_all_there_is(void **state)
{
	(void)state;
	test_person.gecos = "Alice:\n, room 7";
	assert_int_equal(plan_with(""), 0);
	assert_string_equal(file_text("/etc/passwd"), "root:x:0:0:root:/root:/usr/sbin/nologin\n"
	                                              "alice:x:3001:3001:Alice, room 7:/home/alice:/bin/bash\n"
	                                              "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
	assert_string_equal(file_text("/etc/group"), "alice:x:3001:\n"
	                                             "barred:x:3003:alice\nproject:x:3101:alice\nstaff:x:3002:alice\n"
	                                             "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n");
}

static void nobody_is_listed_twice(void **state)
{
	static const struct identity_group groups[] = {
	        {5,     "tty"    },
                {65534, "nogroup"},
                {0,     "root"   }
        };

	(void)state;
	test_person.uid = 65534;
	test_person.name = "nobody";
	test_person.gid = 5;
	test_person.primary_group_name = "tty";
	test_person.groups = groups;
	assert_int_equal(plan_with(""), 0);
	assert_string_equal(file_text("/etc/passwd"), "root:x:0:0:root:/root:/usr/sbin/nologin\n"
	                                              "nobody:x:65534:5::/home/alice:/bin/bash\n");
	assert_string_equal(file_text("/etc/group"), "tty:x:5:\nnogroup:x:65534:nobody\nroot:x:0:nobody\n");
}

/* A login program that reads its groups there must find each of them. */
static void a_group_without_a_usable_name_is_listed_by_its_number(void **state)
{
	static const char *const names[] = {
	        NULL, "", "a:b", "a\nroot:x:0:alice", " a", "#a", "+a", "-admin", "\ta", "a,b", "a\x7f", "a\x01"};
	char expected[64];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct identity_group group = {.gid = 2000 + (gid_t)i, .name = names[i]};
		test_person.groups = &group;
		test_person.group_count = 1;
		assert_int_equal(plan_with(""), 0);
		snprintf(expected, sizeof(expected), "alice:x:3001:\n%u:x:%u:alice\nroot:x:0:\n", group.gid, group.gid);
		assert_ptr_equal(strstr(file_text("/etc/group"), expected), file_text("/etc/group"));
	}
}

static void unusual_names_are_kept(void **state)
{
	static const char *const names[] = {"DOM\\alice", "alice smith", "alice@dom", "\xc3\xa9milie", "a-+#", "7"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct identity_group group = {.gid = 2000, .name = names[i]};
		char expected[128];
		test_person.name = names[i];
		test_person.groups = &group;
		test_person.group_count = 1;
		assert_int_equal(plan_with(""), 0);
		snprintf(expected, sizeof(expected), "\n%s:x:3001:3001::/home/alice:/bin/bash\n", names[i]);
		assert_non_null(strstr(file_text("/etc/passwd"), expected));
		snprintf(expected, sizeof(expected), "\n%s:x:2000:%s\n", names[i], names[i]);
		assert_non_null(strstr(file_text("/etc/group"), expected));
	}
}

static void a_person_who_would_be_found_as_someone_else_is_refused(void **state)
{
	static const struct {
		const char *name, *home, *shell, *message;
	} refusals[] = {
	        {" root",  "/h",   "/s",  "x: error:  root: this name cannot be written to passwd(5)"      },
	        {"#a",     "/h",   "/s",  "x: error: #a: this name cannot be written to passwd(5)"         },
	        {"+",      "/h",   "/s",  "x: error: +: this name cannot be written to passwd(5)"          },
	        {"-a",     "/h",   "/s",  "x: error: -a: this name cannot be written to passwd(5)"         },
	        {"a:b",    "/h",   "/s",  "x: error: a:b: this name cannot be written to passwd(5)"        },
	        {"a,root", "/h",   "/s",  "x: error: a,root: this name cannot be written to passwd(5)"     },
	        {"a\nb",   "/h",   "/s",  "x: error: a\\x0ab: this name cannot be written to passwd(5)"    },
	        {"a",      "/h:x", "/s",  "x: error: a: this home directory cannot be written to passwd(5)"},
	        {"a",      "/h\n", "/s",  "x: error: a: this home directory cannot be written to passwd(5)"},
	        {"a",      "/h",   "/s:", "x: error: a: this shell cannot be written to passwd(5)"         },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		test_person.name = refusals[i].name;
		test_person.home = refusals[i].home;
		test_person.shell = refusals[i].shell;
		assert_int_equal(plan_with(""), -1);
		assert_error(0, refusals[i].message);
		policy_errors_clear(&test_errors);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, plan_set_up, plan_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(root_the_person_and_nobody_are_all_there_is),
	        TEST(nobody_is_listed_twice),
	        TEST(a_group_without_a_usable_name_is_listed_by_its_number),
	        TEST(unusual_names_are_kept),
	        TEST(a_person_who_would_be_found_as_someone_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
