/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/policy.c and config/policy_check.c: what a policy file may say, and how it is told what it may not. */
#include "policy_support.h"

struct refusal {
	const char *text;
	const char *message; /* the first error */
	const char *hint;    /* NULL: none is asked for */
};

static void refuse_all(const struct refusal *refusals, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (parse(refusals[i].text) == 0) {
			print_message("accepted: %s\n", refusals[i].text);
			fail();
		}
		assert_error(0, refusals[i].message);
		if (refusals[i].hint) {
			assert_non_null(test_errors.list[0].hint);
			assert_string_equal(test_errors.list[0].hint, refusals[i].hint);
		}
	}
}

static void malformed_lines_are_refused_with_their_place(void **state)
{
	static const struct refusal refusals[] = {
	        {"[profile x\n",	                              "f:1:1: error: \"[\" without \"]\"",                           NULL},
	        {"[\n",	                                       "f:1:1: error: \"[\" without \"]\"",                           NULL},
	        {"[profile x] # mine\n",                              "f:1:12: error: text after the section's \"]\"",
	         "a comment is a line of its own"	                                                                                },
	        {"MemoryMax=1G\n",	                            "f:1:1: error: a setting before the first section",            NULL},
	        {"\n[profile x]\n  MemoryMax\n",                      "f:3:3: error: neither a section nor KEY=VALUE",               NULL},
	        {"[profile x]\n=1G\n",                                "f:2:1: error: a key is missing before \"=\"",                 NULL},
	        {"[profile x]\nMemoryMax=\n",                         "f:2:11: error: MemoryMax: a value is missing",                NULL},
	        {"[profile x]\nMemoryMax=1G 2G\n",                    "f:2:13: error: MemoryMax: only one value is possible",        NULL},
	        {"[profile x]\nMemoryMax=\"1G\n",                     "f:2:11: error: the quote is not closed",                      NULL},
	        {"[profile x]\nMemoryMax=\"1G\" 2\n",                 "f:2:16: error: MemoryMax: only one value is possible",        NULL},
	        {"[profile x]\nReadOnlyPaths=/a \"/b\"c\n",           "f:2:22: error: text right after a closing quote",             NULL},
	        {"[profile x]\nReadOnlyPaths=/a\"b\"\n",              "f:2:17: error: a quote inside a word",                        NULL},
	        {"[profile x]\nReadOnlyPaths=\"/a\\x\"\n",            "f:2:18: error: an unknown escape",                            NULL},
	        {"[profile x]\nReadOnlyPaths=/a \\\n  /b relative\n",
	         "f:3:6: error: ReadOnlyPaths: \"relative\" is not an absolute path",                                                NULL},
	        {"[profile x]\nReadOnlyPaths=/a \\\n# why\n/b\n",     "f:3:1: error: a comment between joined lines",                NULL},
	        {"[profile x]\nReadOnlyPaths=/a \\",                  "f:2:18: error: the file ends in the middle of a joined line",
	         NULL	                                                                                                            },
	        {"[profile x]\nReadOnlyPaths=/a \\\n",                "f:2:18: error: the file ends in the middle of a joined line",
	         NULL	                                                                                                            },
	        {"[profile x]\nMemoryMax=1G\x01\n",                   "f:2:13: error: MemoryMax: a control character (byte 0x01)",   NULL},
	        {"[profile x]\nMemoryMax=1G\rx\n",                    "f:2:13: error: MemoryMax: a control character (byte 0x0d)",   NULL},
	        {"\xef\xbb\xbf[profile x]\n",                         "f:1:1: error: the file begins with a byte order mark",        NULL},
	        {"[profile x]\n# \xff\n",                             "f:2:3: error: not valid UTF-8 (byte 0xff)",                   NULL},
	        {"# \xed\xa0\x80\n",                                  "f:1:3: error: not valid UTF-8 (byte 0xed)",                   NULL},
	        {"# \xc0\xaf\n",	                              "f:1:3: error: not valid UTF-8 (byte 0xc0)",                   NULL},
	};

	(void)state;
	refuse_all(refusals, COUNT(refusals));
}

