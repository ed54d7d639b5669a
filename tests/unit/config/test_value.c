/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/value.c and config/value_words.c: what each type of value may be, and what it means. */
#include "policy_support.h"

#include "config/value.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/socket.h>

static struct arena arena;

static int clear_arena(void **state)
{
	arena_clear(&arena);
	return teardown(state);
}

static int read_value(enum key_id id, const char *text, struct value *value, struct text_problem *problem)
{
	static const struct value_origin origin = {.file = "f", .line = 1, .trusted = true};
	int checked = value_check(id, text, strlen(text), false, problem);

	*value = (struct value){0};
	int result = value_read(id, text, strlen(text), &origin, &arena, value, problem);
	assert_int_equal(checked, result);
	return result;
}

struct number {
	enum key_id key;
	const char *text;
	int64_t number;
	bool percent, infinity;
};

static void numbers_mean_what_systemd_says(void **state)
{
	static const struct number cases[] = {
	        {KEY_MemoryMax,             "0",                   0,	                                  false, false},
	        {KEY_MemoryMax,             "1",                   1,	                                  false, false},
	        {KEY_MemoryMax,             "512M",                512LL << 20,                                false, false},
	        {KEY_MemoryMax,             "1.5G",                3LL << 29,                                  false, false},
	        {KEY_MemoryMax,             "0.5K",                512,                                        false, false},
	        {KEY_MemoryMax,             "2T",                  2LL << 40,                                  false, false},
	        {KEY_MemoryMax,             "8388607T",            8388607LL << 40,                            false, false},
	        {KEY_MemoryMax,             "9223372036854775807", INT64_MAX,                                  false, false},
	        {KEY_MemoryMax,             "50%",                 5000,                                       true,  false},
	        {KEY_MemoryMax,             "12.5%",               1250,                                       true,  false},
	        {KEY_MemoryMax,             "0.01%",               1,                                          true,  false},
	        {KEY_MemoryMax,             "100%",                10000,                                      true,  false},
	        {KEY_MemoryMax,             "infinity",            0,                                          false, true },
	        {KEY_MemoryMax,             "\"1G\"",              1LL << 30,                                  false, false},
	        {KEY_TmpSize,               "1",                   1,	                                  false, false},
	        {KEY_TasksMax,              "256",                 256,                                        false, false},
	        {KEY_TasksMax,              "33%",                 3300,                                       true,  false},
	        {KEY_TasksMax,              "infinity",            0,                                          false, true },
	        {KEY_CPUQuota,              "150%",                15000,                                      true,  false},
	        {KEY_CPUQuota,              "infinity",            0,                                          false, true },
	        {KEY_CPUWeight,             "10000",               10000,                                      false, false},
	        {KEY_Nice,                  "-20",                 -20,	                                false, false},
	        {KEY_Nice,                  "0",                   0,	                                  false, false},
	        {KEY_UMask,                 "0027",                027,                                        false, false},
	        {KEY_UMask,                 "77",                  077,	                                false, false},
	        {KEY_UMask,                 "0",                   0,	                                  false, false},
	        {KEY_RuntimeMaxSec,         "5",                   5000000,                                    false, false},
	        {KEY_RuntimeMaxSec,         "10min",               600000000,                                  false, false},
	        {KEY_RuntimeMaxSec,         "1h 30min",            5400000000,                                 false, false},
	        {KEY_RuntimeMaxSec,         "1h30min",             5400000000,                                 false, false},
	        {KEY_RuntimeMaxSec,         "2 days",              172800000000,                               false, false},
	        {KEY_RuntimeMaxSec,         "1.5s",                1500000,                                    false, false},
	        {KEY_RuntimeMaxSec,         "20ms",                20000,                                      false, false},
	        {KEY_RuntimeMaxSec,         "7us",                 7,                                          false, false},
	        {KEY_RuntimeMaxSec,         "7\xc2\xb5s",          7,                                          false, false},
	        {KEY_RuntimeMaxSec,         "3m",                  180000000,                                  false, false},
	        {KEY_RuntimeMaxSec,         "1w",                  604800000000,                               false, false},
	        {KEY_RuntimeMaxSec,         "1month",              2629800000000,                              false, false},
	        {KEY_RuntimeMaxSec,         "1y",                  31557600000000,                             false, false},
	        {KEY_RuntimeMaxSec,         "infinity",            0,                                          false, true },
	        {KEY_TimeoutStopSec,        "0",                   0,                                          false, false},
	        {KEY_BootTimeOffset,        "-1h",                 -3600000000,                                false, false},
	        {KEY_KillSignal,            "SIGTERM",             SIGTERM,                                    false, false},
	        {KEY_KillSignal,            "INT",                 SIGINT,                                     false, false},
	        {KEY_KillSignal,            "15",                  SIGTERM,                                    false, false},
	        {KEY_SystemCallErrorNumber, "EPERM",               EPERM,                                      false, false},
	        {KEY_SystemCallErrorNumber, "38",                  ENOSYS,                                     false, false},
	        {KEY_SystemCallErrorNumber, "kill",                0,                                          false, false},
	        {KEY_PrivateTmp,            "yes",                 1,                                          false, false},
	        {KEY_PrivateTmp,            "on",                  1,	                                  false, false},
	        {KEY_PrivateTmp,            "1",                   1,	                                  false, false},
	        {KEY_PrivateTmp,            "false",               0,                                          false, false},
	        {KEY_ProtectSystem,         "no",                  0,                                          false, false},
	        {KEY_ProtectSystem,         "yes",                 1,                                          false, false},
	        {KEY_ProtectSystem,         "true",                1,                                          false, false},
	        {KEY_ProtectSystem,         "full",                2,                                          false, false},
	        {KEY_ProtectSystem,         "strict",              3,                                          false, false},
	        {KEY_PrivateNetwork,        "outbound",            1,                                          false, false},
	        {KEY_PrivateNetwork,        "on",                  2,                                          false, false},
	        {KEY_Home,                  "tmpfs",               3,	                                  false, false},
	        {KEY_Home,                  "/srv/home",           -1,                                         false, false},
	        {KEY_CallerDirectory,       "hidden",              2,                                          false, false},
	        {KEY_RestrictNamespaces,    "no",                  0,                                          false, false},
	        {KEY_RestrictNamespaces,    "~user net",           CLONE_NEWUSER | CLONE_NEWNET,               false, false},
	        {KEY_RestrictNamespaces,    "mnt pid",
	         CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWTIME | CLONE_NEWUSER | CLONE_NEWUTS, false,
	         false	                                                                                             },
	};
	struct text_problem problem = {0};
	struct value value;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (read_value(cases[i].key, cases[i].text, &value, &problem) != 0) {
			print_message("%s\n", problem.text);
			fail();
		}
		if (value.number != cases[i].number)
			print_message("%s\n", cases[i].text);
		assert_int_equal(value.number, cases[i].number);
		assert_int_equal(value.percent, cases[i].percent);
		assert_int_equal(value.infinity, cases[i].infinity);
		assert_true(value.is_set);
	}
}

