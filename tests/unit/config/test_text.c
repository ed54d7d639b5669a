/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/text.c: bytes, lines and words of the policy language; config/error.c: what is said about them. */
#include "policy_support.h"

#include "config/text.h"

static void utf8_is_what_the_standard_calls_well_formed(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} cases[] = {
	        {"a",                1},
	        {"\x7f",             1},
	        {"\x80",             0},
	        {"\xc1\xbf",         0},
	        {"\xc2\x80",         2},
	        {"\xc2",             0},
	        {"\xc2\x20",         0},
	        {"\xdf\xbf",         2},
	        {"\xe0\x9f\xbf",     0},
	        {"\xe0\xa0\x80",     3},
	        {"\xed\x9f\xbf",     3},
	        {"\xed\xa0\x80",     0},
	        {"\xef\xbf\xbf",     3},
	        {"\xf0\x8f\xbf\xbf", 0},
	        {"\xf0\x90\x80\x80", 4},
	        {"\xf0\x90\x80",     0},
	        {"\xf4\x8f\xbf\xbf", 4},
	        {"\xf4\x90\x80\x80", 0},
	        {"\xf5\x80\x80\x80", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(text_utf8_length(cases[i].bytes, strlen(cases[i].bytes)), cases[i].length);
}

/* Eight bytes at a time: a bad byte must be found wherever it lies in them. */
static void a_bad_byte_is_found_at_every_place(void **state)
{
	static const char bad[] = {'\0', '\x80', '\xff'};
	struct text_problem problem;
	char text[40];

	(void)state;
	for (size_t b = 0; b < sizeof(bad); b++)
		for (size_t i = 0; i < sizeof(text); i++) {
			memset(text, 'x', sizeof(text));
			assert_int_equal(text_check(text, sizeof(text), &problem), 0);
			text[i] = bad[b];
			assert_int_equal(text_check(text, sizeof(text), &problem), -1);
			assert_ptr_equal(problem.at, text + i);
		}
}

static void lines_are_counted_at_every_length(void **state)
{
	char text[50];

	(void)state;
	for (size_t length = 0; length <= sizeof(text); length++) {
		unsigned expected = 0;
		for (size_t i = 0; i < length; i++) {
			text[i] = i % 3 == 1 ? '\n' : i % 5 == 0 ? '\x8a' : '\x0b';
			expected += text[i] == '\n';
		}
		assert_int_equal(text_count_lines(text, length), expected);
	}
}

static void words_are_cut_at_blanks_and_quotes_kept_together(void **state)
{
	static const char text[] = "  a \t\"b \\\"\\\\\\n\\t c\" 'd\\n \"e' f\\g \\\n h";
	static const char *const expected[] = {"a", "b \"\\\n\t c", "d\\n \"e", "f\\g", "h"};
	const char *cursor = text, *end = text + sizeof(text) - 1;
	struct text_problem problem;
	struct text_word word;
	char buffer[64];

	(void)state;
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_int_equal(text_next_word(&cursor, end, false, &word, &problem), 1);
		buffer[text_unquote(&word, buffer)] = '\0';
		assert_string_equal(buffer, expected[i]);
	}
	assert_int_equal(text_next_word(&cursor, end, false, &word, &problem), 0);
}

static void control_characters_are_only_for_a_callers_quotes(void **state)
{
	const char *quoted = "\"\x1b[0m\"", *bare = "\x1b[0m", *cursor = quoted;
	struct text_problem problem;
	struct text_word word;

	(void)state;
	assert_int_equal(text_next_word(&cursor, quoted + 6, false, &word, &problem), -1);
	cursor = quoted;
	assert_int_equal(text_next_word(&cursor, quoted + 6, true, &word, &problem), 1);
	cursor = bare;
	assert_int_equal(text_next_word(&cursor, bare + 4, true, &word, &problem), -1);
}

static void a_word_of_4_kib_fits_and_a_longer_does_not(void **state)
{
	struct text_problem problem;
	struct text_word word;
	char text[TEXT_WORD_MAX + 1];
	const char *cursor = text;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(text_next_word(&cursor, text + TEXT_WORD_MAX, false, &word, &problem), 1);
	cursor = text;
	assert_int_equal(text_next_word(&cursor, text + TEXT_WORD_MAX + 1, false, &word, &problem), -1);
}

static void distance_is_the_number_of_edits(void **state)
{
	(void)state;
	assert_int_equal(text_distance("MemoryMax", 9, "MemoryMax", 9), 0);
	assert_int_equal(text_distance("memorymax", 9, "MemoryMax", 9), 0);
	assert_int_equal(text_distance("MemryMax", 8, "MemoryMax", 9), 1);
	assert_int_equal(text_distance("MemoryMin", 9, "MemoryMax", 9), 2);
	assert_int_equal(text_distance("", 0, "abc", 3), 3);
	assert_int_equal(text_distance("abcdefgh", 8, "zyxwvuts", 8), 4);
}

static void foreign_bytes_are_quoted_and_cut(void **state)
{
	char buffer[600], small[12], text[300];

	(void)state;
	assert_string_equal(quote_bytes(buffer, sizeof(buffer), "a\x1b\xc3\xa4\xff\n", 6), "a\\x1b\xc3\xa4\\xff\\x0a");
	assert_string_equal(quote_bytes(buffer, sizeof(buffer), "\xc2\x9b", 2), "\\xc2\\x9b");
	assert_string_equal(quote_bytes(buffer, sizeof(buffer), "", 0), "");
	memset(text, 'x', sizeof(text));
	quote_bytes(buffer, sizeof(buffer), text, sizeof(text));
	assert_int_equal(strlen(buffer), 203);
	assert_string_equal(buffer + 200, "...");
	quote_bytes(buffer, sizeof(buffer), text, 200);
	assert_int_equal(strlen(buffer), 200);
	for (size_t size = 1; size <= sizeof(small); size++) {
		memset(small, '#', sizeof(small));
		quote_bytes(small, size, "\x01\x02\x03\x04", 4);
		assert_non_null(memchr(small, '\0', size));
		assert_true(size == sizeof(small) || small[size] == '#');
	}
}

static void an_entry_is_shown_with_what_is_known_of_its_place(void **state)
{
	char line[100];

	(void)state;
	policy_error_add(&test_errors, false, "f", 3, 7, "do this", "bad %s", "thing");
	policy_error_add(&test_errors, true, "f", 3, 0, NULL, "odd");
	policy_error_add(&test_errors, false, NULL, 0, 0, NULL, "all");
	assert_error(0, "f:3:7: error: bad thing");
	assert_error(1, "f:3: warning: odd");
	assert_error(2, "(built in): error: all");
	assert_int_equal(test_errors.errors, 2);
	assert_string_equal(test_errors.list[0].hint, "do this");
	assert_null(test_errors.list[1].hint);
	assert_int_equal(policy_error_format(&test_errors.list[0], line, 5), 23);
	assert_string_equal(line, "f:3:");
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(utf8_is_what_the_standard_calls_well_formed),
	        TEST(a_bad_byte_is_found_at_every_place),
	        TEST(lines_are_counted_at_every_length),
	        TEST(words_are_cut_at_blanks_and_quotes_kept_together),
	        TEST(control_characters_are_only_for_a_callers_quotes),
	        TEST(a_word_of_4_kib_fits_and_a_longer_does_not),
	        TEST(distance_is_the_number_of_edits),
	        TEST(foreign_bytes_are_quoted_and_cut),
	        TEST(an_entry_is_shown_with_what_is_known_of_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
