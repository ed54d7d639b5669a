/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Policy text to sections, every line of every file checked. One pass; a line that is byte for byte one that
 * was found good before is not looked at again, since in a policy for many people most lines are.
 */
#include "config/policy.h"

#include "config/policy_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct section_kind_row section_kinds[SECTION_KINDS] = {
        [SECTION_PROFILE] = {"profile", true,  IN_PROFILE                },
        [SECTION_USER] = {"user",    true,  IN_LOGIN_RULE | IN_PROFILE},
        [SECTION_GROUP] = {"group",   true,  IN_LOGIN_RULE | IN_PROFILE},
        [SECTION_SLICE] = {"slice",   true,  IN_SLICE                  },
        [SECTION_DEFAULT] = {"default", false, IN_LOGIN_RULE | IN_PROFILE},
        [SECTION_LOGIN] = {"login",   false, IN_LOGIN                  },
        [SECTION_RUN] = {"run",     false, IN_RUN                    },
};

enum { SEEN_WORDS = (KEY_COUNT + 63) / 64, SOURCES_MAX = 4096, KNOWN_LINES = 128 };

/* A setting's line that was found good. */
struct known_line {
	const char *text;
	uint32_t length;
	uint16_t key;
	bool names_existing; /* Profile= of a profile that has been read already */
};

struct parser {
	struct policy *policy;
	struct policy_errors *errors;
	const struct policy_source *source;
	size_t source_index;
	unsigned line;        /* of the logical line's beginning */
	const char *start;    /* its text */
	uint32_t section;     /* SECTION_NONE: settings here belong nowhere */
	bool section_refused; /* its head was an error: its settings are not reported as well */
	bool out_of_memory;
	uint64_t seen[SEEN_WORDS]; /* keys of this section */
	struct known_line known[KNOWN_LINES];
	struct text_problem problem;
};

/* --- errors --- */

/* Lines and columns of a place on the logical line; joined lines count on. */
static void locate(const struct parser *parser, const char *at, unsigned *ret_line, unsigned *ret_column)
{
	const char *start = parser->start;
	unsigned line = parser->line;

	for (const char *newline; at > start && (newline = memchr(start, '\n', (size_t)(at - start)));) {
		start = newline + 1;
		line++;
	}
	*ret_line = line;
	*ret_column = at >= start ? (unsigned)(at - start) + 1 : 0;
}

static void report(struct parser *parser, const char *at, const char *hint, const char *text)
{
	unsigned line, column;

	locate(parser, at, &line, &column);
	policy_error_add(parser->errors, false, parser->source->name, line, column, hint, "%s", text);
}

static void report_problem(struct parser *parser)
{
	report(parser, parser->problem.at, parser->problem.hint, parser->problem.text);
}

static __attribute__((format(printf, 4, 5))) void report_format(struct parser *parser, const char *at, const char *hint,
                                                                const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	report(parser, at, hint, text);
}

/* --- sections --- */

static bool slots_grow(struct policy *policy, uint32_t count)
{
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return false;
	for (uint32_t i = 0; i < policy->slot_count; i++) {
		if (policy->slots[i] == 0)
			continue;
		uint32_t at = policy->sections[policy->slots[i] - 1].hash & (count - 1);
		while (slots[at])
			at = (at + 1) & (count - 1);
		slots[at] = policy->slots[i];
	}
	free(policy->slots);
	policy->slots = slots;
	policy->slot_count = count;
	return true;
}

static bool sections_grow(struct policy *policy, uint32_t capacity)
{
	struct section *sections = reallocarray(policy->sections, capacity, sizeof(*sections));

	if (!sections)
		return false;
	policy->sections = sections;
	policy->section_capacity = capacity;
	return true;
}

static bool reserve(struct policy *policy)
{
	/* Seven eighths full at most. */
	if (policy->section_count + 1 > policy->slot_count - policy->slot_count / 8 &&
	    !slots_grow(policy, policy->slot_count * 2))
		return false;
	return policy->section_count < policy->section_capacity || sections_grow(policy, policy->section_capacity * 2);
}

