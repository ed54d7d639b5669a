/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the harnesses share: a property that must hold, and taking the bytes of an input apart. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Ends the run as a finding where the condition does not hold. */
#define HOLDS(condition) ((condition) ? (void)0 : holds_not(#condition, __FILE__, __LINE__))

static inline void holds_not(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

/* What is left of an input. */
struct input {
	const unsigned char *at, *end;
};

/* The next number of 1 to 4 bytes, little-endian; zeros where the input has ended. */
static inline uint32_t take(struct input *input, unsigned bytes)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < bytes && input->at < input->end; i++)
		number |= (uint32_t)*input->at++ << 8 * i;
	return number;
}

/* What stands before the next byte 0x01, or before the end, as a string; free it. A copy ends where its bytes end, so that a
 * sanitizer sees every byte read too far; a NUL ends it sooner. */
static inline char *take_text(struct input *input, size_t *ret_length)
{
	size_t left = (size_t)(input->end - input->at);
	const unsigned char *cut = left ? memchr(input->at, 1, left) : NULL;
	size_t length = cut ? (size_t)(cut - input->at) : left;
	char *text = malloc(length + 1);

	if (!text)
		exit(1);
	if (length)
		memcpy(text, input->at, length);
	text[length] = '\0';
	input->at += length + (cut != NULL);
	if (ret_length)
		*ret_length = length;
	return text;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#endif
