/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Short forms of keys. Files are included, not linked: each program defines its own name. */
#include "cli/common_text.c"
#include "cli/run_values.c"

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

const char program_name[] = "test";
const int failure_status = 99;

static void paths_become_absolute_and_tidy(void **state)
{
	static const char *const rows[][2] = {
	        {"/",             "/"        },
	        {"//",            "/"        },
	        {"/.",            "/"        },
	        {"/a/./b//c/",    "/a/b/c"   },
	        {".",             "/proc"    },
	        {"./",            "/proc"    },
	        {"sys",           "/proc/sys"},
	        {"./a/./b",       "/proc/a/b"},
	        {"..",            "/"        },
	        {"sys/..",        "/proc"    },
	        {"/proc/../usr/", "/usr"     },
	        {"...",           "/proc/..."},
	        {"..a",           "/proc/..a"},
	        {"a..",           "/proc/a.."},
	        {".a",            "/proc/.a" },
	};

	(void)state;
	assert_int_equal(chdir("/proc"), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *path = absolute_path(rows[i][0]);
		assert_non_null(path);
		assert_string_equal(path, rows[i][1]);
		free(path);
	}
}

static void words_are_quoted_for_the_policy(void **state)
{
	static const struct {
		const char *text;
		bool quoted;
		const char *word;
	} rows[] = {
	        {"",          true,  "\"\""                },
                {"a b",       true,  "\"a b\""             },
                {"\"\\\n\t%", true,  "\"\\\"\\\\\\n\\t%%\""},
	        {"a b%",      false, "a b%%"               },
                {"a\\b",      false, "a\\b"                },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *word = policy_text(rows[i].text, rows[i].quoted);
		assert_string_equal(word, rows[i].word);
		free(word);
	}
}

static void variable_names_are_checked(void **state)
{
	static const char *const good[] = {"A", "_", "a1", "LONG_name_9"}, *const bad[] = {"", "1", "A-B", "A B",
	                                                                                   "\xc3\xa4"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(is_variable_name(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(is_variable_name(bad[i], strlen(bad[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(paths_become_absolute_and_tidy),
	        cmocka_unit_test(words_are_quoted_for_the_policy),
	        cmocka_unit_test(variable_names_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
