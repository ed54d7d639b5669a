/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/select.c and config/tighten.c: who gets which profile, and what a caller may change about it. */
#include "policy_support.h"

static const struct identity_group groups[] = {
        {1001, "students"},
        {1002, "staff"   },
        {1003, NULL      }
};
static const struct identity alice = {
        .uid = 1000,
        .gid = 1000,
        .name = "alice",
        .primary_group_name = "alice",
        .home = "/home/alice",
        .shell = "/bin/bash",
        .groups = groups,
        .group_count = COUNT(groups),
};

static enum login_decision login(const char *service)
{
	profile_free(test_profile);
	policy_errors_clear(&test_errors);
	enum login_decision decision = policy_select_login(test_policy, &alice, service, &test_profile, &test_errors);
	assert_int_equal(decision == LOGIN_CONFINED, test_profile != NULL);
	assert_int_equal(decision == LOGIN_VOID, test_errors.errors > 0);
	return decision;
}

static void assert_profile(const char *service, const char *name)
{
	assert_int_equal(login(service), name ? LOGIN_CONFINED : LOGIN_NOT_CONFINED);
	if (name)
		assert_string_equal(test_profile->name, name);
}

/* --- logins --- */

static void rule_4_uid_0_and_sandbox_exempt_are_never_confined(void **state)
{
	static const struct identity_group exempt[] = {
	        {999, "sandbox-exempt"}
        };
	struct identity root = {.uid = 0, .name = "root", .home = "/root", .shell = "/bin/sh"};
	struct identity member = alice, primary = alice;

	(void)state;
	member.groups = exempt;
	member.group_count = 1;
	primary.primary_group_name = "sandbox-exempt";
	accept_policy("[user root]\nProfile=ci\n[default]\nProfile=ci\n");
	assert_true(login_is_exempt(&root));
	assert_true(login_is_exempt(&member));
	assert_true(login_is_exempt(&primary));
	assert_false(login_is_exempt(&alice));
	assert_int_equal(policy_select_login(test_policy, &root, "sshd", &test_profile, &test_errors),
	                 LOGIN_NOT_CONFINED);
	assert_int_equal(policy_select_login(test_policy, &member, "sshd", &test_profile, &test_errors),
	                 LOGIN_NOT_CONFINED);
	assert_null(test_profile);
}

static void rule_4_exempt_groups_are_never_confined(void **state)
{
	(void)state;
	accept_policy("[user alice]\nProfile=ci\n[login]\nExemptGroups=wheel staff\n");
	assert_profile("sshd", NULL);
	accept_policy("[user alice]\nProfile=ci\n[login]\nExemptGroups=wheel\n");
	assert_profile("sshd", "ci");
}

static void rule_5_the_person_comes_before_groups_and_groups_before_default(void **state)
{
	(void)state;
	accept_policy("[default]\nProfile=agent\n[group students]\nProfile=ci\n[user alice]\nProfile=shell\n");
	assert_profile("sshd", "shell");
	accept_policy("[default]\nProfile=agent\n[group students]\nProfile=ci\n");
	assert_profile("sshd", "ci");
	accept_policy("[default]\nProfile=agent\n[group wheel]\nProfile=ci\n[user bob]\nProfile=ci\n");
	assert_profile("sshd", "agent");
	accept_policy("[group wheel]\nProfile=ci\n");
	assert_profile("sshd", NULL);
	accept_policy("[group alice]\nProfile=ci\n");
	assert_profile("sshd", "ci");
}

static void rule_5_of_groups_the_one_read_last_is_first(void **state)
{
	struct policy_source again[] = {policy_builtin,
	                                source("a", "[group students]\nProfile=ci\n[group staff]\nProfile=shell\n"),
	                                source("b", "[group students]\nNice=1\n")};

	(void)state;
	accept_policy("[group students]\nProfile=ci\n[group staff]\nProfile=shell\n");
	assert_profile("sshd", "shell");
	accept_policy("[group staff]\nProfile=shell\n[group students]\nProfile=ci\n");
	assert_profile("sshd", "ci");
	/* Rule 2: a section's place is where it was read last. */
	assert_int_equal(parse_layers(again, COUNT(again)), 0);
	assert_profile("sshd", "ci");
	assert_int_equal(value_of(KEY_Nice)->number, 1);
}

