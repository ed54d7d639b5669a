/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A parsed policy, shared by config/policy.c (which makes it) and config/select.c (which asks it). What is
 * kept of a section is where it stands: its settings, all checked once, are read again from the text when
 * somebody is confined by them. So ten thousand sections cost twelve bytes each, and memory that is never
 * touched costs no page faults.
 */
#ifndef CONFIG_POLICY_TREE_H
#define CONFIG_POLICY_TREE_H

#include "config/policy.h"
#include "config/text.h"
#include "config/value.h"

#include <stdint.h>

enum section_kind {
	SECTION_PROFILE,
	SECTION_USER,
	SECTION_GROUP,
	SECTION_SLICE,
	SECTION_DEFAULT,
	SECTION_LOGIN,
	SECTION_RUN,
	SECTION_KINDS,
};

#define SECTION_NONE UINT32_MAX

/* How many profiles an Inherit= may lead through. */
#define POLICY_INHERIT_MAX 32

/* One section of one file. Sections of one name are chained, the one read last first. */
struct section {
	uint32_t hash;        /* of kind and name */
	uint32_t older;       /* the section of the same name read before this one; SECTION_NONE */
	uint32_t offset : 20; /* of the "[" in its source; a source is at most 1 MiB */
	uint32_t kind : 3;
	uint32_t superseded : 1;    /* a section of the same name was read later */
	uint32_t names_profile : 1; /* has a Profile= or Inherit= */
	uint32_t settled : 1;       /* a login rule that names a profile known to exist: nothing left to check */
};

struct policy {
	struct policy_source *sources;
	uint32_t *first_sections; /* per source: how many sections came before it */
	size_t source_count;
	struct section *sections;
	uint32_t section_count, section_capacity;
	uint32_t *slots;     /* hash table of the newest sections: index + 1; 0: free */
	uint32_t slot_count; /* a power of two */
};

/* A setting as it stands in the text. */
struct setting {
	enum key_id key;
	size_t source;
	const char *text; /* of the value, not terminated */
	size_t length;
	unsigned line; /* 0 where the walk does not count */
};

struct setting_walk {
	const struct policy *policy;
	size_t source;
	unsigned kind; /* of the section */
	const char *cursor, *end;
	unsigned lines;
	bool counts;
};

/* Begins to read the settings of one section; counts: with line numbers, which costs a look at all the text
 * before. */
void setting_walk_begin(const struct policy *policy, uint32_t section, bool counts, struct setting_walk *ret_walk);
bool setting_walk_next(struct setting_walk *walk, struct setting *ret_setting);

/* The newest section of a kind and name (length 0 for kinds without names), SECTION_NONE where there is none.
 */
uint32_t policy_find(const struct policy *policy, enum section_kind kind, const char *name, size_t length);

/* The layer of a section that comes next after one (SECTION_NONE: the oldest). newest itself comes last. */
uint32_t policy_next_layer(const struct policy *policy, uint32_t newest, uint32_t after);

/* The setting that decides over all layers which profile a section names: Profile= or Inherit=. False: none
 * does. */
bool policy_profile_setting(const struct policy *policy, uint32_t section, struct setting *ret_setting);

/* The section of the profile that Profile= or Inherit= of a section names; SECTION_NONE where there is none.
 */
uint32_t policy_named_profile(const struct policy *policy, uint32_t section);

/* Where a section stands. */
const char *section_file(const struct policy *policy, uint32_t section);
unsigned section_line(const struct policy *policy, uint32_t section);

/* Its name, unquoted; at most size bytes, not terminated. Returns the length. */
size_t section_name(const struct policy *policy, uint32_t section, char *buffer, size_t size);

/* "[user alice]" for messages. */
const char *section_title(const struct policy *policy, uint32_t section, char *buffer, size_t size);

#endif
