/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/show.c: what is shown parses to the same profile. */
#include "policy_support.h"

#include "config/value.h"

/* Shown and read again, the result must be equal in every key. */
static void assert_round_trip(const char *name, bool origins)
{
	struct policy *again = NULL;
	struct profile *copy = NULL;
	char *text = profile_show(choose(name), origins ? SHOW_ORIGINS : SHOW_TEXT);

	assert_non_null(text);
	struct policy_source sources[] = {source("shown", text)};
	int result = policy_parse(sources, 1, &again, &test_errors);
	if (result == 0)
		result = policy_select_run(again, name, true, &copy, &test_errors);
	if (result != 0)
		print_message("%s", text);
	free(text);
	policy_free(again);
	print_errors();
	assert_int_equal(result, 0);
	bool equal = true;
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct value *a = &test_profile->values[i], *b = &copy->values[i];
		if (a->is_set == b->is_set && value_equal(key_row((enum key_id)i), a, b))
			continue;
		print_message("%s differs\n", key_row((enum key_id)i)->name);
		equal = false;
	}
	profile_free(copy);
	assert_true(equal);
}

static void json_has_value_file_and_line(void **state)
{
	(void)state;
	accept_policy("[profile x]\nReadOnlyPaths=\"/a b\" /c\nEnvironment=\"A=\\\"q\"\nHostname=box\n");
	char *text = profile_show(choose("x"), SHOW_JSON);
	assert_non_null(text);
	assert_ptr_equal(strstr(text, "{\"profile\":\"x\",\"keys\":{"), text);
	assert_non_null(strstr(text, "\"ReadOnlyPaths\":{\"value\":[\"/a b\",\"/c\"],\"file\":\"f\",\"line\":2}"));
	assert_non_null(strstr(text, "\"Hostname\":{\"value\":\"box\",\"file\":\"f\",\"line\":4}"));
	assert_non_null(strstr(text, "}}\n"));
	free(text);
}

static void compiled_in_profiles_parse_to_themselves(void **state)
{
	static const char *const names[] = {"base", "default", "agent", "ci", "shell"};

	(void)state;
	accept_policy("");
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_round_trip(names[i], false);
		assert_round_trip(names[i], true);
	}
}

static void unusual_values_parse_to_themselves(void **state)
{
	(void)state;
	accept_policy(
	        "[profile x]\nReadOnlyPaths=\"/a b\" '/c\"d' \"/e\\\\f\" -/g /h#i\nEnvironment=\"A=1\\n2\\t3\" B= "
	        "'C=\\'\n"
	        "LoginMessage=\"  it's \\\"so\\\"  \"\nRuntimeMaxSec=1h 30min\nLimitNOFILE=1:infinity\nHostname='box'\n"
	        "RestrictNamespaces=~user  net\nMemoryMax=1.5G\nEtcUsers=\nUMask=0027\nHome=\"/srv/a b\"\n"
	        "SystemCallFilter=@sandbox ~ptrace\nWorkingDirectory=~\nTimeoutStopSec=1min \\\n 2s\n"
	        "ExecPaths=/a\\ /b\n");
	assert_round_trip("x", false);
	assert_round_trip("x", true);
}

static void each_line_names_its_origin(void **state)
{
	struct policy_source sources[] = {source("a", "[profile x]\nNice=1\nReadOnlyPaths=/a /b\n"),
	                                  source("b", "[profile x]\nReadOnlyPaths=\"/c d\"\n")};

	(void)state;
	assert_int_equal(parse_layers(sources, COUNT(sources)), 0);
	char *text = profile_show(choose("x"), SHOW_ORIGINS), copy[512] = "";
	assert_non_null(text);
	strncat(copy, text, sizeof(copy) - 1);
	free(text);
	assert_string_equal(copy, "[profile x]\nReadOnlyPaths=/a /b \"/c d\"\n# a:3: from /a\n# b:2: from /c d\n"
	                          "Nice=1\n# a:2\n");
}