static void what_is_not_exactly_a_number_is_refused(void **state)
{
	static const struct {
		enum key_id key;
		const char *text;
	} cases[] = {
	        {KEY_MemoryMax,             "-1"                  },
	        {KEY_MemoryMax,             "+1"                  },
	        {KEY_MemoryMax,             "0x10"                },
	        {KEY_MemoryMax,             "010"                 },
	        {KEY_MemoryMax,             "1e3"                 },
	        {KEY_MemoryMax,             "1.5"                 },
	        {KEY_MemoryMax,             "1.G"                 },
	        {KEY_MemoryMax,             ".5G"                 },
	        {KEY_MemoryMax,             "1k"                  },
	        {KEY_MemoryMax,             "1 G"                 },
	        {KEY_MemoryMax,             "1GB"                 },
	        {KEY_MemoryMax,             "1P"                  },
	        {KEY_MemoryMax,             "inf"                 },
	        {KEY_MemoryMax,             "Infinity"            },
	        {KEY_MemoryMax,             "101%"                },
	        {KEY_MemoryMax,             "0.001%"              },
	        {KEY_MemoryMax,             "%"                   },
	        {KEY_MemoryMax,             "50%%"                },
	        {KEY_MemoryMax,             "9223372036854775808" },
	        {KEY_MemoryMax,             "8388608T"            },
	        {KEY_MemoryMax,             "99999999999999999999"},
	        {KEY_MemoryMax,             ""                    },
	        {KEY_MemoryMax,             "\"\""                },
	        {KEY_MemoryMax,             "1.0000000001G"       },
	        {KEY_TmpSize,               "0"                   },
	        {KEY_TmpSize,               "0%"                  },
	        {KEY_TmpInodes,             "0"                   },
	        {KEY_TasksMax,              "1K"                  },
	        {KEY_TasksMax,              "1.5"                 },
	        {KEY_TasksMax,              "-5"                  },
	        {KEY_CPUQuota,              "50"                  },
	        {KEY_CPUQuota,              "0%"                  },
	        {KEY_CPUQuota,              "1G"                  },
	        {KEY_CPUWeight,             "0"                   },
	        {KEY_CPUWeight,             "10001"               },
	        {KEY_CPUWeight,             "50%"                 },
	        {KEY_Nice,                  "20"                  },
	        {KEY_Nice,                  "-21"                 },
	        {KEY_Nice,                  "-0"                  },
	        {KEY_Nice,                  "+5"                  },
	        {KEY_Nice,                  "1.0"                 },
	        {KEY_OOMScoreAdjust,        "1001"                },
	        {KEY_AppArmorProfile,       "-a"                  },
	        {KEY_AppArmorProfile,       "a b"                 },
	        {KEY_AppArmorProfile,       "%u"                  },
	        {KEY_SELinuxContext,        "a:b"                 },
	        {KEY_SELinuxContext,        "a::c"                },
	        {KEY_SELinuxContext,        ":b:c"                },
	        {KEY_SELinuxContext,        "a:b:"                },
	        {KEY_SELinuxContext,        "exec a:b:c"          },
	        {KEY_UMask,                 "8"                   },
	        {KEY_UMask,                 "1000"                },
	        {KEY_UMask,                 "00077"               },
	        {KEY_UMask,                 "u=rwx"               },
	        {KEY_RuntimeMaxSec,         "1M"                  },
	        {KEY_RuntimeMaxSec,         "0"                   },
	        {KEY_RuntimeMaxSec,         "-1s"                 },
	        {KEY_RuntimeMaxSec,         "1 fortnight"         },
	        {KEY_RuntimeMaxSec,         "1h 30 xyz"           },
	        {KEY_RuntimeMaxSec,         "999999999999y"       },
	        {KEY_RuntimeMaxSec,         "s"                   },
	        {KEY_RuntimeMaxSec,         "1h infinity"         },
	        {KEY_CPUQuotaPeriodSec,     "999us"               },
	        {KEY_CPUQuotaPeriodSec,     "2s"                  },
	        {KEY_KillSignal,            "0"                   },
	        {KEY_KillSignal,            "65"                  },
	        {KEY_KillSignal,            "term"                },
	        {KEY_KillSignal,            "SIG15"               },
	        {KEY_KillSignal,            "SIGNOTHING"          },
	        {KEY_SystemCallErrorNumber, "0"                   },
	        {KEY_SystemCallErrorNumber, "4096"                },
	        {KEY_SystemCallErrorNumber, "EWHAT"               },
	        {KEY_PrivateTmp,            "maybe"               },
	        {KEY_PrivateTmp,            "YES"                 },
	        {KEY_PrivateTmp,            "2"                   },
	        {KEY_ProtectSystem,         "Strict"              },
	        {KEY_ProtectSystem,         "very"                },
	        {KEY_Home,                  "relative"            },
	        {KEY_Home,                  "/a/../b"             },
	        {KEY_Home,                  "yes"                 },
	        {KEY_RestrictNamespaces,    "~"                   },
	        {KEY_RestrictNamespaces,    "user,net"            },
	        {KEY_RestrictNamespaces,    "~user ~net"          },
	};
	struct text_problem problem;
	struct value value;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (read_value(cases[i].key, cases[i].text, &value, &problem) == 0) {
			print_message("accepted: %s=%s\n", key_row(cases[i].key)->name, cases[i].text);
			fail();
		}
}