static void malformed_heads_are_refused(void **state)
{
	static const struct refusal refusals[] = {
	        {"[]\n",                 "f:1:2: error: unknown section \"\"",                   NULL                          },
	        {"[Service]\n",          "f:1:2: error: unknown section \"Service\"",
	         "sections are [profile NAME] [user NAME] [group NAME] [slice NAME] [default] [login] [run]"                   },
	        {"[prfile x]\n",         "f:1:2: error: unknown section \"prfile\"",             "did you mean [profile NAME]?"},
	        {"[Default]\n",          "f:1:2: error: unknown section \"Default\"",            "did you mean [default]?"     },
	        {"[user]\n",             "f:1:6: error: [user ...]: a name is missing",          NULL                          },
	        {"[user \"\"]\n",        "f:1:7: error: not a possible name for a user",         NULL                          },
	        {"[user a b]\n",         "f:1:9: error: [user ...]: one name is possible",       "quote a name with blanks"    },
	        {"[user a:b]\n",         "f:1:7: error: not a possible name for a user",         NULL                          },
	        {"[default x]\n",        "f:1:10: error: [default] has no name",                 NULL                          },
	        {"[profile \"a b\"]\n",  "f:1:10: error: not a possible name for a profile",     NULL                          },
	        {"[profile -x]\n",       "f:1:10: error: not a possible name for a profile",     NULL                          },
	        {"[profile none]\n",     "f:1:10: error: the profile name \"none\" is reserved", NULL                          },
	        {"[profile \"none\"]\n", "f:1:10: error: the profile name \"none\" is reserved", NULL                          },
	};

	(void)state;
	refuse_all(refusals, COUNT(refusals));
}

static void unknown_and_misplaced_keys_are_refused(void **state)
{
	static const struct refusal refusals[] = {
	        {"[profile x]\nMemoryMaximum=1G\n", "f:2:1: error: unknown key \"MemoryMaximum\"",               NULL                     },
	        {"[profile x]\nMemryMax=1G\n",      "f:2:1: error: unknown key \"MemryMax\"",                    "did you mean MemoryMax?"},
	        {"[profile x]\n memorymax = 1G\n",  "f:2:2: error: unknown key \"memorymax\"",
	         "did you mean MemoryMax?"	                                                                                        },
	        {"[profile x]\nXyzzy=1\n",          "f:2:1: error: unknown key \"Xyzzy\"",                       NULL                     },
	        {"[profile x]\nA\x1b[31m=1\n",      "f:2:1: error: unknown key \"A\\x1b[31m\"",                  NULL                     },
	        {"[profile x]\nProtectClock=yes\n", "f:2:1: error: unknown key \"ProtectClock\"",
	         "always so here: leave the line out"	                                                                             },
	        {"[profile x]\nUser=root\n",        "f:2:1: error: unknown key \"User\"",
	         "not in a policy: a sandbox runs as the person it is for"                                                                },
	        {"[profile x]\nPrivateUsers=yes\n", "f:2:1: error: unknown key \"PrivateUsers\"",
	         "always so here; IDMap= says which ids exist"	                                                                    },
	        {"[profile x]\nServices=sshd\n",    "f:2:1: error: Services does not belong in [profile x]",
	         "it belongs in [user], [group] or [default]"	                                                                     },
	        {"[user x]\nInherit=base\n",        "f:2:1: error: Inherit does not belong in [user x]",
	         "it belongs in [profile]; here it is Profile="	                                                                   },
	        {"[login]\nMemoryMax=1G\n",         "f:2:1: error: MemoryMax does not belong in [login]",        NULL                     },
	        {"[profile x]\nExemptGroups=adm\n", "f:2:1: error: ExemptGroups does not belong in [profile x]",
	         "it belongs in [login]"	                                                                                          },
	        {"[profile x]\nProfiles=ci\n",      "f:2:1: error: Profiles does not belong in [profile x]",
	         "it belongs in [run]"	                                                                                            },
	        {"[profile x]\nMaxSandboxes=1\n",   "f:2:1: error: MaxSandboxes does not belong in [profile x]",
	         "it belongs in [slice]"	                                                                                          },
	        {"[slice x]\nHome=tmpfs\n",         "f:2:1: error: Home does not belong in [slice x]",           NULL                     },
	};

	(void)state;
	refuse_all(refusals, COUNT(refusals));
}