static void report_second(struct parser *parser, uint32_t first)
{
	char title[300], hint[80];

	snprintf(hint, sizeof(hint), "it began in line %u; put all its settings there",
	         section_line(parser->policy, first));
	report_format(parser, parser->start, hint, "%s stands in this file twice",
	              section_title(parser->policy, first, title, sizeof(title)));
}

static void section_add(struct parser *parser, enum section_kind kind, const char *open, const char *name,
                        size_t length)
{
	struct policy *policy = parser->policy;
	uint32_t hash = section_hash(kind, name, length);

	if (!reserve(policy)) {
		parser->out_of_memory = true;
		return;
	}
	uint32_t *slot = section_slot(policy, hash, kind, name, length), older = *slot - 1;
	policy->sections[policy->section_count] = (struct section){
	        .hash = hash,
	        .older = older,
	        .offset = (uint32_t)(open - parser->source->text) & 0xfffff,
	        .kind = kind & 7,
	};
	if (older != SECTION_NONE) {
		policy->sections[older].superseded = true;
		if (older >= policy->first_sections[parser->source_index])
			report_second(parser, older);
	}
	parser->section = policy->section_count;
	*slot = ++policy->section_count;
}

/* --- heads --- */

static enum section_kind find_kind(const char *word, size_t length)
{
	for (unsigned i = 0; i < SECTION_KINDS; i++) {
		const char *known = section_kinds[i].word;
		if (*known == *word && strlen(known) == length && memcmp(known, word, length) == 0)
			return (enum section_kind)i;
	}
	return SECTION_KINDS;
}

static void unknown_section(struct parser *parser, const char *at, const char *word, size_t length)
{
	char quoted[128], hint[160];
	unsigned best = 3;

	snprintf(hint, sizeof(hint),
	         "sections are [profile NAME] [user NAME] [group NAME] [slice NAME] [default] [login] [run]");
	for (unsigned i = 0; i < SECTION_KINDS; i++) {
		unsigned distance = text_distance(word, length, section_kinds[i].word, strlen(section_kinds[i].word));
		if (distance >= best)
			continue;
		best = distance;
		snprintf(hint, sizeof(hint), "did you mean [%s%s]?", section_kinds[i].word,
		         section_kinds[i].named ? " NAME" : "");
	}
	report_format(parser, at, hint, "unknown section \"%s\"", quote_bytes(quoted, sizeof(quoted), word, length));
}

/* Letters, digits and the like, which need no second look. */
static size_t plain_length(const char *at, const char *end)
{
	const char *start = at;

	while (at < end && ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') ||
	                    *at == '_' || (at > start && (*at == '-' || *at == '.'))))
		at++;
	return (size_t)(at - start);
}

static bool is_possible_name(enum section_kind kind, const char *name, size_t length)
{
	if (kind == SECTION_PROFILE || kind == SECTION_SLICE)
		return value_is_name(name, length);
	return length > 0 && length < SECTION_NAME_MAX && !memchr(name, ':', length) && !memchr(name, '/', length) &&
	       !memchr(name, '\n', length);
}

static void add_named(struct parser *parser, enum section_kind kind, const char *open, const char *at, const char *name,
                      size_t length)
{
	if (kind == SECTION_PROFILE && is_none(name, length))
		report(parser, at, NULL, "the profile name \"none\" is reserved");
	else
		section_add(parser, kind, open, name, length);
}