static void limits_have_a_soft_and_a_hard_side(void **state)
{
	static const struct {
		enum key_id key;
		const char *text;
		int64_t soft, hard;
		bool soft_infinity, hard_infinity;
	} cases[] = {
	        {KEY_LimitNOFILE, "1024",          1024,      1024,      false, false},
	        {KEY_LimitNOFILE, "1024:4096",     1024,      4096,      false, false},
	        {KEY_LimitNOFILE, "1024:infinity", 1024,      0,         false, true },
	        {KEY_LimitNOFILE, "infinity",      0,         0,         true,  true },
	        {KEY_LimitCORE,   "0",             0,         0,         false, false},
	        {KEY_LimitAS,     "1.5G:2G",       3LL << 29, 2LL << 30, false, false},
	        {KEY_LimitCPU,    "30",            30,        30,        false, false},
	        {KEY_LimitCPU,    "1min:2min",     60,        120,       false, false},
	        {KEY_LimitCPU,    "1ms",           1,         1,         false, false},
	        {KEY_LimitRTTIME, "30",            30,        30,        false, false},
	        {KEY_LimitRTTIME, "1ms",           1000,      1000,      false, false},
	        {KEY_LimitNICE,   "10",            10,        10,        false, false},
	        {KEY_LimitNICE,   "+10",           10,        10,        false, false},
	        {KEY_LimitNICE,   "-10",           30,        30,        false, false},
	};
	static const char *const refused[] = {"4096:1024", "infinity:5", ":",  "1:",  ":1",
	                                      "1:2:3",     "1K",         "-1", "50%", "1 :2"};
	struct text_problem problem;
	struct value value;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(read_value(cases[i].key, cases[i].text, &value, &problem), 0);
		assert_int_equal(value.number, cases[i].soft);
		assert_int_equal(value.hard, cases[i].hard);
		assert_int_equal(value.infinity, cases[i].soft_infinity);
		assert_int_equal(value.hard_infinity, cases[i].hard_infinity);
	}
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_int_equal(read_value(KEY_LimitNOFILE, refused[i], &value, &problem), -1);
	assert_int_equal(read_value(KEY_LimitNICE, "41", &value, &problem), -1);
	assert_int_equal(read_value(KEY_LimitNICE, "+20", &value, &problem), -1);
}