static void rule_5_a_candidate_without_the_service_is_passed_over(void **state)
{
	(void)state;
	accept_policy("[user alice]\nProfile=ci\nServices=cron\n[default]\nProfile=shell\n");
	assert_profile("cron", "ci");
	assert_profile("sshd", "shell");
	assert_profile("cups", NULL);
	accept_policy("[user alice]\nProfile=none\n[default]\nProfile=shell\nServices=sshd cups\n");
	assert_profile("sshd", NULL);
	assert_profile("cups", "shell");
	accept_policy("[user alice]\nProfile=ci\nServices=\n");
	assert_profile("sshd", NULL);
}

static void rule_6_the_rules_keys_override_the_profiles(void **state)
{
	(void)state;
	accept_policy("[profile student]\nInherit=shell\nMemoryMax=2G\nReadOnlyPaths=/a\n"
	              "[user alice]\nProfile=student\nMemoryMax=4G\nReadOnlyPaths=/b\nServices=sshd\n");
	assert_profile("sshd", "student");
	assert_int_equal(value_of(KEY_MemoryMax)->number, 4LL << 30);
	assert_string_equal(words_of(KEY_ReadOnlyPaths), "/a /b");
	assert_string_equal(test_profile->chosen_by, "[user alice] in f:5");
	assert_false(value_of(KEY_Profile)->is_set);
	assert_false(value_of(KEY_Services)->is_set);
}

static void rule_7_services_unset_means_the_six(void **state)
{
	static const char *const services[] = {"sshd", "login", "su", "su-l", "cron", "atd"};

	(void)state;
	accept_policy("[user alice]\nProfile=ci\n");
	for (size_t i = 0; i < COUNT(services); i++)
		assert_profile(services[i], "ci");
	assert_profile("sudo", NULL);
	assert_profile("ssh", NULL);
}

static void a_user_manager_is_refused_to_whoever_is_confined_anywhere(void **state)
{
	(void)state;
	accept_policy("[user alice]\nProfile=ci\n");
	assert_int_equal(login("systemd-user"), LOGIN_VOID);
	assert_error(0, "f:1: error: [user alice]: systemd-user is refused to a confined person: a user manager runs "
	                "things outside the sandbox");
	accept_policy("[user alice]\nProfile=ci\nServices=cups\n");
	assert_int_equal(login("systemd-user"), LOGIN_VOID);
	accept_policy("[user alice]\nProfile=none\nServices=cron\n[default]\nProfile=ci\n");
	assert_int_equal(login("systemd-user"), LOGIN_VOID);
	/* The default is never reached: another decides for each of its services. */
	accept_policy("[user alice]\nProfile=none\n[default]\nProfile=ci\n");
	assert_int_equal(login("systemd-user"), LOGIN_NOT_CONFINED);
	accept_policy("[user bob]\nProfile=ci\n");
	assert_int_equal(login("systemd-user"), LOGIN_NOT_CONFINED);
}

static void a_user_manager_is_admitted_by_a_rule_that_lists_it(void **state)
{
	(void)state;
	accept_policy("[user alice]\nProfile=ci\nServices=sshd systemd-user\n");
	assert_profile("systemd-user", "ci");
	accept_policy("[user alice]\nProfile=none\nServices=systemd-user\n");
	assert_profile("systemd-user", NULL);
}

/* --- commands --- */

static int run(const char *wanted, bool any)
{
	profile_free(test_profile);
	policy_errors_clear(&test_errors);
	return policy_select_run(test_policy, wanted, any, &test_profile, &test_errors);
}