/* A name that is quoted, unusual, not possible or not there at all. */
static __attribute__((noinline)) void parse_odd_name(struct parser *parser, enum section_kind kind, const char *open,
                                                     const char *at, const char *end)
{
	char name[SECTION_NAME_MAX];
	const char *cursor = at, *kind_word = section_kinds[kind].word;
	struct text_word word;
	int result = text_next_word(&cursor, end, false, &word, &parser->problem);
	size_t length = result == 1 && word.length < sizeof(name) ? text_unquote(&word, name) : 0;

	if (result > 0)
		text_skip_blanks(&cursor, end);
	if (result < 0)
		report_problem(parser);
	else if (result == 0)
		report_format(parser, at, NULL, "[%s ...]: a name is missing", kind_word);
	else if (cursor != end)
		report_format(parser, cursor, "quote a name with blanks", "[%s ...]: one name is possible", kind_word);
	else if (!is_possible_name(kind, name, length))
		report_format(parser, at, NULL, "not a possible name for a %s", kind_word);
	else
		add_named(parser, kind, open, at, name, length);
}

/* at: the name, end: the "]". */
static void parse_name(struct parser *parser, enum section_kind kind, const char *open, const char *at, const char *end)
{
	size_t length = plain_length(at, end);

	if (at + length != end || length == 0 || length > 64)
		parse_odd_name(parser, kind, open, at, end);
	else
		add_named(parser, kind, open, at, at, length);
}

/* open: the "[", end: the "]". */
static void parse_head(struct parser *parser, const char *open, const char *end)
{
	const char *at = open + 1;

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	const char *word = at;
	while (at < end && *at != ' ' && *at != '\t')
		at++;
	enum section_kind kind = find_kind(word, (size_t)(at - word));
	if (kind == SECTION_KINDS) {
		unknown_section(parser, word, word, (size_t)(at - word));
		return;
	}
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (section_kinds[kind].named)
		parse_name(parser, kind, open, at, end);
	else if (at == end)
		section_add(parser, kind, open, at, 0);
	else
		report_format(parser, at, NULL, "[%s] has no name", section_kinds[kind].word);
}

/* The "]" that closes a head is the last byte of the line, so that names in quotes may hold one. */
static void parse_section(struct parser *parser, const char *open, const char *end)
{
	parser->section = SECTION_NONE;
	parser->section_refused = true;
	memset(parser->seen, 0, sizeof(parser->seen));
	if (end[-1] == ']' && end - 1 > open) {
		parse_head(parser, open, end - 1);
		return;
	}
	const char *inner = memchr(open, ']', (size_t)(end - open));
	if (inner)
		report(parser, inner + 1, "a comment is a line of its own", "text after the section's \"]\"");
	else
		report(parser, open, NULL, "\"[\" without \"]\"");
}

/* --- settings --- */

/* Keys of systemd that have no row here, and why. */
static const struct {
	const char *name;
	const char *hint;
} foreign[] = {
        {"ProtectClock",         "always so here: leave the line out"                     },
        {"ProtectKernelModules", "always so here: leave the line out"                     },
        {"PrivateMounts",        "always so here: leave the line out"                     },
        {"RemoveIPC",            "PrivateIPC=yes removes them with the sandbox"           },
        {"PrivateUsers",         "always so here; IDMap= says which ids exist"            },
        {"DynamicUser",          "not in a policy: a sandbox runs as the person it is for"},
        {"User",                 "not in a policy: a sandbox runs as the person it is for"},
        {"Group",                "not in a policy: a sandbox runs as the person it is for"},
};

static void unknown_key(struct parser *parser, const char *at, size_t length)
{
	char quoted[128], near[80];
	const char *hint = NULL;

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]) && !hint; i++)
		if (strlen(foreign[i].name) == length && memcmp(foreign[i].name, at, length) == 0)
			hint = foreign[i].hint;
	enum key_id nearest = hint ? KEY_COUNT : key_nearest(at, length);
	if (nearest != KEY_COUNT) {
		snprintf(near, sizeof(near), "did you mean %s?", key_row(nearest)->name);
		hint = near;
	}
	report_format(parser, at, hint, "unknown key \"%s\"", quote_bytes(quoted, sizeof(quoted), at, length));
}

