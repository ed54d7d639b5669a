/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A profile with inheritance and layers resolved: for every key its value and where that came from. The only thing the
 * planner sees of a policy.
 */
#ifndef CONFIG_PROFILE_H
#define CONFIG_PROFILE_H

#include "config/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct value_word {
	const char *text; /* unquoted; %-specifiers not yet expanded */
	const char *file; /* lists are appended over layers, so each word knows its origin */
	unsigned line;
	bool trusted; /* written by root (a policy layer, or --set by root), not by a caller's --set */
};

struct value {
	bool is_set;   /* by some layer, not only the row's fallback */
	bool infinity; /* TYPE_LIMIT: the soft limit */
	bool percent;  /* number is then in hundredths of a percent */
	bool hard_infinity;
	int64_t number;
	int64_t hard;
	const char *text; /* scalars: strings and paths; for every scalar also the text as written is in raw */
	const char *raw;
	const struct value_word *words;
	size_t word_count;
	const char *file; /* origin of a scalar; NULL: the row's fallback */
	unsigned line;
};

struct profile {
	const char *name;
	const char *chosen_by; /* for messages: "[user alice] in FILE:LINE", "[run]", ... */
	struct value values[KEY_COUNT];
	/* Of the machine, set by who calls profile_set: a caller's amount and the policy's percentage can only be compared
	 * by them. 0: unknown, such a comparison is refused. */
	uint64_t memory_total;
	uint64_t tasks_total;
	void *memory; /* owner of everything above */
};

/* A key's value; for keys nobody set, the row's fallback, parsed. */
static inline const struct value *profile_value(const struct profile *profile, enum key_id id)
{
	return &profile->values[id];
}

static inline bool profile_is(const struct profile *profile, enum key_id id)
{
	return profile->values[id].number != 0;
}

/* Frees the profile and all it owns. NULL is fine. */
void profile_free(struct profile *profile);

#endif