static void rule_8_a_caller_may_name_what_run_lists(void **state)
{
	(void)state;
	accept_policy("[run]\nProfiles=ci agent\n");
	assert_int_equal(run(NULL, false), 0);
	assert_string_equal(test_profile->name, "ci");
	assert_int_equal(run("agent", false), 0);
	assert_int_equal(run("default", false), -1);
	assert_error(0, "f:2: error: profile \"default\" is not in Profiles= of [run]");
	assert_string_equal(test_errors.list[0].hint, "a caller may name: ci, agent");
	assert_int_equal(run("xyzzy", false), -1);
	assert_error(0, "--profile: error: there is no profile \"xyzzy\"");
	assert_int_equal(run("none", false), -1);
	assert_null(test_profile);
	accept_policy("");
	assert_int_equal(run("xyzzy", false), -1);
	assert_string_equal(test_errors.list[0].hint,
	                    "a caller may name: default, build, ci, agent"); /* those that are there */
}

static void rule_8_profiles_unset_means_the_four(void **state)
{
	(void)state;
	accept_policy("");
	assert_int_equal(run(NULL, false), 0);
	assert_string_equal(test_profile->name, "default");
	assert_int_equal(run("build", false), 0);
	assert_int_equal(run("ci", false), 0);
	assert_int_equal(run("agent", false), 0);
	assert_int_equal(run("shell", false), -1);
}

static void rule_8_an_empty_list_admits_nobody(void **state)
{
	(void)state;
	accept_policy("[run]\nProfiles=\n");
	assert_int_equal(run(NULL, false), -1);
	assert_error(0, "f:2: error: Profiles= of [run] names no profile: no command may be run");
	assert_int_equal(run("default", false), -1);
}

static void rule_9_root_and_the_unprivileged_may_name_any(void **state)
{
	(void)state;
	accept_policy("[run]\nProfiles=ci\n");
	assert_int_equal(run("shell", true), 0);
	assert_string_equal(test_profile->name, "shell");
	assert_int_equal(run(NULL, true), 0);
	assert_string_equal(test_profile->name, "ci");
}

/* --- a caller's --set --- */

static const char strict[] =
        "[profile x]\nMemoryMax=1G\nTasksMax=50%\nRuntimeMaxSec=1h\nNice=5\nUMask=0027\n"
        "ProtectSystem=full\nHome=read-only\nPrivateTmp=yes\nRestrictNamespaces=~user net\n"
        "RestrictAddressFamilies=AF_UNIX AF_INET\nSystemCallFilter=@default read write openat\n"
        "InaccessiblePaths=/secret\nEnvironment=A=1\nLimitNOFILE=100:200\nLimitNICE=10\nEtcUsers=bob\n"
        "PrivateNetwork=no\nCPUQuota=50%\nCPUAffinity=0-2 3 4\nConnectPorts=22 80-443\n";

static int set(const char *assignment, bool tighten_only)
{
	policy_errors_clear(&test_errors);
	int result = profile_set(test_profile, assignment, tighten_only, &test_errors);
	assert_int_equal(result == 0, test_errors.errors == 0);
	return result;
}

static void begin_set(void)
{
	accept_policy(strict);
	choose("x");
	test_profile->memory_total = 4ULL << 30;
	test_profile->tasks_total = 1000;
}

