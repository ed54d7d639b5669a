/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What may be changed on a profile that is already chosen: a caller's --set within the tightening classes of
 * the key table, and the refusal of what this build does not enforce.
 */
#include "config/policy.h"

#include "config/numbers.h"
#include "config/syscalls.h"
#include "config/value.h"

#include <stdio.h>
#include <string.h>

static const char set_file[] = "--set";

struct change {
	struct profile *profile;
	enum key_id id;
	const struct key *key;
	const struct value *old;
	struct value *new; /* the assignment alone, not yet appended to anything */
};

/* --- amounts --- */

/* What a percentage is of: memory for sizes, tasks for counts (design: sizes). 0: unknown. */
static uint64_t whole(const struct change *change)
{
	return change->key->type == TYPE_SIZE ? change->profile->memory_total : change->profile->tasks_total;
}

/* As an amount. False where it is a percentage of something unknown. */
static bool amount(const struct change *change, const struct value *value, uint64_t *ret_amount)
{
	uint64_t all = whole(change);

	*ret_amount = (uint64_t)value->number;
	if (!value->percent)
		return true;
	*ret_amount = all / 10000 * (uint64_t)value->number + all % 10000 * (uint64_t)value->number / 10000;
	return all > 0;
}

static bool is_lower_limit(const struct value *old, const struct value *new)
{
	bool soft = old->infinity || (!new->infinity &&new->number <= old->number);
	bool hard = old->hard_infinity || (!new->hard_infinity &&new->hard <= old->hard);

	return soft && hard;
}

static bool is_lower(const struct change *change)
{
	const struct value *old = change->old, *new = change->new;
	uint64_t old_amount, new_amount;

	if (key_is_list(change->key))
		return false;
	if (!old->is_set && !change->key->fallback)
		return true;
	if (change->key->type == TYPE_LIMIT)
		return is_lower_limit(old, new);
	if (old->infinity || new->infinity)
		return old->infinity;
	if (old->percent == new->percent)
		return new->number <= old->number;
	return amount(change, old, &old_amount) && amount(change, new, &new_amount) && new_amount <= old_amount;
}

static bool is_higher(const struct change *change)
{
	if (change->key->type == TYPE_MODE)
		return (change->new->number & change->old->number) == change->old->number;
	return change->new->number >= change->old->number;
}

/* --- sets --- */

static bool has_word(const struct value *value, const char *word)
{
	for (size_t i = 0; i < value->word_count; i++)
		if (strcmp(value->words[i].text, word) == 0)
			return true;
	return false;
}

static bool all_refuse(const struct value *value)
{
	for (size_t i = 0; i < value->word_count; i++)
		if (*value->words[i].text != '~')
			return false;
	return value->word_count > 0;
}

/* Families as a set of bits; an unset list is all of them, "none" is nothing, whatever came before it. */
static uint64_t family_bits(const struct value *value)
{
	uint64_t bits = value->word_count == 0 || *value->words[0].text == '~' ? UINT64_MAX : 0;

	for (size_t i = 0; i < value->word_count; i++) {
		const char *word = value->words[i].text;
		bool refused = *word == '~';
		int family = value_family(word + refused, strlen(word + refused));
		uint64_t bit = family < 0 ? 0 : 1ULL << family;
		if (strcmp(word, "none") == 0)
			bits = 0;
		bits = refused ? bits & ~bit : bits | bit;
	}
	return bits;
}

/* What a list allows; a word that is not known cannot be judged, and then nothing can. */
static bool syscall_bits(const struct value *value, struct syscall_set *ret_set)
{
	syscall_set_begin(ret_set, value->word_count ? value->words[0].text : NULL);
	for (size_t i = 0; i < value->word_count; i++)
		if (syscall_set_apply(ret_set, value->words[i].text) != 0)
			return false;
	return true;
}

static bool is_fewer_syscalls(const struct value *old, const struct value *new)
{
	struct syscall_set before, after;

	if (new->word_count == 0 || !syscall_bits(old, &before) || !syscall_bits(new, &after))
		return false;
	for (size_t i = 0; i < sizeof(before.bits) / sizeof(before.bits[0]); i++)
		if (after.bits[i] & ~before.bits[i])
			return false;
	return true;
}

static bool is_number_list(const struct key *key)
{
	return key->words && (strcmp(key->words, "index") == 0 || strcmp(key->words, "port") == 0);
}

