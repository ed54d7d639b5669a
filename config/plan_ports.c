/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ConnectPorts= and BindPorts= as Landlock rules (landlock(7), "Network flags"). They were asked for by name and nothing else
 * enforces them: where the kernel cannot, the sandbox is refused under Landlock=prefer too.
 */
#include "config/draft.h"
#include "config/numbers.h"

enum { NETWORK_ABI = 4 };

static const struct {
	enum key_id key;
	uint64_t access;
} kinds[] = {
        {KEY_BindPorts,    1 << 0}, /* LANDLOCK_ACCESS_NET_BIND_TCP */
        {KEY_ConnectPorts, 1 << 1}, /* LANDLOCK_ACCESS_NET_CONNECT_TCP */
};

static int refuse(struct draft *draft, const struct value_word *word, enum key_id key, const char *hint,
                  const char *why)
{
	policy_error_add(draft->errors, false, word->file, word->line, 0, hint, "%s: %s", key_row(key)->name, why);
	return -1;
}

static int check_landlock(struct draft *draft, enum key_id key)
{
	const struct value_word *word = &profile_value(draft->profile, key)->words[0];

	if (!profile_is(draft->profile, KEY_Landlock))
		return refuse(draft, word, key, "set Landlock=prefer", "ports cannot be restricted with Landlock=off");
	if (draft->facts->landlock_abi < NETWORK_ABI)
		return refuse(draft, word, key,
		              "leave it out, or boot Linux 6.7 or newer with landlock in its lsm= list",
		              "this kernel's Landlock knows no ports");
	return 0;
}

int plan_ports(struct draft *draft)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct value *value = profile_value(draft->profile, kinds[i].key);
		uint32_t first, last;
		struct numbers ports;
		if (value->word_count == 0)
			continue;
		if (check_landlock(draft, kinds[i].key) != 0)
			return -1;
		draft->head.landlock_handled_net |= kinds[i].access;
		numbers_read(value, &ports);
		for (uint32_t from = 0; numbers_next(&ports, from, &first, &last); from = last + 1) {
			struct plan_landlock_ports *rule = DRAFT_ADD(draft, landlock_ports, struct plan_landlock_ports);
			*rule = (struct plan_landlock_ports){first, last, kinds[i].access};
		}
	}
	return 0;
}
