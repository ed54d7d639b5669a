/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Typed values: what may stand behind a key, and what it means as a number or a list of words. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/arena.h"
#include "config/profile.h"
#include "config/text.h"

struct value_origin {
	const char *file; /* lives as long as what is read */
	unsigned line;
	bool trusted;
	bool any_bytes; /* quoted words may hold control characters: a caller's --set */
};

/*
 * Checks what stands behind "KEY=" (trimmed, may hold joined lines). Allocates nothing. Returns 0, or -1 with a problem
 * whose place is in text.
 */
int value_check(enum key_id id, const char *text, size_t length, bool any_bytes, struct text_problem *problem);

/*
 * Reads it into a value: a scalar replaces what is there, the words of a list are appended, an empty list empties it. All
 * bytes are copied into the arena. Returns 0, or -1 with a problem; the value is then as before.
 */
int value_read(enum key_id id, const char *text, size_t length, const struct value_origin *origin, struct arena *arena,
               struct value *value, struct text_problem *problem);

/* The row's fallback; for a row without one an unset value. Returns 0, or -1 without memory. */
int value_fallback(enum key_id id, struct arena *arena, struct value *ret_value);

/* Whether both mean the same. */
bool value_equal(const struct key *key, const struct value *a, const struct value *b);

/* Checks one word of a TYPE_WORDS or TYPE_STRINGS row (index: its place in the assignment). NULL, or what was expected. */
const char *value_word_check(const struct key *key, const char *text, size_t length, size_t index);

/* Whether "~" before a word of this row means its opposite. */
bool value_words_invert(const struct key *key);

/* The number of an address family by its name (AF_INET), -1 where there is none of that name. */
int value_family(const char *name, size_t length);

/* The number of a capability by its name (CAP_CHOWN), -1 where there is none of that name. */
int value_capability(const char *name, size_t length);

/* [A-Za-z0-9_][A-Za-z0-9_.-]{0,63} */
bool value_is_name(const char *text, size_t length);

/* Whether every "%" begins a specifier of the language; *ret_at is the first that does not. */
bool value_specifiers_known(const char *text, size_t length, const char **ret_at);

#endif