/* Each layer alone is possible; the words of all of them in one line would not be. */
static void lists_of_several_layers_parse_to_themselves(void **state)
{
	static const char *const layers[][3] = {
	        {"SystemCallFilter=~mount ~bpf\n",          "SystemCallFilter=bpf read\n",       "SystemCallFilter=~read\n"},
	        {"SystemCallFilter=~mount\nNice=1\n",       "SystemCallFilter=mount\n",          "Nice=2\n"                },
	        {"RestrictAddressFamilies=AF_UNIX\n",       "RestrictAddressFamilies=none\n",
	         "RestrictAddressFamilies=AF_INET\n"	                                                               },
	        {"RestrictAddressFamilies=~AF_UNIX\n",      "RestrictAddressFamilies=AF_UNIX\n",
	         "RestrictAddressFamilies=~AF_INET\n"	                                                              },
	        {"ReadOnlyPaths=/a\nEnvironment=A=1 B=2\n", "ReadOnlyPaths=\n",                  "ReadOnlyPaths=/b /c\n"   },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(layers); i++) {
		static const char *const names[] = {"p", "x"};
		for (size_t n = 0; n < COUNT(names); n++) {
			char texts[3][256];
			struct policy_source sources[3];
			for (size_t k = 0; k < 3; k++) {
				snprintf(texts[k], sizeof(texts[k]), "[profile %s]\n%s", names[n], layers[i][k]);
				sources[k] = source("f", texts[k]);
			}
			assert_int_equal(parse_layers(sources, 3), 0);
			assert_round_trip(names[n], false);
			assert_round_trip(names[n], true);
		}
	}
}

static void a_list_that_grew_is_shown_as_it_came_about(void **state)
{
	struct policy_source sources[] = {source("a", "[profile x]\nSystemCallFilter=~mount\nNice=1\n"),
	                                  source("b", "[profile x]\nSystemCallFilter=mount\n")};

	(void)state;
	assert_int_equal(parse_layers(sources, COUNT(sources)), 0);
	char *text = profile_show(choose("x"), SHOW_TEXT), copy[256] = "";
	assert_non_null(text);
	strncat(copy, text, sizeof(copy) - 1);
	free(text);
	assert_string_equal(copy, "[profile part-1]\nSystemCallFilter=~mount\nNice=1\n"
	                          "[profile x]\nInherit=part-1\nSystemCallFilter=mount\n");
}

static void long_values_parse_to_themselves(void **state)
{
	enum { WORDS = 300 };
	static char texts[2][4096], scalar[4096];
	struct policy_source sources[] = {
	        {"a", texts[0], 0},
                {"b", texts[1], 0}
        };

	(void)state;
	for (unsigned t = 0; t < 2; t++) {
		size_t used = (size_t)snprintf(texts[t], sizeof(texts[t]), "[profile x]\nReadOnlyPaths=");
		for (unsigned i = 0; i < WORDS; i++)
			used += (size_t)snprintf(texts[t] + used, sizeof(texts[t]) - used, "\"/%u #%u\" ", t, i);
		sources[t].length = used;
	}
	assert_int_equal(parse_layers(sources, COUNT(sources)), 0);
	choose("x");
	assert_int_equal(value_of(KEY_ReadOnlyPaths)->word_count, 2 * WORDS);
	assert_round_trip("x", true);
	snprintf(scalar, sizeof(scalar), "[profile x]\nLoginMessage=\\\n%04050u\n", 1);
	accept_policy(scalar);
	assert_round_trip("x", true);
}

/* Nothing of a name or a word ends the comment that tells of it. */
static void origins_stay_on_their_line(void **state)
{
	struct policy_source sources[] = {
	        source("/a\n[profile y]\nNice=5", "[profile x]\nEnvironment=\"A=1\\nNice=2\"\nNice=1\n")};

	(void)state;
	assert_int_equal(parse_layers(sources, 1), 0);
	assert_round_trip("x", true);
	assert_round_trip("x", false);
}

static void one_value_is_what_would_stand_behind_its_key(void **state)
{
	static const struct {
		enum key_id key;
		const char *text;
	} table[] = {
	        {KEY_ReadOnlyPaths, "\"/a b\" /c"},
	        {KEY_MemoryMax,     "2G"         },
	        {KEY_Hostname,      "box"        },
	        {KEY_PrivateTmp,    "no"         },
	        {KEY_Nice,          ""           },
	        {KEY_BindPaths,     ""           },
	};

	(void)state;
	accept_policy("[profile x]\nReadOnlyPaths=\"/a b\" /c\nHostname=box\nMemoryMax=2G\n");
	choose("x");
	for (size_t i = 0; i < COUNT(table); i++) {
		char *text = profile_show_value(test_profile, table[i].key);
		assert_non_null(text);
		assert_string_equal(text, table[i].text);
		free(text);
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(json_has_value_file_and_line),
	        TEST(compiled_in_profiles_parse_to_themselves),
	        TEST(unusual_values_parse_to_themselves),
	        TEST(each_line_names_its_origin),
	        TEST(lists_of_several_layers_parse_to_themselves),
	        TEST(a_list_that_grew_is_shown_as_it_came_about),
	        TEST(long_values_parse_to_themselves),
	        TEST(origins_stay_on_their_line),
	        TEST(one_value_is_what_would_stand_behind_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
