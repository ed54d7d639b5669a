/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans which ids exist inside and what they are outside: the person's uid, every gid that is not removed, the terminal's
 * group, and subordinate ids where asked for. A map that cannot hold them all is refused: a group dropped in silence would
 * open what that group is used to bar.
 */
#include "config/draft.h"

#include "config/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_MAP_BYTES = 4096, ID_MAP_LINES = 340 }; /* user_namespaces(7): one write below a page, 340 lines */
enum { MAP_OWN, MAP_ROOT, MAP_SUBORDINATE };

struct id_pair {
	uint32_t inside, outside, count;
};

static int ids_error(struct draft *draft, enum key_id key, const char *hint, const char *text)
{
	const struct value *value = profile_value(draft->profile, key);
	const struct value_word *word = value->word_count ? &value->words[0] : NULL;

	policy_error_add(draft->errors, false, word ? word->file : value->file, word ? word->line : value->line, 0,
	                 hint, "%s: %s", key_row(key)->name, text);
	return -1;
}

static bool names_group(const char *word, const struct identity_group *group)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", group->gid);
	return strcmp(word, number) == 0 || (group->name && strcmp(word, group->name) == 0);
}

static bool is_removed(const struct draft *draft, const struct identity_group *group)
{
	const struct value *removed = profile_value(draft->profile, KEY_RemoveGroups);

	for (size_t i = 0; i < removed->word_count; i++)
		if (names_group(removed->words[i].text, group))
			return true;
	return false;
}

/* Whether a word may mean a group of the person whose name nobody could tell. */
static bool is_undecided(const struct draft *draft, const char *word)
{
	const struct identity *person = draft->person;
	bool nameless = false;

	for (size_t i = 0; i < person->group_count; i++) {
		if (names_group(word, &person->groups[i]))
			return false;
		nameless |= !person->groups[i].name;
	}
	return nameless && word[strspn(word, "0123456789")];
}

/* draft->inside: the person without the removed groups, ids still as on the host. */
static int keep_groups(struct draft *draft)
{
	const struct identity *person = draft->person;
	const struct identity_group primary = {.gid = person->gid, .name = person->primary_group_name};
	const struct value *removed = profile_value(draft->profile, KEY_RemoveGroups);
	bool any = removed->word_count > 0;

	if (any && !draft->facts->full_groups)
		return ids_error(draft, KEY_RemoveGroups, "install the set-uid helper, or leave RemoveGroups= empty",
		                 "groups cannot be given up without privilege");
	if (any && is_removed(draft, &primary))
		return ids_error(draft, KEY_RemoveGroups, "give the person another primary group",
		                 "the primary group cannot be removed");
	for (size_t i = 0; i < removed->word_count; i++)
		if (is_undecided(draft, removed->words[i].text))
			return ids_error(draft, KEY_RemoveGroups, "name it by its number",
			                 "a group of the person has no name, and may be one of these");
	struct identity_group *kept = calloc(person->group_count + 1, sizeof(*kept));
	draft->inside = *person;
	draft->inside.groups = kept;
	draft->inside.group_count = 0;
	if (!kept) {
		draft->failed = true;
		return 0;
	}
	for (size_t i = 0; i < person->group_count; i++)
		if (!any || !is_removed(draft, &person->groups[i]))
			kept[draft->inside.group_count++] = person->groups[i];
	return 0;
}

static int compare_outside(const void *a, const void *b)
{
	uint32_t x = ((const struct id_pair *)a)->outside, y = ((const struct id_pair *)b)->outside;

	return x < y ? -1 : x > y;
}

/* Sorts, drops repetitions and joins neighbours that are neighbours on both sides. Returns how many are left. */
static size_t join_pairs(struct id_pair *pairs, size_t count)
{
	size_t last = 0;

	qsort(pairs, count, sizeof(*pairs), compare_outside);
	for (size_t i = 1; i < count; i++) {
		if (pairs[i].outside < pairs[last].outside + pairs[last].count)
			continue;
		if (pairs[i].outside == pairs[last].outside + pairs[last].count &&
		    pairs[i].inside == pairs[last].inside + pairs[last].count)
			pairs[last].count += pairs[i].count;
		else
			pairs[++last] = pairs[i];
	}
	return last + 1;
}

static plan_ref map_text(struct draft *draft, const struct id_pair *pairs, size_t count)
{
	char map[ID_MAP_BYTES];
	size_t length = 0;

	for (size_t i = 0; i < count; i++) {
		length += (size_t)snprintf(map + length, sizeof(map) - length, "%u %u %u\n", pairs[i].inside,
		                           pairs[i].outside, pairs[i].count);
		if (length >= sizeof(map) || i == ID_MAP_LINES) {
			char quoted[256];
			policy_error_add(draft->errors, false, draft->profile->name, 0, 0, NULL,
			                 "%s is in too many groups for one id map",
			                 quote_bytes(quoted, sizeof(quoted), draft->person->name,
			                             strlen(draft->person->name)));
			return 0;
		}
	}
	return draft_bytes(draft, map, length);
}

static gid_t gid_inside(const struct id_pair *pairs, size_t count, gid_t outside)
{
	for (size_t i = 0; i < count; i++)
		if (outside >= pairs[i].outside && outside - pairs[i].outside < pairs[i].count)
			return pairs[i].inside + (outside - pairs[i].outside);
	return outside;
}

