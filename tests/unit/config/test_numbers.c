/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/numbers.c: ranges as text, and lists of them as sets. */
#include "policy_support.h"

#include "config/numbers.h"

static struct numbers numbers, others;

static void read_words(struct numbers *ret_numbers, const char *const *words)
{
	struct value_word list[8];
	struct value value = {.words = list};

	for (; words[value.word_count]; value.word_count++)
		list[value.word_count] = (struct value_word){.text = words[value.word_count]};
	numbers_read(&value, ret_numbers);
}
#define READ(set, ...) read_words((set), (const char *const[]){__VA_ARGS__, NULL})

static void a_range_is_two_numbers_or_one(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t first, last;
	} cases[] = {
	        {"0",                    true,  0, 0},
                {"3-5",                  true,  3, 5},
                {"5-5",                  true,  5, 5},
	        {"9",                    true,  9, 9},
                {"5-3",                  false, 0, 0},
                {"10",                   false, 0, 0},
	        {"",	             false, 0, 0},
                {"-",                    false, 0, 0},
                {"-3",                   false, 0, 0},
	        {"3-",                   false, 0, 0},
                {"03",                   false, 0, 0},
                {"+3",                   false, 0, 0},
	        {"3-4-",                 false, 0, 0},
                {"3,4",                  false, 0, 0},
                {"99999999999999999999", false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t first = 0, last = 0;
		bool good = numbers_range(cases[i].text, strlen(cases[i].text), 9, &first, &last);
		if (good != cases[i].good || (good && (first != cases[i].first || last != cases[i].last)))
			fail_msg("\"%s\"", cases[i].text);
	}
}

static void a_list_is_read_as_runs_in_order(void **state)
{
	uint32_t first, last;

	(void)state;
	READ(&numbers, "70", "0-1", "2", "65535", "68-69");
	assert_true(numbers_next(&numbers, 0, &first, &last));
	assert_true(first == 0 && last == 2);
	assert_true(numbers_next(&numbers, last + 1, &first, &last));
	assert_true(first == 68 && last == 70);
	assert_true(numbers_next(&numbers, last + 1, &first, &last));
	assert_true(first == 65535 && last == 65535);
	assert_false(numbers_next(&numbers, last + 1, &first, &last));
}

static void none_takes_back_what_came_before(void **state)
{
	uint32_t first, last;

	(void)state;
	READ(&numbers, "1-9", "none");
	assert_false(numbers_next(&numbers, 0, &first, &last));
	READ(&numbers, "1-9", "none", "5");
	assert_true(numbers_next(&numbers, 0, &first, &last));
	assert_true(first == 5 && last == 5);
}

static void no_words_are_every_number(void **state)
{
	static const struct value unset;
	uint32_t first, last;

	(void)state;
	numbers_read(&unset, &numbers);
	assert_true(numbers_next(&numbers, 0, &first, &last));
	assert_true(first == 0 && last == 65535);
}

static void a_part_is_within_its_whole_only(void **state)
{
	(void)state;
	READ(&numbers, "3-5", "9");
	READ(&others, "4", "9");
	assert_true(numbers_within(&others, &numbers));
	assert_false(numbers_within(&numbers, &others));
	READ(&others, "none");
	assert_true(numbers_within(&others, &numbers));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_range_is_two_numbers_or_one),    cmocka_unit_test(a_list_is_read_as_runs_in_order),
	        cmocka_unit_test(none_takes_back_what_came_before), cmocka_unit_test(no_words_are_every_number),
	        cmocka_unit_test(a_part_is_within_its_whole_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