static void a_caller_may_only_tighten(void **state)
{
	static const struct {
		const char *may, *may_not;
	} cases[] = {
	        {"MemoryMax=512M",                   "MemoryMax=2G"                                      },
	        {"MemoryMax=1G",                     "MemoryMax=infinity"                                },
	        {"MemoryMax=25%",                    "MemoryMax=26%"                                     },
	        {"TasksMax=500",                     "TasksMax=501"                                      },
	        {"TasksMax=0",                       "TasksMax=infinity"                                 },
	        {"RuntimeMaxSec=59min",              "RuntimeMaxSec=61min"                               },
	        {"LimitNOFILE=100:150",              "LimitNOFILE=100:201"                               },
	        {"LimitNOFILE=50",                   "LimitNOFILE=101:150"                               },
	        {"LimitNICE=9",                      "LimitNICE=+5"                                      },
	        {"LimitCORE=infinity",               "LimitNOFILE=infinity"                              },
	        {"CPUQuota=40%",                     "CPUQuota=60%"                                      },
	        {"Nice=5",	                   "Nice=4"	                                    },
	        {"OOMScoreAdjust=1000",              "OOMScoreAdjust=-1"                                 },
	        {"UMask=0077",                       "UMask=0022"                                        },
	        {"ProtectSystem=strict",             "ProtectSystem=yes"                                 },
	        {"Home=tmpfs",                       "Home=host"                                         },
	        {"PrivateTmp=yes",                   "PrivateTmp=no"                                     },
	        {"PrivateNetwork=yes",               "Home=/elsewhere"                                   },
	        {"RestrictNamespaces=yes",           "RestrictNamespaces=no"                             },
	        {"RestrictNamespaces=~user net pid", "RestrictNamespaces=~user pid"                      },
	        {"RestrictAddressFamilies=AF_INET",  "RestrictAddressFamilies=AF_INET6"                  },
	        {"RestrictAddressFamilies=none",     "RestrictAddressFamilies="                          },
	        {"RestrictAddressFamilies=~AF_INET", "RestrictAddressFamilies=AF_UNIX AF_INET AF_NETLINK"},
	        {"SystemCallFilter=read",            "SystemCallFilter=read ptrace"                      },
	        {"SystemCallFilter=~write",          "SystemCallFilter="                                 },
	        {"InaccessiblePaths=/more",          "InaccessiblePaths="                                },
	        {"Environment=B=2",                  "Environment="                                      },
	        {"BindPaths=/srv/data",              "EtcUsers=eve"                                      },
	        {"WorkingDirectory=/tmp",            "IDMap=own"                                         },
	        {"KillSignal=INT",                   "CPUWeight=1"                                       },
	        {"CapabilityBoundingSet=",           "CapabilityBoundingSet=CAP_CHOWN"                   },
	        {"TimeoutStopSec=1s",                "TimeoutStopSec=1min"                               },
	        {"CPUAffinity=1 3-4",                "CPUAffinity=4-8"                                   },
	        {"ConnectPorts=22 100-200",          "ConnectPorts=444"                                  },
	        {"ConnectPorts=none",                "ConnectPorts="                                     },
	        {"BindPorts=none",                   "ConnectPorts=22-80"                                },
	        {"BindPorts=8080",                   "ConnectPorts=1-65535"                              },
	        {"CPUAffinity=2",                    "CPUAffinity="                                      },
	        {"Landlock=require",                 "Landlock=off"                                      },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		begin_set();
		if (set(cases[i].may, true) != 0) {
			print_message("refused: %s\n", cases[i].may);
			print_errors();
			fail();
		}
		begin_set();
		if (set(cases[i].may_not, true) == 0) {
			print_message("accepted: %s\n", cases[i].may_not);
			fail();
		}
		begin_set();
		assert_int_equal(set(cases[i].may_not, false), 0);
	}
}

static void a_refusal_names_the_rule_and_the_policys_line(void **state)
{
	(void)state;
	begin_set();
	assert_int_equal(set("MemoryMax=2G", true), -1);
	assert_error(0, "--set: error: MemoryMax: a caller may only lower it");
	assert_string_equal(test_errors.list[0].hint, "the profile \"x\" has MemoryMax from f:2");
	assert_int_equal(value_of(KEY_MemoryMax)->number, 1LL << 30);
	assert_int_equal(set("Slice=x", true), -1);
	assert_error(0, "--set: error: Slice: only root may set it");
}

static void a_setting_that_is_not_one_is_refused(void **state)
{
	(void)state;
	begin_set();
	assert_int_equal(set("MemoryMax", false), -1);
	assert_error(0, "--set: error: \"MemoryMax\" is not KEY=VALUE");
	assert_int_equal(set("MemryMax=1G", false), -1);
	assert_error(0, "--set: error: unknown key \"MemryMax\"");
	assert_string_equal(test_errors.list[0].hint, "did you mean MemoryMax?");
	assert_int_equal(set("MemoryMax=much", false), -1);
	assert_error(0, "--set: error: MemoryMax: \"much\" is not a size in range");
	assert_int_equal(set("Inherit=base", false), -1);
	assert_int_equal(set("Profiles=base", false), -1);
	assert_int_equal(set("MaxSandboxes=1", false), -1);
	assert_int_equal(set("=x", false), -1);
	assert_int_equal(set("", false), -1);
	assert_int_equal(set(" MemoryMax=1", false), -1);
}

