/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quoting of foreign bytes. The file is included, not linked: each program defines its own name. */
#include "cli/common_text.c"

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

const char program_name[] = "test";
const int failure_status = 99;

static void foreign_bytes_are_quoted(void **state)
{
	static const struct {
		const char *bytes, *quoted;
	} rows[] = {
	        {"",	                      "\"\""	                     },
	        {"plain text",                    "\"plain text\""                   },
	        {"a\"b\\c",                       "\"a\\x22b\\x5cc\""                },
	        {"\x1b[31m\n\t\x7f",              "\"\\x1b[31m\\x0a\\x09\\x7f\""     },
	        {"gr\xc3\xb6\xc3\x9f"
	         "e",            "\"gr\xc3\xb6\xc3\x9f"
	         "e\""	                 },
	        {"\xe2\x82\xac \xf0\x9f\x98\x80", "\"\xe2\x82\xac \xf0\x9f\x98\x80\""},
	        {"\xc2\x9b",                      "\"\\xc2\\x9b\""                   }, /* C1: CSI */
	        {"\xc0\xaf",                      "\"\\xc0\\xaf\""                   }, /* overlong */
	        {"\xe0\x80\xaf",                  "\"\\xe0\\x80\\xaf\""              }, /* overlong */
	        {"\xed\xa0\x80",                  "\"\\xed\\xa0\\x80\""              }, /* surrogate */
	        {"\xf4\x90\x80\x80",              "\"\\xf4\\x90\\x80\\x80\""         }, /* above U+10FFFF */
	        {"\xe2\x82",                      "\"\\xe2\\x82\""                   }, /* cut */
	        {"\xff",	                  "\"\\xff\""                        },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(QUOTE(rows[i].bytes), rows[i].quoted);
}

static void long_text_is_cut_and_marked(void **state)
{
	char bytes[1001];

	(void)state;
	memset(bytes, 1, sizeof(bytes) - 1);
	bytes[sizeof(bytes) - 1] = 0;
	const char *quoted = QUOTE(bytes);
	assert_int_equal(strlen(quoted), 1 + 4 * QUOTED_MAX + 4);
	assert_string_equal(quoted + strlen(quoted) - 8, "\\x01\"...");
}

static void a_text_of_just_the_limit_is_whole(void **state)
{
	char bytes[QUOTED_MAX + 1];

	(void)state;
	memset(bytes, 'a', QUOTED_MAX);
	bytes[QUOTED_MAX] = 0;
	assert_int_equal(strlen(QUOTE(bytes)), QUOTED_MAX + 2);
}

static void a_character_across_the_limit_is_whole(void **state)
{
	char bytes[QUOTED_MAX + 8];

	(void)state;
	memset(bytes, 'a', QUOTED_MAX - 1);
	memcpy(bytes + QUOTED_MAX - 1, "\xf0\x9f\x98\x80x", 6);
	const char *quoted = QUOTE(bytes);
	assert_string_equal(quoted + QUOTED_MAX, "\xf0\x9f\x98\x80\"...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(foreign_bytes_are_quoted),
	        cmocka_unit_test(long_text_is_cut_and_marked),
	        cmocka_unit_test(a_text_of_just_the_limit_is_whole),
	        cmocka_unit_test(a_character_across_the_limit_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
