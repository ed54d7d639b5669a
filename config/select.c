/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who gets which profile: rules 3 to 9 of the language. Everything a profile holds is copied out of the
 * policy, which need not outlive it.
 */
#include "config/policy.h"

#include "config/policy_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char exempt_group[] = "sandbox-exempt";

/* What is called for every setting of a section, lowest layer first. */
struct resolver {
	const struct policy *policy;
	struct arena arena;
	struct value *values;
	const char **files; /* per source the name as the profile keeps it */
	struct policy_errors *errors;
	bool failed;
};

/* --- making a profile --- */

static const char *kept_file(struct resolver *resolver, size_t source)
{
	const char *name = resolver->policy->sources[source].name;

	if (!resolver->files[source])
		resolver->files[source] = arena_copy(&resolver->arena, name, strlen(name));
	return resolver->files[source];
}

static void apply_setting(struct resolver *resolver, const struct setting *setting)
{
	struct value_origin origin = {
	        .file = kept_file(resolver, setting->source),
	        .line = setting->line,
	        .trusted = true,
	};
	struct text_problem problem;

	if (setting->key == KEY_Profile || setting->key == KEY_Inherit || setting->key == KEY_Services)
		return; /* they led here and say nothing of the sandbox */
	if (!origin.file || value_read(setting->key, setting->text, setting->length, &origin, &resolver->arena,
	                               &resolver->values[setting->key], &problem) != 0)
		resolver->failed = true;
}

/* Rule 2: all layers of a section, the lowest first. */
static void apply_section(struct resolver *resolver, uint32_t newest)
{
	struct setting_walk walk;
	struct setting setting;

	for (uint32_t layer = SECTION_NONE; layer != newest;) {
		layer = policy_next_layer(resolver->policy, newest, layer);
		setting_walk_begin(resolver->policy, layer, true, &walk);
		while (setting_walk_next(&walk, &setting))
			apply_setting(resolver, &setting);
	}
}

/* Rule 3: what is inherited first. Loops were refused when the policy was read. */
static void apply_profile(struct resolver *resolver, uint32_t profile)
{
	uint32_t chain[POLICY_INHERIT_MAX + 1];
	unsigned depth = 0;

	for (; profile != SECTION_NONE && depth <= POLICY_INHERIT_MAX; depth++) {
		chain[depth] = profile;
		profile = policy_named_profile(resolver->policy, profile);
	}
	while (depth-- > 0)
		apply_section(resolver, chain[depth]);
}

static void resolver_begin(struct resolver *resolver, const struct policy *policy, struct value *values)
{
	*resolver = (struct resolver){.policy = policy, .values = values};
	resolver->files = arena_get(&resolver->arena, (policy->source_count + 1) * sizeof(*resolver->files));
	resolver->failed = !resolver->files;
	for (unsigned i = 0; i < KEY_COUNT && !resolver->failed; i++)
		resolver->failed = value_fallback((enum key_id)i, &resolver->arena, &values[i]) != 0;
}

/* The section of a profile, and for a login the rule that overrides it (SECTION_NONE: none). */
static struct profile *make_profile(const struct policy *policy, uint32_t section, uint32_t rule, const char *chosen_by,
                                    struct policy_errors *errors)
{
	struct profile *profile = calloc(1, sizeof(*profile));
	struct arena *owner = calloc(1, sizeof(*owner));
	char name[80];
	size_t name_length = section_name(policy, section, name, sizeof(name));
	struct resolver resolver = {0};

	if (profile && owner) {
		resolver_begin(&resolver, policy, profile->values);
		if (!resolver.failed)
			apply_profile(&resolver, section);
		if (!resolver.failed && rule != SECTION_NONE)
			apply_section(&resolver, rule);
		profile->name = arena_copy(&resolver.arena, name, name_length);
		profile->chosen_by = arena_copy(&resolver.arena, chosen_by, strlen(chosen_by));
		*owner = resolver.arena;
		profile->memory = owner;
	}
	if (profile && owner && !resolver.failed && profile->name && profile->chosen_by)
		return profile;
	policy_error_add(errors, false, "policy", 0, 0, NULL, "out of memory");
	if (!profile || !profile->memory)
		free(owner);
	profile_free(profile);
	return NULL;
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	if (profile->memory)
		arena_clear(profile->memory);
	free(profile->memory);
	free(profile);
}

/* One key of one section over its layers: rules need a few long before a profile is made. */
static int read_key(const struct policy *policy, uint32_t section, enum key_id id, struct arena *arena,
                    struct value *ret_value)
{
	struct text_problem problem;
	struct setting_walk walk;
	struct setting setting;

	if (value_fallback(id, arena, ret_value) != 0)
		return -1;
	for (uint32_t layer = SECTION_NONE; layer != section;) {
		layer = policy_next_layer(policy, section, layer);
		setting_walk_begin(policy, layer, id == KEY_Profiles || id == KEY_ExemptGroups, &walk);
		while (setting_walk_next(&walk, &setting)) {
			struct value_origin origin = {policy->sources[setting.source].name, setting.line, true, false};
			if (setting.key == id &&
			    value_read(id, setting.text, setting.length, &origin, arena, ret_value, &problem) != 0)
				return -1;
		}
	}
	return 0;
}

