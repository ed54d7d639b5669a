/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking things up in a parsed policy. The text was checked when it was read: nothing here can be malformed.
 */
#include "config/policy_tree.h"

#include "config/policy_parse.h"

#include <stdio.h>
#include <string.h>

/* --- sections --- */

size_t section_source(const struct policy *policy, uint32_t section)
{
	size_t low = 0, high = policy->source_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (policy->first_sections[middle] <= section)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static const struct policy_source *source_of(const struct policy *policy, uint32_t section)
{
	return &policy->sources[section_source(policy, section)];
}

const char *section_file(const struct policy *policy, uint32_t section)
{
	return source_of(policy, section)->name;
}

unsigned section_line(const struct policy *policy, uint32_t section)
{
	return text_count_lines(source_of(policy, section)->text, policy->sections[section].offset) + 1;
}

/* The word of the name as it stands in the head; false for kinds without one. */
static bool name_word(const struct policy *policy, uint32_t section, struct text_word *ret_word)
{
	const struct policy_source *source = source_of(policy, section);
	const char *at = source->text + policy->sections[section].offset + 1, *end = source->text + source->length;
	struct text_problem unused;

	if (!section_kinds[policy->sections[section].kind].named)
		return false;
	text_skip_blanks(&at, end);
	at += strlen(section_kinds[policy->sections[section].kind].word);
	const char *next = at, *stop = text_head_end(at, end);
	return text_next_word(&next, stop, false, ret_word, &unused) == 1;
}

size_t section_name(const struct policy *policy, uint32_t section, char *buffer, size_t size)
{
	struct text_word word;

	if (!name_word(policy, section, &word) || word.length > size)
		return 0;
	return text_unquote(&word, buffer);
}

const char *section_title(const struct policy *policy, uint32_t section, char *buffer, size_t size)
{
	char name[SECTION_NAME_MAX], quoted[SECTION_NAME_MAX];
	size_t length = section_name(policy, section, name, sizeof(name));
	const char *word = section_kinds[policy->sections[section].kind].word;

	if (length == 0)
		snprintf(buffer, size, "[%s]", word);
	else
		snprintf(buffer, size, "[%s %s]", word, quote_bytes(quoted, sizeof(quoted), name, length));
	return buffer;
}

/* --- by name --- */

bool section_takes(unsigned kind, enum key_id id)
{
	if (id == KEY_COUNT || (id == KEY_Inherit && kind != SECTION_PROFILE))
		return false;
	return (key_row(id)->sections & section_kinds[kind].sections) != 0;
}

uint32_t section_hash(enum section_kind kind, const char *name, size_t length)
{
	uint64_t hash = 0x9e3779b97f4a7c15u * (length + 1) + kind, piece;

	for (; length >= 8; name += 8, length -= 8) {
		memcpy(&piece, name, 8);
		hash = (hash ^ piece) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	piece = 0;
	for (size_t i = 0; i < length; i++)
		piece |= (uint64_t)(unsigned char)name[i] << (8 * i);
	hash = (hash ^ piece) * 0xff51afd7ed558ccdu;
	return (uint32_t)(hash >> 32) ^ (uint32_t)hash;
}

static bool is_named(const struct policy *policy, uint32_t section, const char *name, size_t length)
{
	char buffer[SECTION_NAME_MAX];
	size_t own = section_name(policy, section, buffer, sizeof(buffer));

	return own == length && memcmp(buffer, name, length) == 0;
}

uint32_t *section_slot(const struct policy *policy, uint32_t hash, enum section_kind kind, const char *name,
                       size_t length)
{
	uint32_t mask = policy->slot_count - 1;

	for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
		uint32_t *slot = &policy->slots[at];
		if (*slot == 0)
			return slot;
		const struct section *section = &policy->sections[*slot - 1];
		if (section->hash == hash && section->kind == kind && is_named(policy, *slot - 1, name, length))
			return slot;
	}
}

uint32_t policy_find(const struct policy *policy, enum section_kind kind, const char *name, size_t length)
{
	return *section_slot(policy, section_hash(kind, name, length), kind, name, length) - 1;
}

/* --- layers and settings --- */

uint32_t policy_next_layer(const struct policy *policy, uint32_t newest, uint32_t after)
{
	while (policy->sections[newest].older != after)
		newest = policy->sections[newest].older;
	return newest;
}

void setting_walk_begin(const struct policy *policy, uint32_t section, bool counts, struct setting_walk *ret_walk)
{
	size_t index = section_source(policy, section);
	const struct policy_source *source = &policy->sources[index];
	const char *end = source->text + source->length, *head = source->text + policy->sections[section].offset;
	const char *newline = memchr(head, '\n', (size_t)(end - head));

	*ret_walk = (struct setting_walk){
	        .policy = policy,
	        .source = index,
	        .kind = policy->sections[section].kind,
	        .cursor = newline ? newline + 1 : end,
	        .end = end,
	        .lines = counts ? section_line(policy, section) : 0,
	        .counts = counts,
	};
}

bool setting_walk_next(struct setting_walk *walk, struct setting *ret_setting)
{
	struct text_problem unused;
	const char *line, *key;
	size_t length, key_length;
	unsigned before = walk->lines;

	while (text_next_line(&walk->cursor, walk->end, &line, &length, &walk->lines, &unused) == 1) {
		struct setting *setting = ret_setting;
		const char *end = text_cut(&line, length);
		unsigned number = before + 1;
		before = walk->lines;
		if (line == end || *line == '#' || *line == ';')
			continue;
		if (*line == '[')
			return false;
		if (!text_split_setting(line, end, &key, &key_length, &setting->text))
			continue;
		setting->key = key_find(key, key_length);
		if (!section_takes(walk->kind, setting->key))
			continue;
		setting->length = (size_t)(end - setting->text);
		setting->source = walk->source;
		setting->line = walk->counts ? number : 0;
		return true;
	}
	return false;
}

bool policy_profile_setting(const struct policy *policy, uint32_t section, struct setting *ret_setting)
{
	struct setting_walk walk;

	while (section != SECTION_NONE && !policy->sections[section].names_profile)
		section = policy->sections[section].older;
	if (section == SECTION_NONE)
		return false;
	setting_walk_begin(policy, section, false, &walk);
	while (setting_walk_next(&walk, ret_setting))
		if (ret_setting->key == KEY_Profile || ret_setting->key == KEY_Inherit)
			return true;
	return false;
}

uint32_t policy_named_profile(const struct policy *policy, uint32_t section)
{
	struct setting setting;
	size_t length;

	if (!policy_profile_setting(policy, section, &setting))
		return SECTION_NONE;
	const char *name = setting_name(setting.text, setting.length, &length);
	return policy_find(policy, SECTION_PROFILE, name, length);
}

void policy_each_profile(const struct policy *policy, void (*visit)(const char *name, void *data), void *data)
{
	for (uint32_t i = 0; i < policy->section_count; i++) {
		const struct section *section = &policy->sections[i];
		char name[SECTION_NAME_MAX];
		if (section->kind != SECTION_PROFILE || section->older != SECTION_NONE)
			continue;
		name[section_name(policy, i, name, sizeof(name) - 1)] = '\0';
		visit(name, data);
	}
}

void policy_each_ancestor(const struct policy *policy, const char *profile, void (*visit)(const char *name, void *data),
                          void *data)
{
	uint32_t section = policy_find(policy, SECTION_PROFILE, profile, strlen(profile));

	/* Loops were refused when the policy was read. */
	for (unsigned depth = 0; section != SECTION_NONE && depth <= POLICY_INHERIT_MAX; depth++) {
		char name[SECTION_NAME_MAX];
		name[section_name(policy, section, name, sizeof(name) - 1)] = '\0';
		visit(name, data);
		section = policy_named_profile(policy, section);
	}
}

const char *policy_section_at(const struct policy *policy, const char *file, unsigned line, char *buffer, size_t size)
{
	char title[SECTION_NAME_MAX + 16];
	unsigned nearest = 0;

	*buffer = '\0';
	for (uint32_t i = 0; i < policy->section_count; i++) {
		if (strcmp(section_file(policy, i), file) != 0)
			continue;
		unsigned head = section_line(policy, i);
		if (head > line || head < nearest)
			continue;
		nearest = head;
		section_title(policy, i, title, sizeof(title));
		snprintf(buffer, size, "%.*s", (int)strlen(title) - 2, title + 1);
	}
	return buffer;
}