static void misplaced_key(struct parser *parser, const char *at, const struct key *key)
{
	const char *hint = "it belongs in [profile], [user], [group] or [default]";
	char title[300];

	if (key->sections & IN_LOGIN_RULE)
		hint = "it belongs in [user], [group] or [default]";
	else if (key->sections & IN_LOGIN)
		hint = "it belongs in [login]";
	else if (key->sections & IN_RUN)
		hint = "it belongs in [run]";
	else if (key == key_row(KEY_Inherit))
		hint = "it belongs in [profile]; here it is Profile=";
	else if (!(key->sections & IN_PROFILE))
		hint = "it belongs in [slice]";
	report_format(parser, at, hint, "%s does not belong in %s", key->name,
	              section_title(parser->policy, parser->section, title, sizeof(title)));
}

static void repeated_key(struct parser *parser, const char *at, enum key_id id)
{
	struct setting_walk walk;
	struct setting setting;
	char hint[120];
	unsigned line = 0;

	setting_walk_begin(parser->policy, parser->section, true, &walk);
	while (!line && setting_walk_next(&walk, &setting))
		if (setting.key == id)
			line = setting.line;
	snprintf(hint, sizeof(hint), "line %u has it already%s", line,
	         key_is_list(key_row(id)) ? "; all words of a list stand on one line" : "");
	report_format(parser, at, hint, "%s is set twice in this section", key_row(id)->name);
}

/* Whether a key may stand here, once. Reports where not. */
static bool admit_key(struct parser *parser, const char *at, enum key_id id)
{
	uint64_t bit = 1ULL << id % 64;

	if (!section_takes(parser->policy->sections[parser->section].kind, id)) {
		misplaced_key(parser, at, key_row(id));
		return false;
	}
	if (parser->seen[id / 64] & bit) {
		repeated_key(parser, at, id);
		return false;
	}
	parser->seen[id / 64] |= bit;
	return true;
}

static struct known_line *known_slot(struct parser *parser, const char *line, size_t length)
{
	uint64_t first, last;

	if (length < 8)
		return NULL;
	memcpy(&first, line, 8);
	memcpy(&last, line + length - 8, 8);
	uint64_t hash = (first ^ (last << 1 | last >> 63) ^ length) * 0xff51afd7ed558ccdu;
	return &parser->known[hash >> 57];
}

static void apply_setting(struct parser *parser, enum key_id id, bool names_existing)
{
	struct section *section = &parser->policy->sections[parser->section];

	section->names_profile |= id == KEY_Profile || id == KEY_Inherit;
	section->settled |= names_existing;
}

static void check_setting(struct parser *parser, const char *line, const char *end, struct known_line *slot)
{
	const char *key, *value;
	size_t length;
	bool names_existing = false;

	if (!text_split_setting(line, end, &key, &length, &value)) {
		report(parser, line, NULL,
		       *line == '=' ? "a key is missing before \"=\"" : "neither a section nor KEY=VALUE");
		return;
	}
	enum key_id id = key_find(key, length);
	if (id == KEY_COUNT) {
		unknown_key(parser, key, length);
		return;
	}
	if (!admit_key(parser, key, id))
		return;
	if (value_check(id, value, (size_t)(end - value), false, &parser->problem) != 0) {
		report_problem(parser);
		/* What the rule names is not known, but it is not missing either. */
		parser->policy->sections[parser->section].settled |= id == KEY_Profile;
		return;
	}
	if (id == KEY_Profile) {
		const char *name = setting_name(value, (size_t)(end - value), &length);
		names_existing = policy_find(parser->policy, SECTION_PROFILE, name, length) != SECTION_NONE;
	}
	apply_setting(parser, id, names_existing);
	if (slot)
		*slot = (struct known_line){line, (uint32_t)(end - line), (uint16_t)id, names_existing};
}

static void parse_setting(struct parser *parser, const char *line, const char *end)
{
	size_t length = (size_t)(end - line);

	if (parser->section == SECTION_NONE) {
		if (!parser->section_refused)
			report(parser, line, "begin with a section, such as [profile NAME]",
			       "a setting before the first section");
		return;
	}
	struct known_line *slot = known_slot(parser, line, length);
	if (!slot || slot->length != length || memcmp(slot->text, line, length) != 0)
		check_setting(parser, line, end, slot);
	else if (admit_key(parser, line, (enum key_id)slot->key))
		apply_setting(parser, (enum key_id)slot->key, slot->names_existing);
}

