/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the makers of a policy share: config/policy.c, config/policy_check.c and config/policy_tree.c. */
#ifndef CONFIG_POLICY_PARSE_H
#define CONFIG_POLICY_PARSE_H

#include "config/policy_tree.h"

enum { SECTION_NAME_MAX = 256 };

struct section_kind_row {
	const char *word;
	bool named;
	unsigned sections; /* enum key_sections: the keys it takes */
};

extern const struct section_kind_row section_kinds[SECTION_KINDS];

/* Whether a key may stand in a section: Inherit= is for profiles, their other keys are for login rules too. */
bool section_takes(unsigned kind, enum key_id id);

uint32_t section_hash(enum section_kind kind, const char *name, size_t length);

/* The slot of a name: its own, or the free one where it belongs. */
uint32_t *section_slot(const struct policy *policy, uint32_t hash, enum section_kind kind, const char *name,
                       size_t length);

/* The source a section stands in. */
size_t section_source(const struct policy *policy, uint32_t section);

/* The name that the value of Profile= or Inherit= holds: it has no escapes, but may be quoted. */
static inline const char *setting_name(const char *text, size_t length, size_t *ret_length)
{
	bool quoted = *text == '"' || *text == '\'';

	*ret_length = length - (quoted ? 2 : 0);
	return text + quoted;
}

static inline bool is_none(const char *name, size_t length)
{
	return length == 4 && name[0] == 'n' && name[1] == 'o' && name[2] == 'n' && name[3] == 'e';
}

/* What must hold between sections: references, inheritance, rule 6. Adds errors. */
void policy_check_sections(const struct policy *policy, struct policy_errors *errors);

#endif