static void duplicates_are_refused(void **state)
{
	static const struct refusal refusals[] = {
	        {"[profile x]\nMemoryMax=1G\n\nMemoryMax=1G\n",                    "f:4:1: error: MemoryMax is set twice in this section",
	         "line 2 has it already"	                                                                                                                                           },
	        {"[profile x]\nEtcUsers=a\nEtcUsers=\n",                           "f:3:1: error: EtcUsers is set twice in this section",
	         "line 2 has it already; all words of a list stand on one line"	                                                                                                    },
	        {"[user a]\nProfile=ci\n[user b]\nProfile=ci\n[user a]\nNice=1\n",
	         "f:5:1: error: [user a] stands in this file twice",	                                                               "it began in line 1; put all its settings there"},
	        {"[user a]\nProfile=ci\n[user 'a']\nProfile=ci\n",                 "f:3:1: error: [user a] stands in this file twice",
	         NULL	                                                                                                                                                              },
	};

	(void)state;
	refuse_all(refusals, COUNT(refusals));
}

static void references_that_lead_nowhere_are_refused(void **state)
{
	static const struct refusal refusals[] = {
	        {"[profile x]\nInherit=shel\n",                      "f:2:9: error: Inherit: there is no profile \"shel\"",
	         "did you mean shell?"	                                                                                       },
	        {"[user x]\nProfile=nothing\n",                      "f:2:9: error: Profile: there is no profile \"nothing\"",   NULL},
	        {"[run]\nProfiles=default xyzzy\n",                  "f:2:18: error: Profiles: there is no profile \"xyzzy\"",   NULL},
	        {"[profile x]\nInherit=x\n",                         "f:2:9: error: Inherit: this profile inherits from itself", NULL},
	        {"[profile x]\nInherit=y\n[profile y]\nInherit=x\n",
	         "f:2:9: error: Inherit: this profile inherits from itself",                                                     NULL},
	        {"[profile w]\nInherit=x\n[profile x]\nInherit=x\n",
	         "f:2:9: error: Inherit: leads into a loop, or through more than 32 profiles",                                   NULL},
	        {"[profile x]\nInherit=none\n",                      "f:2:9: error: Inherit: there is no profile \"none\"",      NULL},
	};

	(void)state;
	refuse_all(refusals, COUNT(refusals));
}

static void rule_1_layers_are_given_lowest_first(void **state)
{
	struct policy_source sources[] = {policy_builtin, source("low", "[profile x]\nMemoryMax=1G\n"),
	                                  source("high", "[profile x]\nMemoryMax=2G\n")};

	(void)state;
	assert_int_equal(parse_layers(sources, COUNT(sources)), 0);
	choose("x");
	assert_int_equal(value_of(KEY_MemoryMax)->number, 2LL << 30);
	assert_string_equal(value_of(KEY_MemoryMax)->file, "high");
	assert_int_equal(value_of(KEY_MemoryMax)->line, 2);
}

static void rule_2_a_later_scalar_wins_and_lists_are_appended(void **state)
{
	struct policy_source sources[] = {source("a", "[profile x]\nNice=1\nReadOnlyPaths=/a\nEtcUsers=one\n"),
	                                  source("b", "[profile x]\nReadOnlyPaths=/b /c\nEtcUsers=\n"),
	                                  source("c", "[profile x]\nNice=3\nReadOnlyPaths=/d\nEtcUsers=two\n")};

	(void)state;
	assert_int_equal(parse_layers(sources, COUNT(sources)), 0);
	choose("x");
	assert_int_equal(value_of(KEY_Nice)->number, 3);
	assert_string_equal(words_of(KEY_ReadOnlyPaths), "/a /b /c /d");
	assert_string_equal(value_of(KEY_ReadOnlyPaths)->words[1].file, "b");
	assert_int_equal(value_of(KEY_ReadOnlyPaths)->words[1].line, 2);
	assert_string_equal(words_of(KEY_EtcUsers), "two");
}

