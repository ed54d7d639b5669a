/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What must hold between the sections of a policy: profiles that are named exist, inheritance ends, and login
 * rules have the form of rule 6.
 */
#include "config/policy_parse.h"

#include <stdio.h>
#include <string.h>

struct checker {
	const struct policy *policy;
	struct policy_errors *errors;
	const char *known; /* the profile name that was found last: most rules name the one before theirs names */
	size_t known_length;
};

/* Lines are only counted where there is something to say. */
static unsigned setting_line(const struct checker *checker, const struct setting *setting)
{
	const char *text = checker->policy->sources[setting->source].text;

	return text_count_lines(text, (size_t)(setting->text - text)) + 1;
}

static unsigned setting_column(const struct checker *checker, const struct setting *setting)
{
	const char *text = checker->policy->sources[setting->source].text, *at = setting->text;

	while (at > text && at[-1] != '\n')
		at--;
	return (unsigned)(setting->text - at) + 1;
}

static void setting_error(const struct checker *checker, const struct setting *setting, const char *hint,
                          const char *text)
{
	policy_error_add(checker->errors, false, checker->policy->sources[setting->source].name,
	                 setting_line(checker, setting), setting_column(checker, setting), hint, "%s: %s",
	                 key_row(setting->key)->name, text);
}

/* --- references --- */

struct nearest {
	const char *wanted;
	size_t length;
	unsigned distance;
	char hint[100];
};

static void consider_profile(const char *name, void *data)
{
	struct nearest *nearest = data;
	unsigned distance = text_distance(nearest->wanted, nearest->length, name, strlen(name));

	if (distance >= nearest->distance)
		return;
	nearest->distance = distance;
	snprintf(nearest->hint, sizeof(nearest->hint), "did you mean %s?", name);
}

static void missing_profile(struct checker *checker, const struct setting *setting, const char *name, size_t length)
{
	struct nearest nearest = {.wanted = name, .length = length, .distance = 3};
	char text[120];

	policy_each_profile(checker->policy, consider_profile, &nearest);
	snprintf(text, sizeof(text), "there is no profile \"%.*s\"", (int)length, name);
	setting_error(checker, setting, *nearest.hint ? nearest.hint : NULL, text);
}

static bool profile_exists(struct checker *checker, const char *name, size_t length)
{
	if (checker->known && checker->known_length == length && memcmp(checker->known, name, length) == 0)
		return true;
	if (policy_find(checker->policy, SECTION_PROFILE, name, length) == SECTION_NONE)
		return false;
	checker->known = name;
	checker->known_length = length;
	return true;
}

/* --- the kinds of sections --- */

/* Rule 6: with Profile=none there is nothing for another key to change. */
static void check_none_rule(struct checker *checker, uint32_t newest)
{
	struct setting_walk walk;
	struct setting setting;

	for (uint32_t layer = newest; layer != SECTION_NONE; layer = checker->policy->sections[layer].older) {
		setting_walk_begin(checker->policy, layer, false, &walk);
		while (setting_walk_next(&walk, &setting))
			if (setting.key != KEY_Profile && setting.key != KEY_Services)
				setting_error(checker, &setting, "leave it out, or name a profile",
				              "has no effect with Profile=none");
	}
}

static void check_login_rule(struct checker *checker, uint32_t index)
{
	const struct policy *policy = checker->policy;
	struct setting setting;
	char title[300];
	size_t length;

	if (!policy_profile_setting(policy, index, &setting)) {
		policy_error_add(checker->errors, false, section_file(policy, index), section_line(policy, index), 0,
		                 "Profile=none means not confined", "%s: Profile= is missing",
		                 section_title(policy, index, title, sizeof(title)));
		return;
	}
	const char *name = setting_name(setting.text, setting.length, &length);
	if (is_none(name, length))
		check_none_rule(checker, index);
	else if (!profile_exists(checker, name, length))
		missing_profile(checker, &setting, name, length);
}

static void check_profile(struct checker *checker, uint32_t index)
{
	const struct policy *policy = checker->policy;
	struct setting setting;
	uint32_t next = index;
	size_t length;

	if (!policy_profile_setting(policy, index, &setting))
		return;
	const char *name = setting_name(setting.text, setting.length, &length);
	if (!profile_exists(checker, name, length)) {
		missing_profile(checker, &setting, name, length);
		return;
	}
	for (unsigned depth = 0; depth < POLICY_INHERIT_MAX; depth++) {
		next = policy_named_profile(policy, next);
		if (next == SECTION_NONE)
			return;
		if (next == index) {
			setting_error(checker, &setting, NULL, "this profile inherits from itself");
			return;
		}
	}
	setting_error(checker, &setting, NULL, "leads into a loop, or through more than 32 profiles");
}

/* [run] Profiles= of all layers, word by word: each says its own line. */
static void check_run(struct checker *checker, uint32_t newest)
{
	struct text_problem unused;
	struct setting_walk walk;
	struct setting setting;
	struct text_word word;

	for (uint32_t layer = newest; layer != SECTION_NONE; layer = checker->policy->sections[layer].older) {
		setting_walk_begin(checker->policy, layer, false, &walk);
		while (setting_walk_next(&walk, &setting)) {
			const char *cursor = setting.text, *end = cursor + setting.length;
			while (text_next_word(&cursor, end, false, &word, &unused) == 1) {
				setting.text = word.start;
				if (is_none(word.start, word.length))
					setting_error(checker, &setting, "a command always runs in a sandbox",
					              "none is not possible in [run]");
				else if (!profile_exists(checker, word.start, word.length))
					missing_profile(checker, &setting, word.start, word.length);
			}
		}
	}
}

/* --- entry --- */

void policy_check_sections(const struct policy *policy, struct policy_errors *errors)
{
	struct checker checker = {.policy = policy, .errors = errors};

	for (uint32_t i = 0; i < policy->section_count; i++) {
		const struct section *section = &policy->sections[i];
		if (section->superseded)
			continue;
		switch ((enum section_kind)section->kind) {
		case SECTION_PROFILE:
			check_profile(&checker, i);
			break;
		case SECTION_USER:
		case SECTION_GROUP:
		case SECTION_DEFAULT:
			if (!section->settled)
				check_login_rule(&checker, i);
			break;
		case SECTION_RUN:
			check_run(&checker, i);
			break;
		default:
			break;
		}
	}
}
