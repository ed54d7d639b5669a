/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of config/keys.def and the ways to find one. */
#include "config/key.h"

#include "config/text.h"

#include <string.h>

static const struct key keys[] = {
#define KEY(name, sections, type, tightening, live, enforced, words, fallback, group, help, test)                      \
	{#name, sections, type, tightening, live, enforced, words, fallback, group, help, test},
#include "config/keys.def"
#undef KEY
};

static const unsigned char name_lengths[] = {
#define KEY(name, ...) sizeof(#name) - 1,
#include "config/keys.def"
#undef KEY
};

enum { BUCKETS = 512 };

_Static_assert(KEY_COUNT < BUCKETS / 2, "the table of names must stay sparse");

/* Filled once, always with the same content. Row + 1; 0: free. */
static unsigned short buckets[BUCKETS];

static unsigned hash(const char *name, size_t length)
{
	const unsigned char *n = (const unsigned char *)name;
	unsigned h = (unsigned)length;

	/* Key names differ in their first letters, their last and their length. */
	h = h * 31 + n[0];
	h = h * 31 + n[length / 2];
	h = h * 31 + n[length - 1];
	h = h * 31 + n[length / 3];
	h = h * 31 + n[length * 3 / 4];
	return (h ^ (h >> 9)) % BUCKETS;
}

static void fill_buckets(void)
{
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		unsigned at = hash(keys[i].name, name_lengths[i]);
		while (buckets[at] && buckets[at] != i + 1)
			at = (at + 1) % BUCKETS;
		buckets[at] = (unsigned short)(i + 1);
	}
}

const struct key *key_row(enum key_id id)
{
	return &keys[id];
}

enum key_id key_find(const char *name, size_t length)
{
	static bool filled;

	if (length == 0)
		return KEY_COUNT;
	if (!filled)
		fill_buckets();
	filled = true;
	for (unsigned at = hash(name, length); buckets[at]; at = (at + 1) % BUCKETS) {
		unsigned row = buckets[at] - 1u;
		if (name_lengths[row] == length && memcmp(keys[row].name, name, length) == 0)
			return (enum key_id)row;
	}
	return KEY_COUNT;
}

/* The spelling at an index, with its mark. */
static size_t raw_word(const char *words, size_t index, const char **ret_start)
{
	const char *at = words ? words : "";

	for (size_t i = 0; *at; i++) {
		size_t length = strcspn(at, " ");
		if (i == index) {
			*ret_start = at;
			return length;
		}
		at += length + strspn(at + length, " ");
	}
	return 0;
}

const char *key_word(const struct key *key, size_t index, char *buffer, size_t size)
{
	const char *start;
	size_t length = raw_word(key->words, index, &start);

	if (length == 0 || *start == '/')
		return NULL;
	length -= start[length - 1] == '?';
	if (length >= size)
		return NULL;
	memcpy(buffer, start, length);
	buffer[length] = '\0';
	return buffer;
}

bool key_word_enforced(const struct key *key, int64_t index)
{
	const char *start;
	size_t length = 0;

	if (index >= 0) {
		length = raw_word(key->words, (size_t)index, &start);
		return length == 0 || start[length - 1] != '?';
	}
	for (size_t i = 0; (length = raw_word(key->words, i, &start)) > 0; i++)
		if (*start == '/')
			return start[length - 1] != '?';
	return false;
}

bool key_is_list(const struct key *key)
{
	switch (key->type) {
	case TYPE_PATHS:
	case TYPE_BINDS:
	case TYPE_WORDS:
	case TYPE_STRINGS:
		return true;
	default:
		return false;
	}
}

enum key_id key_nearest(const char *name, size_t length)
{
	unsigned best = length < 6 ? 2 : 4; /* a distance of this is too far */
	enum key_id nearest = KEY_COUNT;

	for (unsigned i = 0; i < KEY_COUNT; i++) {
		unsigned distance = text_distance(name, length, keys[i].name, name_lengths[i]);
		if (distance < best) {
			best = distance;
			nearest = (enum key_id)i;
		}
	}
	return nearest;
}