static bool is_fewer_numbers(const struct value *old, const struct value *new)
{
	struct numbers before, after;

	numbers_read(old, &before);
	numbers_read(new, &after);
	return new->word_count > 0 && numbers_within(&after, &before);
}

/* Whether a list of allowed things is within the old one. Words that refuse only take away and are not asked
 * here. */
static bool is_subset(const struct change *change)
{
	const struct value *old = change->old, *new = change->new;

	if (change->id == KEY_RestrictAddressFamilies)
		return new->word_count > 0 && (family_bits(new) & ~family_bits(old)) == 0;
	if (change->id == KEY_SystemCallFilter)
		return is_fewer_syscalls(old, new);
	if (is_number_list(change->key))
		return is_fewer_numbers(old, new);
	/* Empty means nothing for capabilities, and no restriction for the rest. */
	if (new->word_count == 0)
		return change->id == KEY_CapabilityBoundingSet;
	for (size_t i = 0; i < new->word_count; i++)
		if (!has_word(old, new->words[i].text))
			return false;
	/* What the policy took away again would be forgotten. */
	for (size_t i = 0; i < old->word_count; i++)
		if (*old->words[i].text == '~')
			return false;
	return true;
}

static bool is_superset(const struct change *change)
{
	if (change->key->type == TYPE_NAMESPACES)
		return (change->new->number & change->old->number) == change->old->number;
	return change->new->word_count > 0;
}

static bool is_up_the_ladder(const struct change *change)
{
	bool path = change->key->type == TYPE_WORD_OR_PATH && (change->new->number < 0 || change->old->number < 0);

	return !path && change->new->number >= change->old->number;
}

/* --- the rule --- */

static const struct {
	bool (*allowed)(const struct change *change);
	const char *rule;
} classes[] = {
        [CLASS_ROOT] = {NULL,             "only root may set it"               },
        [CLASS_LOWER] = {is_lower,         "a caller may only lower it"         },
        [CLASS_HIGHER] = {is_higher,        "a caller may only raise it"         },
        [CLASS_SUBSET] = {is_subset,        "a caller may only take away from it"},
        [CLASS_SUPERSET] = {is_superset,      "a caller may only add to it"        },
        [CLASS_LADDER] = {is_up_the_ladder, "a caller may only make it stricter" },
        [CLASS_OWN] = {NULL,             "a caller may not empty it"          },
};

static bool is_allowed(const struct change *change)
{
	switch (change->key->tightening) {
	case CLASS_ROOT:
		return false;
	case CLASS_OWN:
		return !key_is_list(change->key) || change->new->word_count > 0;
	case CLASS_SUBSET:
		if (value_words_invert(change->key) && all_refuse(change->new))
			return true;
		break;
	default:
		break;
	}
	return classes[change->key->tightening].allowed(change);
}

static int refuse(const struct change *change, struct policy_errors *errors)
{
	const struct value *old = change->old;
	const struct key *key = change->key;
	char hint[512];

	if (old->is_set)
		snprintf(hint, sizeof(hint), "the profile \"%s\" has %s from %s:%u", change->profile->name, key->name,
		         old->file, old->line);
	else
		snprintf(hint, sizeof(hint), "the profile \"%s\" has %s=%s", change->profile->name, key->name,
		         key->fallback ? key->fallback : "");
	policy_error_add(errors, false, set_file, 0, 0, hint, "%s: %s", key->name, classes[key->tightening].rule);
	return -1;
}

/* --- making the change --- */

/* A list of allowed things replaces the old one; every other list is appended, and emptied by an empty one.
 */
static bool replaces(const struct change *change)
{
	if (!key_is_list(change->key) || change->new->word_count == 0 || !change->old->is_set)
		return true;
	return change->key->tightening == CLASS_SUBSET && !all_refuse(change->new);
}

static int make_change(struct change *change)
{
	struct value *value = &change->profile->values[change->id], *new = change->new;
	size_t count = value->word_count + new->word_count;

	if (replaces(change)) {
		*value = *new;
		return 0;
	}
	struct value_word *words = arena_get(change->profile->memory, count * sizeof(*words));
	if (!words)
		return -1;
	memcpy(words, value->words, value->word_count * sizeof(*words));
	memcpy(words + value->word_count, new->words, new->word_count * sizeof(*words));
	*value = *new;
	value->words = words;
	value->word_count = count;
	return 0;
}