int policy_add_value(const struct policy *policy, enum key_id id, struct profile *profile)
{
	enum section_kind kind = key_row(id)->sections & IN_RUN ? SECTION_RUN : SECTION_LOGIN;
	uint32_t section = policy_find(policy, kind, "", 0);

	if (section == SECTION_NONE)
		return value_fallback(id, profile->memory, &profile->values[id]);
	return read_key(policy, section, id, profile->memory, &profile->values[id]);
}

static bool has_word(const struct value *value, const char *word)
{
	for (size_t i = 0; i < value->word_count; i++)
		if (strcmp(value->words[i].text, word) == 0)
			return true;
	return false;
}

/* --- logins --- */

static bool is_member(const struct identity *person, const char *group)
{
	if (person->primary_group_name && strcmp(person->primary_group_name, group) == 0)
		return true;
	for (size_t i = 0; i < person->group_count; i++)
		if (person->groups[i].name && strcmp(person->groups[i].name, group) == 0)
			return true;
	return false;
}

bool login_is_exempt(const struct identity *person)
{
	return person->uid == 0 || is_member(person, exempt_group);
}

struct login {
	const struct policy *policy;
	const struct identity *person;
	struct arena arena;
	uint32_t *candidates;
	struct value *services; /* of each candidate */
	size_t count;
};

/* Rule 4, its last part. Returns 1 or 0, or -1 without memory. */
static int is_exempt_by_policy(struct login *login)
{
	uint32_t section = policy_find(login->policy, SECTION_LOGIN, "", 0);
	struct value groups;

	if (section == SECTION_NONE)
		return 0;
	if (read_key(login->policy, section, KEY_ExemptGroups, &login->arena, &groups) != 0)
		return -1;
	for (size_t i = 0; i < groups.word_count; i++)
		if (is_member(login->person, groups.words[i].text))
			return 1;
	return 0;
}

static void add_candidate(struct login *login, enum section_kind kind, const char *name)
{
	uint32_t section = name ? policy_find(login->policy, kind, name, strlen(name)) : SECTION_NONE;

	if (section == SECTION_NONE)
		return;
	for (size_t i = 0; i < login->count; i++)
		if (login->candidates[i] == section)
			return;
	login->candidates[login->count++] = section;
}

static int read_last_first(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x > y ? -1 : x < y;
}

/* Rule 5. A section's index grows in the order of reading, and policy_find gives the one read last. */
static int find_candidates(struct login *login)
{
	const struct identity *person = login->person;
	size_t most = person->group_count + 3;

	login->candidates = arena_get(&login->arena, most * sizeof(*login->candidates));
	login->services = arena_get(&login->arena, most * sizeof(*login->services));
	if (!login->candidates || !login->services)
		return -1;
	add_candidate(login, SECTION_USER, person->name);
	size_t groups = login->count;
	add_candidate(login, SECTION_GROUP, person->primary_group_name);
	for (size_t i = 0; i < person->group_count; i++)
		add_candidate(login, SECTION_GROUP, person->groups[i].name);
	qsort(login->candidates + groups, login->count - groups, sizeof(*login->candidates), read_last_first);
	add_candidate(login, SECTION_DEFAULT, "");
	for (size_t i = 0; i < login->count; i++)
		if (read_key(login->policy, login->candidates[i], KEY_Services, &login->arena, &login->services[i]) !=
		    0)
			return -1;
	return 0;
}

/* The candidate that decides for a service; login->count where none does. */
static size_t deciding(const struct login *login, const char *service)
{
	size_t i = 0;

	while (i < login->count && !has_word(&login->services[i], service))
		i++;
	return i;
}

/* The first candidate that confines the person through some service, whichever that is; login->count: none.
 */
static size_t confining(const struct login *login)
{
	for (size_t i = 0; i < login->count; i++)
		for (size_t s = 0; s < login->services[i].word_count; s++)
			if (deciding(login, login->services[i].words[s].text) == i &&
			    policy_named_profile(login->policy, login->candidates[i]) != SECTION_NONE)
				return i;
	return login->count;
}

/* "[user alice] in FILE:LINE" */
static void describe_rule(const struct policy *policy, uint32_t rule, char *buffer, size_t size)
{
	char title[300];

	snprintf(buffer, size, "%s in %s:%u", section_title(policy, rule, title, sizeof(title)),
	         section_file(policy, rule), section_line(policy, rule));
}

/* A user manager starts processes outside every session: an open door for whoever is confined anywhere. */
static enum login_decision no_candidate(const struct login *login, const char *service, struct policy_errors *errors)
{
	size_t index = strcmp(service, "systemd-user") == 0 ? confining(login) : login->count;
	char title[300];