static void rule_3_own_scalars_replace_and_own_lists_append(void **state)
{
	(void)state;
	accept_policy("[profile a]\nNice=1\nUMask=077\nReadOnlyPaths=/a\nNoExecPaths=/a\n"
	              "[profile b]\nInherit=a\nNice=2\nReadOnlyPaths=/b\nNoExecPaths=\n");
	choose("b");
	assert_int_equal(value_of(KEY_Nice)->number, 2);
	assert_int_equal(value_of(KEY_UMask)->number, 077);
	assert_string_equal(words_of(KEY_ReadOnlyPaths), "/a /b");
	assert_string_equal(words_of(KEY_NoExecPaths), "");
	assert_true(value_of(KEY_NoExecPaths)->is_set);
	assert_false(value_of(KEY_Inherit)->is_set);
}

static void rule_6_a_login_rule_must_name_a_profile(void **state)
{
	static const struct refusal refusals[] = {
	        {"[user a]\n",                       "f:1: error: [user a]: Profile= is missing",           "Profile=none means not confined"},
	        {"\n[default]\nNice=1\n",            "f:2: error: [default]: Profile= is missing",          NULL                             },
	        {"[user a]\nProfile=none\nNice=1\n", "f:3:6: error: Nice: has no effect with Profile=none", NULL                             },
	};
	struct policy_source layers[] = {policy_builtin, source("a", "[user a]\nProfile=ci\nNice=1\n"),
	                                 source("b", "[user a]\nProfile=none\n")};

	(void)state;
	refuse_all(refusals, COUNT(refusals));
	assert_int_equal(parse_layers(layers, COUNT(layers)), -1);
	assert_error(0, "a:3:6: error: Nice: has no effect with Profile=none");
	accept_policy("[user a]\nProfile=none\nServices=sshd\n");
}

static void rule_8_none_is_refused_in_run(void **state)
{
	(void)state;
	assert_int_equal(parse("[run]\nProfiles=ci none\n"), -1);
	assert_error(0, "f:2:13: error: Profiles: none is not possible in [run]");
}

static void rule_10_a_slice_holds_resource_keys(void **state)
{
	(void)state;
	accept_policy("[slice students]\nMaxSandboxes=10\nMemoryMax=8G\nCPUQuota=400%\n");
	assert_int_equal(parse("[slice students]\nPrivateTmp=yes\n"), -1);
	assert_int_equal(parse("[slice \"a b\"]\n"), -1);
}

static void rule_11_any_error_in_any_layer_makes_all_void(void **state)
{
	struct policy_source sources[] = {policy_builtin, source("a", "[profile x]\nNice=99\n"),
	                                  source("b", "[user y]\nProfile=ci\n")};

	(void)state;
	assert_int_equal(parse_layers(sources, COUNT(sources)), -1);
	assert_null(test_policy);
	assert_error(0, "a:2:6: error: Nice: \"99\" is not a whole number in range");
}

static void all_errors_are_reported_in_one_go(void **state)
{
	(void)state;
	assert_int_equal(parse("[profile x]\nNice=99\nBogus=1\n[user y]\nProfile=xyzzy\n[bad]\nNice=1\n[group g]\n"),
	                 -1);
	assert_int_equal(test_errors.count, 5);
	assert_error(0, "f:2:6: error: Nice: \"99\" is not a whole number in range");
	assert_error(1, "f:3:1: error: unknown key \"Bogus\"");
	assert_error(2, "f:6:2: error: unknown section \"bad\"");
	assert_error(3, "f:5:9: error: Profile: there is no profile \"xyzzy\"");
	assert_error(4, "f:8: error: [group g]: Profile= is missing");
}

