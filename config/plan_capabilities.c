/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The capabilities of processes inside. They count in the sandbox's own user namespace only (user_namespaces(7)): over its
 * network, where it has one, and over files of the person. Two would undo the sandbox there and are refused to all, three what a
 * translated network promises.
 */
#include "config/draft.h"
#include "config/value.h"

#include <linux/capability.h>
#include <string.h>

static const struct {
	int number;
	uint32_t only_with; /* PLAN_*; 0: always */
	const char *why;
} refused[] = {
        {CAP_SYS_ADMIN,  0,             "CAP_SYS_ADMIN would unmount what hides and protects files"                 },
        {CAP_SETGID,     0,             "CAP_SETGID would leave a group that bars from files"                       },
        {CAP_NET_ADMIN,  PLAN_OUTBOUND, "CAP_NET_ADMIN would open PrivateNetwork=outbound to the host's loopback"   },
        {CAP_NET_RAW,    PLAN_OUTBOUND, "CAP_NET_RAW would open PrivateNetwork=outbound to the host's loopback"     },
        {CAP_SYS_PTRACE, PLAN_OUTBOUND, "CAP_SYS_PTRACE would take over what translates for PrivateNetwork=outbound"},
};

static uint64_t read_set(const struct value *value)
{
	const uint64_t all = (UINT64_C(2) << CAP_LAST_CAP) - 1;
	uint64_t set = value->word_count > 0 && value->words[0].text[0] == '~' ? all : 0;

	for (size_t i = 0; i < value->word_count; i++) {
		const char *word = value->words[i].text;
		bool without = *word == '~';
		int number = value_capability(word + without, strlen(word + without));
		uint64_t bit = number < 0 ? 0 : UINT64_C(1) << number;
		set = without ? set & ~bit : set | bit;
	}
	return set;
}

static int fail(struct draft *draft, enum key_id key, const char *hint, const char *why)
{
	const struct value_word *word = &profile_value(draft->profile, key)->words[0];

	policy_error_add(draft->errors, false, word->file, word->line, 0, hint, "%s: %s", key_row(key)->name, why);
	return -1;
}

int plan_capabilities(struct draft *draft)
{
	struct plan *head = &draft->head;

	head->bounding = read_set(profile_value(draft->profile, KEY_CapabilityBoundingSet));
	head->ambient = read_set(profile_value(draft->profile, KEY_AmbientCapabilities));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if ((head->bounding >> refused[i].number & 1) &&
		    (head->flags & refused[i].only_with) == refused[i].only_with)
			return fail(draft, KEY_CapabilityBoundingSet, "leave it out", refused[i].why);
	if (head->ambient & ~head->bounding)
		return fail(draft, KEY_AmbientCapabilities, "name them in CapabilityBoundingSet= too",
		            "not all of these are in CapabilityBoundingSet=");
	return 0;
}