static void paths_are_absolute_and_go_nowhere_else(void **state)
{
	static const struct {
		enum key_id key;
		const char *text;
		int result;
	} cases[] = {
	        {KEY_ReadOnlyPaths,       "/ /a -/b //c/ %h/d -%h", 0 },
	        {KEY_ReadOnlyPaths,       "a",                      -1},
	        {KEY_ReadOnlyPaths,       "-",                      -1},
	        {KEY_ReadOnlyPaths,       "--/a",                   -1},
	        {KEY_ReadOnlyPaths,       "/a/..",                  -1},
	        {KEY_ReadOnlyPaths,       "/./a",                   -1},
	        {KEY_ReadOnlyPaths,       "/a/..b/.c/d..",          0 },
	        {KEY_ReadOnlyPaths,       "%u/a",                   -1},
	        {KEY_ReadOnlyPaths,       "/a/%x",                  -1},
	        {KEY_ReadOnlyPaths,       "/a%",                    -1},
	        {KEY_ReadOnlyPaths,       "/100%%/%u/%U/%g/%G/%s",  0 },
	        {KEY_ReadOnlyPaths,       "\"/a\\nb\"",             -1},
	        {KEY_ReadOnlyPaths,       "\"\"",                   -1},
	        {KEY_BindPaths,           "/a /a:/b -/a:/b",        0 },
	        {KEY_BindPaths,           "/a:b",                   -1},
	        {KEY_BindPaths,           "/a:/b:rbind",            -1},
	        {KEY_BindPaths,           "/a:",                    -1},
	        {KEY_BindPaths,           ":/a",                    -1},
	        {KEY_BindPaths,           "/a:/b/../c",             -1},
	        {KEY_BindPaths,           "\"/a b:/c d\"",          0 },
	        {KEY_TemporaryFileSystem, "/a /b",                  0 },
	        {KEY_TemporaryFileSystem, "/a:ro",                  -1},
	        {KEY_TemporaryFileSystem, "-/a",                    -1},
	        {KEY_WorkingDirectory,    "/a",                     0 },
	        {KEY_WorkingDirectory,    "\"/a b\"",               0 },
	        {KEY_WorkingDirectory,    "/a b",                   -1},
	        {KEY_WorkingDirectory,    "~",                      0 },
	        {KEY_WorkingDirectory,    "~/a",                    -1},
	        {KEY_WorkingDirectory,    "%h/a",                   0 },
	        {KEY_WorkingDirectory,    ".",                      -1},
	        {KEY_CGroupPath,          "/a/b",                   0 },
	        {KEY_CGroupPath,          "a/b",                    -1},
	        {KEY_CGroupPath,          "/",                      -1},
	};
	struct text_problem problem;
	struct value value;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int result = read_value(cases[i].key, cases[i].text, &value, &problem);
		if (result != cases[i].result)
			print_message("%s=%s\n", key_row(cases[i].key)->name, cases[i].text);
		assert_int_equal(result, cases[i].result);
	}
}