/* Without the machine's size nobody can say which is less, so the caller's is refused. */
static void a_percentage_of_something_unknown_is_not_compared(void **state)
{
	(void)state;
	begin_set();
	test_profile->memory_total = test_profile->tasks_total = 0;
	assert_int_equal(set("TasksMax=1", true), -1);
	assert_int_equal(set("MemoryMax=1%", true), -1);
	assert_int_equal(set("TasksMax=10%", true), 0);
}

static void words_of_a_caller_are_appended_and_known_as_his(void **state)
{
	(void)state;
	begin_set();
	assert_int_equal(set("InaccessiblePaths=\"/a b\"", true), 0);
	const struct value *value = value_of(KEY_InaccessiblePaths);
	assert_int_equal(value->word_count, 2);
	assert_true(value->words[0].trusted);
	assert_false(value->words[1].trusted);
	assert_string_equal(value->words[1].text, "/a b");
	assert_string_equal(value->words[1].file, "--set");
	assert_int_equal(set("InaccessiblePaths=/c", false), 0);
	assert_true(value_of(KEY_InaccessiblePaths)->words[2].trusted);
	assert_int_equal(set("SystemCallFilter=~write", true), 0);
	assert_string_equal(words_of(KEY_SystemCallFilter), "@default read write openat ~write");
	assert_int_equal(set("SystemCallFilter=write", true), -1);
	assert_int_equal(set("Environment=\"A=x\x01\xff\"", true), 0);
}

static void what_a_caller_took_away_stays_away(void **state)
{
	(void)state;
	begin_set();
	assert_int_equal(set("RestrictAddressFamilies=~AF_INET", true), 0);
	assert_int_equal(set("RestrictAddressFamilies=AF_INET", true), -1);
	assert_int_equal(set("RestrictAddressFamilies=AF_UNIX", true), 0);
	assert_string_equal(words_of(KEY_RestrictAddressFamilies), "AF_UNIX");
	assert_int_equal(set("MemoryMax=1M", true), 0);
	assert_int_equal(set("MemoryMax=2M", true), -1);
}

/* --- what is not enforced --- */

static void compiled_in_profiles_are_enforced(void **state)
{
	static const char *const names[] = {"base", "default", "agent", "ci", "shell"};

	(void)state;
	accept_policy("");
	for (size_t i = 0; i < COUNT(names); i++) {
		choose(names[i]);
		assert_int_equal(profile_check_enforced(test_profile, &test_errors), 0);
	}
}

static void what_is_not_enforced_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *setting, *message;
	} cases[] = {
	        {"MemoryHigh=1G", "f:2: error: MemoryHigh: not enforced by this build"  },
	        {"Slice=x",       "f:2: error: Slice: not enforced by this build"       },
	        {"AllowedCPUs=",  "f:2: error: AllowedCPUs: not enforced by this build" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), "[profile x]\n%s\n", cases[i].setting);
		accept_policy(text);
		choose("x");
		assert_int_equal(profile_check_enforced(test_profile, &test_errors), -1);
		assert_error(0, cases[i].message);
	}
}

