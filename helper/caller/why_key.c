/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `policy why KEY`: what holds, where it was set, and what the caller may do about it. */
#include "helper/caller/why.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/die.h"

static const char *const class_names[] = {
        [CLASS_ROOT] = "root",         [CLASS_LOWER] = "lower",   [CLASS_HIGHER] = "higher", [CLASS_SUBSET] = "subset",
        [CLASS_SUPERSET] = "superset", [CLASS_LADDER] = "ladder", [CLASS_OWN] = "own",
};

/* The words above the present one. */
static void ladder_text(const struct key *key, const struct value *value, char *text, size_t size)
{
	char word[64];
	size_t length = (size_t)snprintf(text, size, "you may go up the ladder:");

	if (key->type == TYPE_BOOLEAN) {
		snprintf(text, size,
		         value->number ? "you may not change it: it is as strict as it gets" : "you may set it to yes");
		return;
	}
	size_t present = value->number < 0 ? 0 : (size_t)value->number, above = 0;
	for (size_t i = present + 1; key_word(key, i, word, sizeof(word)) && length < size; i++) {
		if (word[0] == '/' || !key_word_enforced(key, (int64_t)i))
			continue;
		length += (size_t)snprintf(text + length, size - length, " %s", word);
		above++;
	}
	if (above == 0)
		snprintf(text, size, "you may not change it: it is as strict as it gets");
}

static void change_text(const struct why *why, const struct key *key, const struct value *value, char *text,
                        size_t size)
{
	static const char *const texts[] = {
	        [CLASS_ROOT] = "only the administrator may change it",
	        [CLASS_LOWER] = "you may lower it",
	        [CLASS_HIGHER] = "you may raise it",
	        [CLASS_SUBSET] = "you may take away from it",
	        [CLASS_SUPERSET] = "you may add to it",
	        [CLASS_OWN] = "you may set it",
	};

	if (!key->enforced)
		snprintf(text, size, "nobody may change it: this build knows only its default");
	else if (!(key->sections & IN_PROFILE))
		snprintf(text, size, "only the administrator may change it: it is not part of a profile");
	else if (!why->limited)
		snprintf(text, size, "you may set it to anything");
	else if (key->tightening == CLASS_LADDER)
		ladder_text(key, value, text, size);
	else
		snprintf(text, size, "%s", texts[key->tightening]);
}

struct chain {
	bool json;
	size_t count;
};

static void print_ancestor(const char *name, void *data)
{
	struct chain *chain = data;

	if (chain->json)
		printf("%s\"%s\"", chain->count ? "," : "", name); /* a profile's name needs no escapes */
	else
		printf("%s%s", chain->count ? ", inherits " : "", name);
	chain->count++;
}

static void print_chain(const struct why *why)
{
	policy_each_ancestor(why->policy, why->profile->name, print_ancestor, &(struct chain){.json = why->json});
}

/* Each place that words of a list came from; of a scalar the one. */
static void print_places(const struct why *why, enum key_id id)
{
	const struct value *value = profile_value(why->profile, id);
	char where[WHY_ORIGIN_MAX], before[WHY_ORIGIN_MAX] = "";
	size_t count = value->word_count ? value->word_count : 1;

	for (size_t i = 0; i < count; i++) {
		why_set_where(why, (struct plan_origin){(uint16_t)id, (uint16_t)i}, where, sizeof(where));
		if (strcmp(where, before) != 0)
			printf(why->json ? "%s\"%s\"" : "%s%s", *before ? (why->json ? "," : ", ") : "", where);
		memcpy(before, where, sizeof(before));
	}
}

static void print_json(const struct why *why, enum key_id id, const char *shown, const char *change)
{
	const struct key *key = key_row(id);

	why_begin(key->name, "key", "yes");
	why_field("value", shown);
	why_field("class", class_names[key->tightening]);
	why_field("change", change);
	printf(",\"set\":[");
	print_places(why, id);
	printf("],\"profiles\":[");
	print_chain(why);
	printf("]");
	why_end();
}

static void print_text(const struct why *why, enum key_id id, const char *shown, const char *change)
{
	const struct key *key = key_row(id);

	if (profile_value(why->profile, id)->is_set || key->fallback)
		printf("%s=%s\n  set      ", key->name, shown);
	else
		printf("%s is not set\n  set      ", key->name);
	print_places(why, id);
	if (key->sections & IN_PROFILE) {
		printf("\n  profile  ");
		print_chain(why);
	}
	printf("\n  change   %s (class %s)\n", change, class_names[key->tightening]);
}

enum answer why_key(const struct why *why, enum key_id id)
{
	const struct key *key = key_row(id);
	char change[512];

	if (!(key->sections & IN_PROFILE) && policy_add_value(why->policy, id, why->profile) != 0)
		die("out of memory");
	char *shown = profile_show_value(why->profile, id);
	if (!shown)
		die("out of memory");
	change_text(why, key, profile_value(why->profile, id), change, sizeof(change));
	if (why->json)
		print_json(why, id, shown, change);
	else
		print_text(why, id, shown, change);
	free(shown);
	return ANSWER_YES;
}