static void a_thousand_errors_are_enough(void **state)
{
	char *text = malloc(3000 * 2 + 1);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 3000; i++)
		memcpy(text + 2 * i, "x\n", 3);
	memcpy(text, "[run]\n", 6);
	struct policy_source sources[] = {source("f", text)};
	int result = parse_layers(sources, 1);
	free(text);
	assert_int_equal(result, -1);
	assert_int_equal(test_errors.count, 1001);
	assert_int_equal(test_errors.errors, 2997);
	assert_error(1000, "f:1002:1: error: too many errors; the rest is not shown");
}

static void odd_but_valid_text_is_accepted(void **state)
{
	static const char *const texts[] = {
	        "",
	        "\n\n",
	        "# only a comment",
	        "  ; another \\\n[run]\n",
	        "[profile x]",
	        "[profile x]\r\nMemoryMax=1G\r\nNice=1\r\n",
	        "  [ profile   x ]  \n\tMemoryMax \t=\t 1G  \n",
	        "[user \"domain users\\\\bob\"]\nProfile=ci\n",
	        "[user 'a]b']\nProfile=ci\n",
	        "[user b\xc3\xb6rn]\nProfile=\"ci\"\n",
	        "[group g]\nProfile=ci\nServices=\n",
	        "[profile x]\nReadOnlyPaths=/a \\\r\n  /b\\\r\n\n",
	        "[profile x]\nReadOnlyPaths=\\\n/a\\\n/b\n",
	        "[profile x]\nReadOnlyPaths=\"/a b\" '/c \"d\"' /e=f\n",
	        "[profile x]\nRuntimeMaxSec=1h \\\n 30min\n",
	        "[profile x]\nInherit=base\\\n\nNice=1\n",
	        "[user a]\nProfile=later\n[profile later]\nInherit=base\n",
	        "[profile default]\nMemoryMax=1G\n",
	        "[profile x]\nLoginMessage=Don't panic; it's 100%% fine \\o/ #1\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		accept_policy(texts[i]);
}

static void joined_lines_are_one_line_with_one_blank(void **state)
{
	(void)state;
	accept_policy("[profile x]\nReadOnlyPaths=/a\\\n/b \\\n  /c\nLoginMessage=one \\\n   two  three\nNice=2\n");
	choose("x");
	assert_string_equal(words_of(KEY_ReadOnlyPaths), "/a /b /c");
	assert_string_equal(value_of(KEY_LoginMessage)->text, "one two  three");
	assert_int_equal(value_of(KEY_LoginMessage)->line, 5);
	assert_int_equal(value_of(KEY_Nice)->line, 7);
}

static void long_lines_and_large_files_are_refused(void **state)
{
	size_t size = (1u << 20) + 1;
	char *text = malloc(size + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '#', size);
	text[size] = '\0';
	struct policy_source sources[] = {
	        {"f", text, 4097}
        };
	int long_line = parse_layers(sources, 1);
	if (long_line != 0)
		assert_error(0, "f:1:4097: error: the line is longer than 4 KiB");
	sources[0].length = 4096;
	int fitting = parse_layers(sources, 1);
	memset(text, '\n', size);
	sources[0].length = size;
	int large = parse_layers(sources, 1);
	if (large != 0)
		assert_error(0, "f: error: the file is larger than 1 MiB");
	sources[0].length = size - 1;
	int largest = parse_layers(sources, 1);
	free(text);
	assert_int_equal(long_line, -1);
	assert_int_equal(fitting, 0);
	assert_int_equal(large, -1);
	assert_int_equal(largest, 0);
}

static void a_nul_byte_is_refused(void **state)
{
	struct policy_source sources[] = {
	        {"f", "[run]\n\0\n", 8}
        };

	(void)state;
	assert_int_equal(parse_layers(sources, 1), -1);
	assert_error(0, "f:2:1: error: a NUL byte");
}

static void inheritance_of_32_profiles_is_possible_and_33_is_not(void **state)
{
	char text[4096];

	(void)state;
	for (unsigned depth = 31; depth <= 32; depth++) {
		size_t used = 0;
		for (unsigned i = 0; i <= depth; i++) {
			used += (size_t)snprintf(text + used, sizeof(text) - used, "[profile p%u]\n", i);
			if (i > 0)
				used += (size_t)snprintf(text + used, sizeof(text) - used, "Inherit=p%u\n", i - 1);
		}
		assert_int_equal(parse(text), depth == 31 ? 0 : -1);
	}
}

/* A line found good once is not looked at again; where it stands must be looked at all the same. */
static void a_line_seen_before_is_still_checked_for_its_place(void **state)
{
	static const struct refusal refusals[] = {
	        {"[profile a]\nProtectSystem=yes\n[profile b]\nProtectSystem=yes\nProtectSystem=yes\n",
	         "f:5:1: error: ProtectSystem is set twice in this section", "line 4 has it already"},
	        {"[profile a]\nProtectSystem=yes\n[slice b]\nProtectSystem=yes\n",
	         "f:4:1: error: ProtectSystem does not belong in [slice b]", NULL                   },
	        {"[user a]\nProfile=missing\n[user b]\nProfile=missing\n",
	         "f:2:9: error: Profile: there is no profile \"missing\"",   NULL                   },
	};

	(void)state;
	refuse_all(refusals, COUNT(refusals));
	assert_int_equal(test_errors.count, 2);
	assert_error(1, "f:4:9: error: Profile: there is no profile \"missing\"");
}

static void visit(const char *name, void *data)
{
	char *names = data;

	strcat(strcat(names, name), " ");
}

static void profiles_are_listed_in_order_of_first_appearance(void **state)
{
	char names[256] = "";

	(void)state;
	accept_policy("[profile x]\nInherit=base\n[profile shell]\nNice=1\n");
	policy_each_profile(test_policy, visit, names);
	assert_string_equal(names, "base default build agent ci shell x ");
}

static void ten_thousand_sections_are_all_found(void **state)
{
	char *text = malloc(600000);
	size_t used = 0;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < 10000; i++)
		used += (size_t)sprintf(text + used, "[user u%u]\nProfile=ci\nNice=%u\n", i, i % 20);
	assert_int_equal(parse(text), 0);
	bool all = true;
	for (unsigned i = 0; all && i < 10000; i += 7) {
		char name[16];
		struct profile *profile = NULL;
		snprintf(name, sizeof(name), "u%u", i);
		struct identity person = {.uid = 1000, .gid = 1000, .name = name, .home = "/", .shell = "/bin/sh"};
		all = policy_select_login(test_policy, &person, "sshd", &profile, &test_errors) == LOGIN_CONFINED &&
		      profile_value(profile, KEY_Nice)->number == i % 20 &&
		      profile_value(profile, KEY_Nice)->line == i * 3 + 3;
		profile_free(profile);
	}
	free(text);
	assert_true(all);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(malformed_lines_are_refused_with_their_place),
	        TEST(malformed_heads_are_refused),
	        TEST(unknown_and_misplaced_keys_are_refused),
	        TEST(duplicates_are_refused),
	        TEST(references_that_lead_nowhere_are_refused),
	        TEST(rule_1_layers_are_given_lowest_first),
	        TEST(rule_2_a_later_scalar_wins_and_lists_are_appended),
	        TEST(rule_3_own_scalars_replace_and_own_lists_append),
	        TEST(rule_6_a_login_rule_must_name_a_profile),
	        TEST(rule_8_none_is_refused_in_run),
	        TEST(rule_10_a_slice_holds_resource_keys),
	        TEST(rule_11_any_error_in_any_layer_makes_all_void),
	        TEST(all_errors_are_reported_in_one_go),
	        TEST(a_thousand_errors_are_enough),
	        TEST(odd_but_valid_text_is_accepted),
	        TEST(joined_lines_are_one_line_with_one_blank),
	        TEST(long_lines_and_large_files_are_refused),
	        TEST(a_nul_byte_is_refused),
	        TEST(inheritance_of_32_profiles_is_possible_and_33_is_not),
	        TEST(a_line_seen_before_is_still_checked_for_its_place),
	        TEST(profiles_are_listed_in_order_of_first_appearance),
	        TEST(ten_thousand_sections_are_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