static void words_are_checked_for_their_key(void **state)
{
	static const struct {
		enum key_id key;
		const char *text;
		int result;
	} cases[] = {
	        {KEY_Profile,                 "a-b.c_9",                              0 },
	        {KEY_Profile,                 ".a",                                   -1},
	        {KEY_Profile,                 "-a",                                   -1},
	        {KEY_Profile,                 "a/b",                                  -1},
	        {KEY_Services,                "sshd su-l",                            0 },
	        {KEY_Services,                "../x",                                 -1},
	        {KEY_ExemptGroups,            "adm \"domain admins\" a\\b",           0 },
	        {KEY_ExemptGroups,            "a:b",                                  -1},
	        {KEY_EtcFiles,                "hosts ssh/ssh_config -gitconfig ssl/", 0 },
	        {KEY_EtcFiles,                "/etc/hosts",                           -1},
	        {KEY_EtcFiles,                "../shadow",                            -1},
	        {KEY_EtcFiles,                "ssl/../shadow",                        -1},
	        {KEY_EtcFiles,                "a//b",                                 -1},
	        {KEY_EtcFiles,                "-",	                            -1},
	        {KEY_Environment,             "A=1 _b=\"x\"",                         -1},
	        {KEY_Environment,             "A=1 \"_b=x y\" C=",                    0 },
	        {KEY_Environment,             "A",                                    -1},
	        {KEY_Environment,             "1A=1",                                 -1},
	        {KEY_Environment,             "=1",                                   -1},
	        {KEY_Environment,             "A=50%",                                -1},
	        {KEY_Environment,             "A=50%% B=%h",                          0 },
	        {KEY_PassEnvironment,         "A B_2",                                0 },
	        {KEY_PassEnvironment,         "A=1",                                  -1},
	        {KEY_UnsetEnvironment,        "A*",                                   -1},
	        {KEY_CapabilityBoundingSet,   "CAP_CHOWN CAP_NET_RAW",                0 },
	        {KEY_CapabilityBoundingSet,   "CAP_WHAT",                             -1},
	        {KEY_CapabilityBoundingSet,   "~CAP_CHOWN CAP_NET_RAW",               -1},
	        {KEY_SystemCallFilter,        "@sandbox read",                        0 },
	        {KEY_SystemCallFilter,        "@sandbox ~ptrace",                     0 },
	        {KEY_SystemCallFilter,        "~ptrace ~mount",                       0 },
	        {KEY_SystemCallFilter,        "~ptrace mount",                        -1},
	        {KEY_SystemCallFilter,        "@nonsense",                            -1},
	        {KEY_SystemCallFilter,        "reed",                                 -1},
	        {KEY_RestrictAddressFamilies, "AF_UNIX AF_INET6",                     0 },
	        {KEY_RestrictAddressFamilies, "none",                                 0 },
	        {KEY_RestrictAddressFamilies, "none AF_UNIX",                         -1},
	        {KEY_RestrictAddressFamilies, "AF_UNIX none",                         -1},
	        {KEY_RestrictAddressFamilies, "UNIX",                                 -1},
	        {KEY_RestrictAddressFamilies, "~AF_PACKET",                           0 },
	        {KEY_SystemCallArchitectures, "native x86",                           0 },
	        {KEY_SystemCallArchitectures, "pdp11",                                -1},
	        {KEY_ConnectPorts,            "22 8000-8080",                         0 },
	        {KEY_ConnectPorts,            "0",                                    -1},
	        {KEY_ConnectPorts,            "65536",                                -1},
	        {KEY_ConnectPorts,            "90-80",                                -1},
	        {KEY_ConnectPorts,            "none",                                 0 },
	        {KEY_ConnectPorts,            "80 none",                              -1},
	        {KEY_AllowedCPUs,             "0 2-3",                                0 },
	        {KEY_AllowedCPUs,             "0,2",                                  -1},
	        {KEY_AllowedCPUs,             "2-",                                   -1},
	        {KEY_PassFileDescriptors,     "3 4",                                  0 },
	        {KEY_PassFileDescriptors,     "2",                                    -1},
	        {KEY_PassFileDescriptors,     "63",                                   0 },
	        {KEY_PassFileDescriptors,     "64",                                   -1},
	        {KEY_DeviceAllow,             "/dev/null rw char-pts",                0 },
	        {KEY_DeviceAllow,             "rw",                                   -1},
	        {KEY_DeviceAllow,             "/dev/null rx",                         -1},
	        {KEY_DeviceAllow,             "/dev/null rr",                         -1},
	        {KEY_IOReadBandwidthMax,      "/dev/sda 10M",                         0 },
	        {KEY_IOReadBandwidthMax,      "10M /dev/sda",                         -1},
	        {KEY_IODeviceWeight,          "/dev/sda 0",                           -1},
	        {KEY_NetPriority,             "eth0 3",                               0 },
	        {KEY_HugeTLBMax,              "2M 64M",                               0 },
	        {KEY_Hostname,                "box-1.%u",                             0 },
	        {KEY_Hostname,                "a b",                                  -1},
	        {KEY_Hostname,                "-a",                                   -1},
	        {KEY_Hostname,                "\"\"",                                 -1},
	};
	struct text_problem problem;
	struct value value;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int result = read_value(cases[i].key, cases[i].text, &value, &problem);
		if (result != cases[i].result)
			print_message("%s=%s\n", key_row(cases[i].key)->name, cases[i].text);
		assert_int_equal(result, cases[i].result);
	}
}

