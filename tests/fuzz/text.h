/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may be shown to people and parsers. */
#ifndef TESTS_FUZZ_TEXT_H
#define TESTS_FUZZ_TEXT_H

#include "tests/fuzz/fuzz.h"

#include "config/text.h"

static inline bool is_text(const char *text)
{
	size_t length = strlen(text);

	for (size_t bytes; length > 0; text += bytes, length -= bytes) {
		bytes = text_utf8_length(text, length);
		if (bytes == 0)
			return false;
	}
	return true;
}

/* One line, and nothing in it that steers a terminal. */
static inline bool is_printable(const char *text)
{
	size_t length = strlen(text);

	for (size_t used; length > 0; text += used, length -= used) {
		const unsigned char *bytes = (const unsigned char *)text;
		used = text_utf8_length(text, length);
		if (used == 0 || bytes[0] < ' ' || bytes[0] == 0x7f || (bytes[0] == 0xc2 && bytes[1] < 0xa0))
			return false;
	}
	return true;
}

#endif
