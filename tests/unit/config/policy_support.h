/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the policy language share: texts in, policies, profiles and messages out. */
#ifndef TESTS_POLICY_SUPPORT_H
#define TESTS_POLICY_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/policy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Freed by teardown, also after an assertion that failed. */
static struct policy *test_policy;
static struct profile *test_profile;
static struct policy_errors test_errors;

static inline int teardown(void **state)
{
	(void)state;
	profile_free(test_profile);
	policy_free(test_policy);
	policy_errors_clear(&test_errors);
	test_profile = NULL;
	test_policy = NULL;
	return 0;
}

static inline struct policy_source source(const char *name, const char *text)
{
	return (struct policy_source){name, text, strlen(text)};
}

static inline int parse_layers(const struct policy_source *sources, size_t count)
{
	policy_free(test_policy);
	test_policy = NULL;
	policy_errors_clear(&test_errors);
	int result = policy_parse(sources, count, &test_policy, &test_errors);
	assert_int_equal(result == 0, test_errors.errors == 0);
	return result;
}

/* One file above the compiled-in layer. */
static inline int parse(const char *text)
{
	struct policy_source sources[] = {policy_builtin, source("f", text)};

	return parse_layers(sources, COUNT(sources));
}

static inline void print_errors(void)
{
	char line[1024];

	for (size_t i = 0; i < test_errors.count; i++) {
		policy_error_format(&test_errors.list[i], line, sizeof(line));
		print_message("%s\n", line);
	}
}

static inline void accept_policy(const char *text)
{
	if (parse(text) != 0) {
		print_message("refused: %s\n", text);
		print_errors();
		fail();
	}
}

/* One entry of the list of errors, as it is shown. */
static inline void assert_error(size_t index, const char *expected)
{
	char line[1024];

	if (index >= test_errors.count) {
		print_message("missing: %s\n", expected);
		print_errors();
		fail();
	}
	policy_error_format(&test_errors.list[index], line, sizeof(line));
	assert_string_equal(line, expected);
}

/* The profile of a command, any name. */
static inline const struct profile *choose(const char *name)
{
	profile_free(test_profile);
	test_profile = NULL;
	if (policy_select_run(test_policy, name, true, &test_profile, &test_errors) != 0) {
		print_errors();
		fail();
	}
	return test_profile;
}

static inline const struct value *value_of(enum key_id id)
{
	return profile_value(test_profile, id);
}

/* The words of a list, joined by one blank. */
static inline const char *words_of(enum key_id id)
{
	static char joined[4096];
	const struct value *value = value_of(id);
	size_t used = 0;

	joined[0] = '\0';
	for (size_t i = 0; i < value->word_count && used < sizeof(joined); i++)
		used += (size_t)snprintf(joined + used, sizeof(joined) - used, "%s%s", i ? " " : "",
		                         value->words[i].text);
	return joined;
}

#endif