static void what_holds_anyway_may_be_written(void **state)
{
	(void)state;
	accept_policy("[profile x]\nMemoryHigh=infinity\nScope=session\nLifetime=linked\nOverlayPaths=\nMemoryMin=0\n"
	              "BootTimeOffset=0s\nLinger=off\nHome=tmpfs\nPrivateNetwork=1\n");
	choose("x");
	assert_int_equal(profile_check_enforced(test_profile, &test_errors), 0);
	assert_int_equal(value_of(KEY_PrivateNetwork)->number, 2);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

static void add_name(const char *name, void *data)
{
	strcat(data, name);
	strcat(data, " ");
}

static void the_profiles_behind_a_profile_are_told_in_order(void **state)
{
	char names[256] = "";

	(void)state;
	accept_policy("[profile x]\nInherit=y\n[profile y]\nInherit=agent\n");
	policy_each_ancestor(test_policy, "x", add_name, names);
	assert_string_equal(names, "x y agent default base ");
	names[0] = '\0';
	policy_each_ancestor(test_policy, "none-of-that-name", add_name, names);
	assert_string_equal(names, "");
}

static void a_line_is_in_the_section_above_it(void **state)
{
	static const struct {
		const char *file;
		unsigned line;
		const char *section;
	} table[] = {
	        {"f", 2, "profile x"},
                {"f", 4, "run"      },
                {"f", 9, "user a b" },
                {"f", 0, ""         },
                {"g", 2, ""         }
        };
	char section[64];

	(void)state;
	accept_policy("[profile x]\nNice=1\n[run]\nProfiles=x\n\n\n[user \"a b\"]\n# nothing\nProfile=x\n");
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(
		        policy_section_at(test_policy, table[i].file, table[i].line, section, sizeof(section)),
		        table[i].section);
}

static void values_outside_of_profiles_can_be_had_with_their_place(void **state)
{
	(void)state;
	accept_policy("[login]\nExemptGroups=wheel\n[run]\nProfiles=ci agent\n");
	choose("ci");
	assert_int_equal(policy_add_value(test_policy, KEY_Profiles, test_profile), 0);
	assert_string_equal(words_of(KEY_Profiles), "ci agent");
	assert_int_equal(value_of(KEY_Profiles)->words[0].line, 4);
	assert_int_equal(policy_add_value(test_policy, KEY_ExemptGroups, test_profile), 0);
	assert_string_equal(words_of(KEY_ExemptGroups), "wheel");
	assert_int_equal(value_of(KEY_ExemptGroups)->words[0].line, 2);
	accept_policy("");
	choose("ci");
	assert_int_equal(policy_add_value(test_policy, KEY_ExemptGroups, test_profile), 0);
	assert_string_equal(words_of(KEY_ExemptGroups), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(rule_4_uid_0_and_sandbox_exempt_are_never_confined),
	        TEST(rule_4_exempt_groups_are_never_confined),
	        TEST(rule_5_the_person_comes_before_groups_and_groups_before_default),
	        TEST(rule_5_of_groups_the_one_read_last_is_first),
	        TEST(rule_5_a_candidate_without_the_service_is_passed_over),
	        TEST(rule_6_the_rules_keys_override_the_profiles),
	        TEST(rule_7_services_unset_means_the_six),
	        TEST(a_user_manager_is_refused_to_whoever_is_confined_anywhere),
	        TEST(a_user_manager_is_admitted_by_a_rule_that_lists_it),
	        TEST(rule_8_a_caller_may_name_what_run_lists),
	        TEST(rule_8_profiles_unset_means_the_four),
	        TEST(rule_8_an_empty_list_admits_nobody),
	        TEST(rule_9_root_and_the_unprivileged_may_name_any),
	        TEST(a_caller_may_only_tighten),
	        TEST(a_refusal_names_the_rule_and_the_policys_line),
	        TEST(a_setting_that_is_not_one_is_refused),
	        TEST(a_percentage_of_something_unknown_is_not_compared),
	        TEST(words_of_a_caller_are_appended_and_known_as_his),
	        TEST(what_a_caller_took_away_stays_away),
	        TEST(compiled_in_profiles_are_enforced),
	        TEST(what_is_not_enforced_is_refused_with_its_line),
	        TEST(what_holds_anyway_may_be_written),
	        TEST(the_profiles_behind_a_profile_are_told_in_order),
	        TEST(a_line_is_in_the_section_above_it),
	        TEST(values_outside_of_profiles_can_be_had_with_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
