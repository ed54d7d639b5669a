/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of numbers and ranges (processors, ports) as sets. */
#ifndef CONFIG_NUMBERS_H
#define CONFIG_NUMBERS_H

#include "config/profile.h"

enum { NUMBERS = 65536 };

struct numbers {
	uint64_t bits[NUMBERS / 64];
};

/* "5" or "3-5" without signs or leading zeros, up to a maximum, the first not above the last. */
bool numbers_range(const char *text, size_t length, uint64_t maximum, uint64_t *ret_first, uint64_t *ret_last);

/* What the words of a list name; "none" is nothing, whatever came before it. A list without words is every number. */
void numbers_read(const struct value *value, struct numbers *ret_numbers);

bool numbers_within(const struct numbers *part, const struct numbers *whole);

/* The first run of numbers at or above from. False where there is none. */
bool numbers_next(const struct numbers *numbers, uint32_t from, uint32_t *ret_first, uint32_t *ret_last);

#endif