static void a_refusal_names_the_value_the_place_and_what_would_do(void **state)
{
	static const char text[] = "/ok \"/not \\\\ ok/..\"";
	struct text_problem problem;

	(void)state;
	assert_int_equal(value_check(KEY_ProtectSystem, "very", 4, false, &problem), -1);
	assert_string_equal(problem.text, "ProtectSystem: \"very\" is not one of no, yes, full, strict");
	assert_int_equal(value_check(KEY_Home, "yes", 3, false, &problem), -1);
	assert_string_equal(problem.text,
	                    "Home: \"yes\" is not one of host, read-only, overlay, tmpfs or an absolute path");
	assert_int_equal(value_check(KEY_RuntimeMaxSec, "1M", 2, false, &problem), -1);
	assert_string_equal(problem.hint,
	                    "times are like 30s, 10min or \"1h 30min\"; M alone could be minutes or months");
	assert_int_equal(value_check(KEY_ReadOnlyPaths, text, sizeof(text) - 1, false, &problem), -1);
	assert_string_equal(problem.text, "ReadOnlyPaths: \"/not \\ ok/..\" is not a path without . or ..");
	assert_ptr_equal(problem.at, text + 5);
}

static void a_list_grows_and_a_fallback_gives_way(void **state)
{
	static const struct value_origin origin = {.file = "f", .line = 2, .trusted = true};
	struct text_problem problem;
	struct value value;

	(void)state;
	assert_int_equal(value_fallback(KEY_Profiles, &arena, &value), 0);
	assert_int_equal(value.word_count, 4);
	assert_false(value.is_set);
	assert_int_equal(value_read(KEY_Profiles, "a", 1, &origin, &arena, &value, &problem), 0);
	assert_int_equal(value.word_count, 1);
	assert_int_equal(value_read(KEY_Profiles, "b 'c'", 5, &origin, &arena, &value, &problem), 0);
	assert_int_equal(value.word_count, 3);
	assert_string_equal(value.words[0].text, "a");
	assert_string_equal(value.words[2].text, "c");
	assert_int_equal(value_read(KEY_Profiles, "", 0, &origin, &arena, &value, &problem), 0);
	assert_int_equal(value.word_count, 0);
	assert_true(value.is_set);
}