/* --- sources --- */

static void parse_line(struct parser *parser, const char *line, size_t length)
{
	const char *end = text_cut(&line, length);

	if (line == end || *line == '#' || *line == ';')
		return;
	if (*line == '[')
		parse_section(parser, line, end);
	else
		parse_setting(parser, line, end);
}

static void parse_lines(struct parser *parser)
{
	const char *cursor = parser->source->text, *end = cursor + parser->source->length, *line;
	unsigned lines = 0;
	size_t length;
	int result;

	parser->section = SECTION_NONE;
	parser->section_refused = false;
	while (!parser->out_of_memory) {
		parser->line = lines + 1;
		parser->start = cursor;
		result = text_next_line(&cursor, end, &line, &length, &lines, &parser->problem);
		if (result == 0)
			return;
		if (result < 0)
			report_problem(parser);
		else if (length > 0)
			parse_line(parser, line, length);
	}
}

static void parse_source(struct parser *parser, size_t index)
{
	parser->source = &parser->policy->sources[index];
	parser->source_index = index;
	parser->policy->first_sections[index] = parser->policy->section_count;
	parser->start = parser->source->text;
	parser->line = 1;
	if (parser->source->length > TEXT_FILE_MAX)
		policy_error_add(parser->errors, false, parser->source->name, 0, 0, NULL,
		                 "the file is larger than 1 MiB");
	else if (text_check(parser->source->text, parser->source->length, &parser->problem) != 0)
		report_problem(parser);
	else
		parse_lines(parser);
}

/* --- entry --- */

/* Room for the sections a text of this size usually holds, so that it seldom has to grow. */
static bool reserve_for(struct policy *policy)
{
	size_t bytes = 0;
	uint32_t slots = 64;

	for (size_t i = 0; i < policy->source_count; i++)
		bytes += policy->sources[i].length < TEXT_FILE_MAX ? policy->sources[i].length : TEXT_FILE_MAX;
	while (slots < bytes / 40 && slots < 1u << 22)
		slots *= 2;
	return slots_grow(policy, slots) && sections_grow(policy, slots);
}

static struct policy *policy_new(const struct policy_source *sources, size_t count)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return NULL;
	policy->sources = calloc(count + 1, sizeof(*policy->sources));
	policy->first_sections = calloc(count + 1, sizeof(*policy->first_sections));
	if (policy->sources && policy->first_sections) {
		for (size_t i = 0; i < count; i++)
			policy->sources[i] = sources[i];
		policy->source_count = count;
		/* Sources not yet read begin behind every section. */
		memset(policy->first_sections, 0xff, (count + 1) * sizeof(*policy->first_sections));
		if (reserve_for(policy))
			return policy;
	}
	policy_free(policy);
	return NULL;
}

int policy_parse(const struct policy_source *sources, size_t count, struct policy **ret_policy,
                 struct policy_errors *errors)
{
	size_t before = errors->errors;
	struct policy *policy = count <= SOURCES_MAX ? policy_new(sources, count) : NULL;
	struct parser parser = {.policy = policy, .errors = errors};

	for (size_t i = 0; policy && i < count; i++)
		parse_source(&parser, i);
	if (!policy || parser.out_of_memory)
		policy_error_add(errors, false, "policy", 0, 0, NULL,
		                 count > SOURCES_MAX ? "too many files" : "out of memory");
	else
		policy_check_sections(policy, errors);
	if (errors->errors == before) {
		*ret_policy = policy;
		return 0;
	}
	policy_free(policy);
	return -1;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	free(policy->sources);
	free(policy->first_sections);
	free(policy->sections);
	free(policy->slots);
	free(policy);
}