static int unknown_key(const char *name, size_t length, struct policy_errors *errors)
{
	char quoted[128], hint[100];
	enum key_id nearest = key_nearest(name, length);

	if (nearest != KEY_COUNT)
		snprintf(hint, sizeof(hint), "did you mean %s?", key_row(nearest)->name);
	policy_error_add(errors, false, set_file, 0, 0, nearest != KEY_COUNT ? hint : NULL, "unknown key \"%s\"",
	                 quote_bytes(quoted, sizeof(quoted), name, length));
	return -1;
}

/* The key of an assignment; -1 with the error. */
static int find_key(const char *assignment, const char *equal, enum key_id *ret_id, struct policy_errors *errors)
{
	char quoted[128];

	if (!equal) {
		policy_error_add(errors, false, set_file, 0, 0, NULL, "\"%s\" is not KEY=VALUE",
		                 quote_bytes(quoted, sizeof(quoted), assignment, strlen(assignment)));
		return -1;
	}
	*ret_id = key_find(assignment, (size_t)(equal - assignment));
	if (*ret_id == KEY_COUNT)
		return unknown_key(assignment, (size_t)(equal - assignment), errors);
	if (!(key_row(*ret_id)->sections & IN_PROFILE) || *ret_id == KEY_Inherit) {
		policy_error_add(errors, false, set_file, 0, 0, NULL, "%s is not a key of a profile",
		                 key_row(*ret_id)->name);
		return -1;
	}
	return 0;
}

int profile_set(struct profile *profile, const char *assignment, bool tighten_only, struct policy_errors *errors)
{
	const char *equal = strchr(assignment, '=');
	struct value_origin origin = {.file = set_file, .trusted = !tighten_only, .any_bytes = true};
	struct text_problem problem;
	struct value new = {0};
	enum key_id id;

	if (find_key(assignment, equal, &id, errors) != 0)
		return -1;
	const char *text = equal + 1, *end = text + strlen(text);
	text_skip_blanks(&text, end);
	size_t length = text_trim(text, (size_t)(end - text));
	if (value_read(id, text, length, &origin, profile->memory, &new, &problem) != 0) {
		policy_error_add(errors, false, set_file, 0, 0, problem.hint, "%s", problem.text);
		return -1;
	}
	struct change change = {profile, id, key_row(id), &profile->values[id], &new};
	if (tighten_only && !is_allowed(&change))
		return refuse(&change, errors);
	if (make_change(&change) == 0)
		return 0;
	policy_error_add(errors, false, set_file, 0, 0, NULL, "out of memory");
	return -1;
}

/* --- what is not enforced --- */

static void not_enforced(const struct key *key, const struct value *value, bool name_value,
                         struct policy_errors *errors)
{
	char quoted[128], hint[200];
	const char *text = value->raw ? value->raw : "";

	snprintf(hint, sizeof(hint), "leave it out, or set it to what holds anyway: %s",
	         key->fallback && *key->fallback ? key->fallback : "nothing");
	policy_error_add(errors, false, value->file, value->line, 0, hint,
	                 name_value ? "%s=%s: not enforced by this build" : "%s%s: not enforced by this build",
	                 key->name, name_value ? quote_bytes(quoted, sizeof(quoted), text, strlen(text)) : "");
}

/* Whether the value means more than the row's fallback. */
static bool is_default(enum key_id id, const struct value *value, struct arena *arena)
{
	struct value fallback;

	if (!value->is_set)
		return true;
	return key_row(id)->fallback && value_fallback(id, arena, &fallback) == 0 &&
	       value_equal(key_row(id), value, &fallback);
}

int profile_check_enforced(const struct profile *profile, struct policy_errors *errors)
{
	struct arena scratch = {0};
	int result = 0;

	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct key *key = key_row((enum key_id)i);
		const struct value *value = &profile->values[i];
		bool word = key->type == TYPE_WORD || key->type == TYPE_WORD_OR_PATH;
		bool list = key_is_list(key) && value->word_count > 0;
		bool refused = !key->enforced && !is_default((enum key_id)i, value, &scratch);
		bool refused_word = key->enforced && ((word && !key_word_enforced(key, value->number)) ||
		                                      (list && !key_word_enforced(key, 0)));
		if (!refused && !refused_word)
			continue;
		not_enforced(key, value, refused_word && word, errors);
		result = -1;
	}
	arena_clear(&scratch);
	return result;
}