static void a_value_that_is_refused_changes_nothing(void **state)
{
	static const struct value_origin origin = {.file = "f", .line = 2};
	struct text_problem problem;
	struct value value;

	(void)state;
	assert_int_equal(value_fallback(KEY_MemoryMax, &arena, &value), 0);
	assert_int_equal(value_read(KEY_MemoryMax, "1X", 2, &origin, &arena, &value, &problem), -1);
	assert_true(value.infinity);
	assert_false(value.is_set);
}

static void families_have_their_kernel_numbers(void **state)
{
	(void)state;
	assert_int_equal(value_family("AF_INET6", 8), AF_INET6);
	assert_int_equal(value_family("AF_LOCAL", 8), AF_UNIX);
	assert_int_equal(value_family("AF_INET", 8), -1);
	assert_int_equal(value_family("INET", 4), -1);
}

static void specifiers_say_who_it_is_for(void **state)
{
	struct identity person = {
	        .uid = 7, .gid = 8, .name = "al", .primary_group_name = "grp", .home = "/h", .shell = "/s"};

	(void)state;
	char *text = specifiers_expand("%u-%U-%g-%G-%h-%s-%%u", &person, &test_errors);
	assert_string_equal(text, "al-7-grp-8-/h-/s-%u");
	free(text);
	text = specifiers_expand("plain", &person, &test_errors);
	assert_string_equal(text, "plain");
	free(text);
	person.primary_group_name = NULL;
	text = specifiers_expand("%g", &person, &test_errors);
	assert_string_equal(text, "8");
	free(text);
	assert_int_equal(test_errors.errors, 0);
	assert_null(specifiers_expand("a%x", &person, &test_errors));
	assert_null(specifiers_expand("a%", &person, &test_errors));
	assert_error(0, "policy: error: unknown specifier \"%x\"");
	assert_error(1, "policy: error: unknown specifier \"%\"");
}

#define TEST(name) cmocka_unit_test_teardown(name, clear_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(numbers_mean_what_systemd_says),
	        TEST(what_is_not_exactly_a_number_is_refused),
	        TEST(limits_have_a_soft_and_a_hard_side),
	        TEST(paths_are_absolute_and_go_nowhere_else),
	        TEST(words_are_checked_for_their_key),
	        TEST(a_refusal_names_the_value_the_place_and_what_would_do),
	        TEST(a_list_grows_and_a_fallback_gives_way),
	        TEST(a_value_that_is_refused_changes_nothing),
	        TEST(families_have_their_kernel_numbers),
	        TEST(specifiers_say_who_it_is_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