/* Two ids of one side under one name on the other: the kernel would refuse the map without saying which. */
static bool overlaps(const struct id_pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if ((pairs[i].inside < pairs[k].inside + pairs[k].count &&
			     pairs[k].inside < pairs[i].inside + pairs[i].count) ||
			    (pairs[i].outside < pairs[k].outside + pairs[k].count &&
			     pairs[k].outside < pairs[i].outside + pairs[i].count))
				return true;
	return false;
}

/* own: every gid as itself. root: the primary one as 0. subid: that, subordinate ones from 1 on, the others above them. */
static int plan_gids(struct draft *draft, int64_t kind)
{
	struct identity *inside = &draft->inside;
	const struct id_range *range = &draft->facts->subordinate_gids;
	struct id_pair *pairs = calloc(inside->group_count + 3, sizeof(*pairs));
	size_t count = 0;

	if (!pairs) {
		draft->failed = true;
		return 0;
	}
	pairs[count++] = (struct id_pair){kind == MAP_OWN ? inside->gid : 0, inside->gid, 1};
	for (size_t i = 0; i <= inside->group_count; i++) {
		gid_t gid = i < inside->group_count ? inside->groups[i].gid : inside->tty_gid;
		if (gid != (gid_t)-1 && gid != inside->gid)
			pairs[count++] = (struct id_pair){gid, gid, 1};
	}
	count = join_pairs(pairs, count);
	if (kind == MAP_SUBORDINATE) {
		uint32_t next = range->count + 1;
		for (size_t i = 0; i < count; i++)
			if (pairs[i].outside != inside->gid) {
				pairs[i].inside = next;
				next += pairs[i].count;
			}
		pairs[count++] = (struct id_pair){1, range->start, range->count};
	}
	if (overlaps(pairs, count)) {
		free(pairs);
		return ids_error(draft, KEY_IDMap, NULL,
		                 "a group of the person would have the id of another one inside");
	}
	draft->head.gid_map = map_text(draft, pairs, count);
	for (size_t i = 0; i < inside->group_count; i++) {
		struct identity_group *group = (struct identity_group *)(uintptr_t)&inside->groups[i];
		group->gid = gid_inside(pairs, count, group->gid);
		*DRAFT_ADD(draft, groups, uint32_t) = group->gid;
	}
	inside->gid = gid_inside(pairs, count, inside->gid);
	if (inside->tty_gid != (gid_t)-1)
		inside->tty_gid = gid_inside(pairs, count, inside->tty_gid);
	free(pairs);
	return draft->head.gid_map ? 0 : -1;
}

static int check_map(struct draft *draft, int64_t kind)
{
	/* initgroups(3) of a login program, whose ids are the host's, reads the sandbox's /etc/group. */
	if (kind != MAP_OWN && draft->request->kind == REQUEST_SESSION)
		return ids_error(draft, KEY_IDMap, "set IDMap=own", "only for commands, not for logins");
	if (kind != MAP_SUBORDINATE)
		return 0;
	if (!draft->facts->privileged)
		return ids_error(draft, KEY_IDMap, "install the set-uid helper, or set IDMap=root",
		                 "a range of ids cannot be mapped without privilege");
	if (draft->facts->subordinate_uids.count == 0 || draft->facts->subordinate_gids.count == 0)
		return ids_error(draft, KEY_IDMap, "usermod --add-subuids FIRST-LAST --add-subgids FIRST-LAST NAME",
		                 "the person has no subordinate ids in /etc/subuid and /etc/subgid");
	return 0;
}

static int plan_uids(struct draft *draft, int64_t kind)
{
	const struct id_range *range = &draft->facts->subordinate_uids;
	const struct id_pair pairs[] = {
	        {kind == MAP_OWN ? draft->person->uid : 0, draft->person->uid, 1           },
                {1,                                        range->start,       range->count}
        };
	size_t count = kind == MAP_SUBORDINATE ? 2 : 1;

	if (overlaps(pairs, count))
		return ids_error(draft, KEY_IDMap, NULL, "the person's own id is among the subordinate ones");
	draft->head.uid_map = map_text(draft, pairs, count);
	draft->inside.uid = pairs[0].inside;
	return 0;
}

int plan_ids(struct draft *draft)
{
	const struct identity *person = draft->person;
	int64_t kind = profile_value(draft->profile, KEY_IDMap)->number;

	if (check_map(draft, kind) != 0)
		return -1;
	if (keep_groups(draft) != 0 || draft->failed || plan_uids(draft, kind) != 0)
		return draft->failed ? 0 : -1;
	draft->head.uid = person->uid;
	draft->head.gid = person->gid;
	draft->head.user_name = draft_string(draft, person->name);
	if (draft->facts->full_groups) {
		if (plan_gids(draft, kind) != 0)
			return -1;
	} else {
		/* Without privilege one gid can be mapped, after setgroups is denied (user_namespaces(7)): the others
		 * stay in force and show as nobody. */
		draft->inside.gid = kind == MAP_OWN ? person->gid : 0;
		draft->head.gid_map = draft_format(draft, "%u %u 1\n", draft->inside.gid, person->gid);
	}
	if (kind != MAP_OWN && person->uid != 0) { /* whoever has id 0 is called so */
		draft->inside.name = "root";
		draft->inside.primary_group_name = "root";
	}
	draft->head.inside_uid = draft->inside.uid;
	draft->head.inside_gid = draft->inside.gid;
	return 0;
}
