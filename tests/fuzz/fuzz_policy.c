/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as two layers of policy (cut at the first byte 0x01) and as a caller's --set. Whatever is accepted must be
 * selectable, and what `policy show` prints of it must parse to the same profile.
 */
#include "config/policy.h"
#include "config/value.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* What is accepted but cannot be written in one line: a list that begins with refusals and goes on with words that allow,
 * "none" among others, or a list too long for a line. Only layers can make these. */
static bool is_inexpressible(const struct policy_errors *errors)
{
	static const char *const texts[] = {"~ stands before", "none", "longer than 4 KiB"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strstr(errors->list[0].text, texts[i]))
			return true;
	return false;
}

static void compare(const struct profile *a, const struct policy *shown)
{
	struct policy_errors errors = {0};
	struct profile *b = NULL;

	if (policy_select_run(shown, a->name, true, &b, &errors) != 0)
		abort();
	for (unsigned i = 0; i < KEY_COUNT; i++)
		if (a->values[i].is_set != b->values[i].is_set ||
		    !value_equal(key_row((enum key_id)i), &a->values[i], &b->values[i]))
			abort();
	profile_free(b);
}

static void round_trip(const char *name, void *data)
{
	struct policy_errors errors = {0};
	struct profile *profile = NULL;
	struct policy *shown = NULL;

	if (policy_select_run(data, name, true, &profile, &errors) != 0)
		abort();
	(void)profile_check_enforced(profile, &errors);
	policy_errors_clear(&errors);
	char *text = profile_show(profile, SHOW_ORIGINS);
	if (!text)
		abort();
	struct policy_source source = {"shown", text, strlen(text)};
	if (policy_parse(&source, 1, &shown, &errors) == 0)
		compare(profile, shown);
	else if (!is_inexpressible(&errors))
		abort();
	policy_free(shown);
	policy_errors_clear(&errors);
	free(text);
	profile_free(profile);
}

static void choose(const struct policy *policy, const char *assignment)
{
	static const struct identity_group groups[] = {
	        {5, "g"       },
                {6, "students"}
        };
	static const struct identity person = {
	        .uid = 1,
	        .gid = 1,
	        .name = "a",
	        .primary_group_name = "a",
	        .home = "/h",
	        .shell = "/s",
	        .groups = groups,
	        .group_count = 2,
	};
	struct policy_errors errors = {0};
	struct profile *profile = NULL;

	policy_select_login(policy, &person, "sshd", &profile, &errors);
	profile_free(profile);
	policy_select_login(policy, &person, "systemd-user", &profile, &errors);
	profile_free(profile);
	if (policy_select_run(policy, NULL, false, &profile, &errors) == 0) {
		(void)profile_set(profile, assignment, true, &errors);
		(void)profile_set(profile, assignment, false, &errors);
	}
	profile_free(profile);
	policy_errors_clear(&errors);
}

/* Copies end where the data ends, so that a sanitizer sees every byte read too far. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const unsigned char *cut = size ? memchr(data, 1, size) : NULL;
	size_t first = cut ? (size_t)(cut - data) : size, second = cut ? size - first - 1 : 0;
	char *low = malloc(first + 1), *high = malloc(second + 1), *assignment = malloc(size + 1);
	struct policy_errors errors = {0};
	struct policy *policy = NULL;

	if (low && high && assignment) {
		memcpy(low + 1, data, first);
		memcpy(high + 1, data + size - second, second);
		memcpy(assignment, data, size);
		assignment[size] = '\0';
		struct policy_source sources[] = {
		        policy_builtin, {"low",  low + 1,  first },
                         {"high", high + 1, second}
                };
		if (policy_parse(sources, 3, &policy, &errors) == 0) {
			policy_each_profile(policy, round_trip, policy);
			choose(policy, assignment);
		}
	}
	policy_free(policy);
	policy_errors_clear(&errors);
	free(low);
	free(high);
	free(assignment);
	return 0;
}
