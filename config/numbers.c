/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers and ranges. Words were checked when they were read; one that is no range is nothing here. */
#include "config/numbers.h"

#include <string.h>

/* Digits without a sign or leading zeros, up to a maximum. */
static bool read_number(const char *text, size_t length, uint64_t maximum, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (length == 0 || (length > 1 && *text == '0'))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(text[i] - '0');
		if (number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*ret_number = number;
	return number <= maximum;
}

bool numbers_range(const char *text, size_t length, uint64_t maximum, uint64_t *ret_first, uint64_t *ret_last)
{
	const char *dash = memchr(text, '-', length);
	size_t first_length = dash ? (size_t)(dash - text) : length;

	if (!read_number(text, first_length, maximum, ret_first))
		return false;
	*ret_last = *ret_first;
	if (dash && !read_number(dash + 1, length - first_length - 1, maximum, ret_last))
		return false;
	return *ret_first <= *ret_last;
}

void numbers_read(const struct value *value, struct numbers *ret_numbers)
{
	memset(ret_numbers, value->word_count ? 0 : 0xff, sizeof(*ret_numbers));
	for (size_t i = 0; i < value->word_count; i++) {
		const char *word = value->words[i].text;
		uint64_t first, last;
		if (strcmp(word, "none") == 0)
			memset(ret_numbers, 0, sizeof(*ret_numbers));
		else if (numbers_range(word, strlen(word), NUMBERS - 1, &first, &last))
			for (uint64_t number = first; number <= last; number++)
				ret_numbers->bits[number / 64] |= UINT64_C(1) << number % 64;
	}
}

bool numbers_within(const struct numbers *part, const struct numbers *whole)
{
	for (size_t i = 0; i < NUMBERS / 64; i++)
		if (part->bits[i] & ~whole->bits[i])
			return false;
	return true;
}

static bool has(const struct numbers *numbers, uint32_t number)
{
	return numbers->bits[number / 64] >> number % 64 & 1;
}

bool numbers_next(const struct numbers *numbers, uint32_t from, uint32_t *ret_first, uint32_t *ret_last)
{
	while (from < NUMBERS && !has(numbers, from))
		from++;
	*ret_first = *ret_last = from;
	while (from < NUMBERS && has(numbers, from))
		*ret_last = from++;
	return *ret_first < NUMBERS;
}