	if (index == login->count)
		return LOGIN_NOT_CONFINED;
	uint32_t rule = login->candidates[index];
	policy_error_add(errors, false, section_file(login->policy, rule), section_line(login->policy, rule), 0,
	                 "list systemd-user in its Services= to admit it",
	                 "%s: systemd-user is refused to a confined person: a user manager runs things "
	                 "outside the sandbox",
	                 section_title(login->policy, rule, title, sizeof(title)));
	return LOGIN_VOID;
}

static enum login_decision decide(struct login *login, const char *service, struct profile **ret_profile,
                                  struct policy_errors *errors)
{
	char chosen_by[1024];
	int exempt = is_exempt_by_policy(login);

	if (exempt < 0 || (!exempt && find_candidates(login) != 0)) {
		policy_error_add(errors, false, "policy", 0, 0, NULL, "out of memory");
		return LOGIN_VOID;
	}
	if (exempt)
		return LOGIN_NOT_CONFINED;
	size_t index = deciding(login, service);
	if (index == login->count)
		return no_candidate(login, service, errors);
	uint32_t rule = login->candidates[index], profile = policy_named_profile(login->policy, rule);
	if (profile == SECTION_NONE)
		return LOGIN_NOT_CONFINED;
	describe_rule(login->policy, rule, chosen_by, sizeof(chosen_by));
	*ret_profile = make_profile(login->policy, profile, rule, chosen_by, errors);
	return *ret_profile ? LOGIN_CONFINED : LOGIN_VOID;
}

enum login_decision policy_select_login(const struct policy *policy, const struct identity *person, const char *service,
                                        struct profile **ret_profile, struct policy_errors *errors)
{
	struct login login = {.policy = policy, .person = person};

	*ret_profile = NULL;
	if (login_is_exempt(person))
		return LOGIN_NOT_CONFINED;
	enum login_decision decision = decide(&login, service, ret_profile, errors);
	arena_clear(&login.arena);
	return decision;
}

/* --- commands --- */

static bool profile_is_there(const struct policy *policy, const char *name)
{
	return policy_find(policy, SECTION_PROFILE, name, strlen(name)) != SECTION_NONE;
}

static void refuse_profile(const struct policy *policy, const char *wanted, const struct value *profiles,
                           struct policy_errors *errors)
{
	char quoted[128], hint[512] = "a caller may name: ";
	size_t start = strlen(hint), used = start;
	bool exists = profile_is_there(policy, wanted);

	for (size_t i = 0; i < profiles->word_count && used < sizeof(hint); i++)
		if (profile_is_there(policy, profiles->words[i].text))
			used += (size_t)snprintf(hint + used, sizeof(hint) - used, "%s%s", used > start ? ", " : "",
			                         profiles->words[i].text);
	quote_bytes(quoted, sizeof(quoted), wanted, strlen(wanted));
	if (exists)
		policy_error_add(errors, false, profiles->file ? profiles->file : "(built in)", profiles->line, 0, hint,
		                 "profile \"%s\" is not in Profiles= of [run]", quoted);
	else
		policy_error_add(errors, false, "--profile", 0, 0, hint, "there is no profile \"%s\"", quoted);
}

/* Rule 8: the list's names that exist, in its order; only the list that nobody set may name what is not
 * there. */
static const char *first_profile(const struct policy *policy, const struct value *profiles)
{
	for (size_t i = 0; i < profiles->word_count; i++)
		if (profile_is_there(policy, profiles->words[i].text))
			return profiles->words[i].text;
	return NULL;
}

static int select_run(const struct policy *policy, const char *wanted, bool any, struct arena *arena,
                      struct profile **ret_profile, struct policy_errors *errors)
{
	uint32_t run = policy_find(policy, SECTION_RUN, "", 0);
	struct value profiles;

	if (read_key(policy, run, KEY_Profiles, arena, &profiles) != 0) {
		policy_error_add(errors, false, "policy", 0, 0, NULL, "out of memory");
		return -1;
	}
	const char *name = wanted ? wanted : first_profile(policy, &profiles);
	if (!name) {
		policy_error_add(errors, false, profiles.file, profiles.line, 0, NULL,
		                 "Profiles= of [run] names no profile: no command may be run");
		return -1;
	}
	uint32_t section = policy_find(policy, SECTION_PROFILE, name, strlen(name));
	if (section == SECTION_NONE || (!any && !has_word(&profiles, name))) {
		refuse_profile(policy, name, &profiles, errors);
		return -1;
	}
	*ret_profile = make_profile(policy, section, SECTION_NONE, wanted ? "--profile" : "[run]", errors);
	return *ret_profile ? 0 : -1;
}

int policy_select_run(const struct policy *policy, const char *wanted, bool any, struct profile **ret_profile,
                      struct policy_errors *errors)
{
	struct arena arena = {0};

	*ret_profile = NULL;
	int result = select_run(policy, wanted, any, &arena, ret_profile, errors);
	arena_clear(&arena);
	return result;
}
