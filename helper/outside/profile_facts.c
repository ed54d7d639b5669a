/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts that only some profiles ask for, so that nobody else's start pays for them. */
#include "helper/outside/facts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/policy.h"
#include "helper/die.h"

enum { SUBORDINATE_MAX = 1 << 30 };

static bool read_decimal(const char *text, uint32_t least, uint32_t most, uint32_t *ret_number)
{
	char *end;

	errno = 0;
	unsigned long number = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || errno || (*end && *end != '\n') || number < least || number > most)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

/* "NAME or UID:START:COUNT" (subuid(5)); the first line of the person counts. */
static struct id_range read_subordinate(const char *path, const struct identity *person)
{
	char line[1024], uid[16];
	struct id_range range = {0};
	FILE *file = fopen(path, "re");

	snprintf(uid, sizeof(uid), "%u", person->uid);
	while (file && range.count == 0 && fgets(line, sizeof(line), file)) {
		char *start = strchr(line, ':'), *count = start ? strchr(start + 1, ':') : NULL;
		if (!count)
			continue;
		*start++ = *count++ = '\0';
		if (strcmp(line, person->name) != 0 && strcmp(line, uid) != 0)
			continue;
		if (!read_decimal(start, 1, UINT32_MAX - SUBORDINATE_MAX - 1, &range.start) ||
		    !read_decimal(count, 1, SUBORDINATE_MAX, &range.count))
			die("%s: the range of %s is not usable", path, person->name);
	}
	if (file)
		fclose(file);
	return range;
}

void facts_for_profile(struct host_facts *facts, const struct profile *profile, const struct identity *person)
{
	if (profile_value(profile, KEY_IDMap)->number == 2) { /* subid */
		facts->subordinate_uids = read_subordinate("/etc/subuid", person);
		facts->subordinate_gids = read_subordinate("/etc/subgid", person);
	}
	const struct value *root = profile_value(profile, KEY_RootDirectory);
	if (root->text && strcmp(root->text, "/") != 0) {
		struct policy_errors errors = {0};
		facts->root_directory = specifiers_expand(root->text, person, &errors);
		if (!facts->root_directory)
			die("RootDirectory: %s cannot be expanded", root->text);
		facts_read_root(facts, facts->root_directory);
	}
}
