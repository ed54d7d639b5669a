/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of config/plan_filter.c: keys to a filter, run by the machine of bpf.h and by the kernel. Each
 * refusal by the kernel has a twin without the filter, in which the same call gets another answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/arena.h"
#include "config/draft.h"
#include "config/filter.h"
#include "config/value.h"
#include "tests/unit/config/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <linux/filter.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOT_CALLED 0xffffffffu

/* What the compiled-in profiles say. */
#define DEFAULT_POLICY                                                                                                 \
	"RestrictNamespaces=yes\n"                                                                                     \
	"SystemCallFilter=@sandbox\n"                                                                                  \
	"SystemCallErrorNumber=EPERM\n"                                                                                \
	"SystemCallArchitectures=native\n"                                                                             \
	"RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n"                                                \
	"LockPersonality=yes\n"                                                                                        \
	"RestrictRealtime=yes\n"                                                                                       \
	"RestrictSUIDSGID=yes\n"

static const enum key_id filter_keys[] = {KEY_SystemCallFilter,
                                          KEY_SystemCallErrorNumber,
                                          KEY_SystemCallArchitectures,
                                          KEY_RestrictNamespaces,
                                          KEY_RestrictAddressFamilies,
                                          KEY_MemoryDenyWriteExecute,
                                          KEY_LockPersonality,
                                          KEY_RestrictRealtime,
                                          KEY_RestrictSUIDSGID,
                                          KEY_SystemCallLog,
                                          KEY_ConnectPorts,
                                          KEY_BindPorts};

/* --- a profile from lines, and its filter --- */

static struct arena arena;
static struct profile profile;
static struct policy_errors errors;
static struct draft draft;
static struct host_facts facts = {.seccomp_log = true};

static const struct plan_filter_instruction *program(void)
{
	return draft.filter.items;
}

static void read_line(const char *line, size_t length, unsigned number)
{
	const char *equal = memchr(line, '=', length);
	struct value_origin origin = {.file = "policy", .line = number, .trusted = true};
	struct text_problem problem = {.text = ""};

	assert_non_null(equal);
	enum key_id id = key_find(line, (size_t)(equal - line));
	assert_true(id != KEY_COUNT);
	if (value_read(id, equal + 1, length - (size_t)(equal - line) - 1, &origin, &arena, &profile.values[id],
	               &problem))
		fail_msg("%.*s: %s", (int)length, line, problem.text);
}

static void forget(void)
{
	free(draft.filter.items);
	free(draft.log_filter.items);
	arena_clear(&arena);
	policy_errors_clear(&errors);
	memset(&draft, 0, sizeof(draft));
	memset(&profile, 0, sizeof(profile));
	memset(&errors, 0, sizeof(errors));
}

static void read_profile(const char *lines)
{
	forget();
	for (size_t i = 0; i < COUNT(filter_keys); i++)
		assert_int_equal(value_fallback(filter_keys[i], &arena, &profile.values[filter_keys[i]]), 0);
	for (unsigned number = 1; *lines; number++) {
		size_t length = strcspn(lines, "\n");
		read_line(lines, length, number);
		lines += length + (lines[length] == '\n');
	}
	draft.profile = &profile;
	draft.facts = &facts;
	draft.errors = &errors;
}

static void plan(const char *lines)
{
	read_profile(lines);
	if (plan_filter(&draft) != 0)
		fail_msg("%s", errors.count ? errors.list[0].text : "no error told");
	assert_false(draft.failed);
	assert_int_equal(errors.count, 0);
	assert_true(draft.filter.count > 0 && draft.filter.count <= BPF_MAXINSNS);
}

static int tear_down(void **state)
{
	(void)state;
	forget();
	return 0;
}

static uint32_t run(int number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	struct seccomp_data data = {
	        .nr = number, .arch = FILTER_ARCHITECTURE, .args = {a, b, c, d}
        };

	return number < 0 ? NOT_CALLED : bpf_run(program(), draft.filter.count, &data, NULL);
}

/* --- which calls --- */

static void every_number_is_allowed_refused_or_unknown(void **state)
{
	static const char *const lists[] = {"@sandbox",      "@system-service", "@known",          "@default",
	                                    "~@mount ~read", "~@known",         "@basic-io ~write"};

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		char line[100], *rest = line + strlen("SystemCallFilter=");
		struct syscall_set allowed, known;
		snprintf(line, sizeof(line), "SystemCallFilter=%s", lists[i]);
		plan(line);
		syscall_set_begin(&known, NULL);
		syscall_set_begin(&allowed, lists[i]);
		for (char *word; (word = strsep(&rest, " "));)
			assert_int_equal(syscall_set_apply(&allowed, word), 0);
		for (int n = 0; n < 600; n++) {
			uint32_t wanted = syscall_set_has(&allowed, (unsigned)n) ? SECCOMP_RET_ALLOW
			                  : syscall_set_has(&known, (unsigned)n) ? FILTER_ERRNO(EPERM)
			                                                         : FILTER_ERRNO(ENOSYS);
			if (run(n, 0, 0, 0, 0) != wanted)
				fail_msg("%s: %d gets %#x", lists[i], n, run(n, 0, 0, 0, 0));
		}
	}
}

static void without_a_list_every_known_call_is_allowed(void **state)
{
	struct syscall_set known;

	(void)state;
	plan("");
	syscall_set_begin(&known, NULL);
	for (int n = 0; n < 600; n++)
		assert_int_equal(run(n, 0, 0, 0, 0),
		                 syscall_set_has(&known, (unsigned)n) ? SECCOMP_RET_ALLOW : FILTER_ERRNO(ENOSYS));
}

static void assignments_append(void **state)
{
	(void)state;
	plan("SystemCallFilter=@basic-io\nSystemCallFilter=mount\nSystemCallFilter=~write\n");
	assert_int_equal(run(NUMBER_mount, 0, 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(NUMBER_read, 0, 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(NUMBER_write, 0, 0, 0, 0), FILTER_ERRNO(EPERM));
}

static void the_error_number_is_the_policys(void **state)
{
	(void)state;
	plan("SystemCallFilter=@default\nSystemCallErrorNumber=EACCES\n");
	assert_int_equal(run(NUMBER_mount, 0, 0, 0, 0), FILTER_ERRNO(EACCES));
	assert_int_equal(run(511, 0, 0, 0, 0), FILTER_ERRNO(ENOSYS));
	plan("SystemCallFilter=@default\nSystemCallErrorNumber=kill\n");
	assert_int_equal(run(NUMBER_mount, 0, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(run(511, 0, 0, 0, 0), FILTER_ERRNO(ENOSYS));
}

/* Words that the check of the language lets through, or that a profile not made by it holds. */
static void bad_words_are_errors(void **state)
{
	static const struct {
		enum key_id key;
		const char *words[3];
		unsigned line; /* of the last word */
		const char *message, *hint;
	} table[] = {
	        {KEY_SystemCallFilter,
	         {"read", "opemat"},
	         2, "SystemCallFilter: unknown system call or group \"opemat\"",
	         "did you mean openat?" },
	        {KEY_SystemCallFilter,
	         {"~@mout"},
	         1, "SystemCallFilter: unknown system call or group \"@mout\"",
	         "did you mean ~@mount?"},
	        {KEY_SystemCallFilter,
	         {"no_such_thing_at_all"},
	         1, "SystemCallFilter: unknown system call or group \"no_such_thing_at_all\"",
	         NULL                   },
	        {KEY_SystemCallLog,
	         {"~opemat"},
	         1, "SystemCallLog: unknown system call or group \"opemat\"",
	         "did you mean ~openat?"},
	        {KEY_RestrictAddressFamilies,
	         {"AF_UNIX", "AF_NONE"},
	         2, "RestrictAddressFamilies: unknown address family \"AF_NONE\"",
	         NULL                   },
	        {KEY_SystemCallArchitectures,
	         {"native", "x86"},
	         2, "SystemCallArchitectures: x86: not enforced by this build",
	         "write native"         },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct value_word words[3] = {{.text = NULL}};
		size_t count = 0;
		for (; count < 3 && table[i].words[count]; count++)
			words[count] = (struct value_word){table[i].words[count], "policy", (unsigned)count + 1, true};
		read_profile("");
		profile.values[table[i].key].words = words;
		profile.values[table[i].key].word_count = count;
		assert_int_equal(plan_filter(&draft), -1);
		assert_int_equal(errors.count, 1);
		assert_string_equal(errors.list[0].text, table[i].message);
		assert_string_equal(errors.list[0].file, "policy");
		assert_int_equal(errors.list[0].line, table[i].line);
		if (table[i].hint)
			assert_string_equal(errors.list[0].hint, table[i].hint);
		else
			assert_null(errors.list[0].hint);
	}
}

/* --- arguments --- */

#define HIGH UINT64_C(0xdeadbeef00000000)

/* clang-format off: one row a line */
static const struct argument_case {
	const char *lines;
	int number;
	uint64_t a, b, c, d;
	uint32_t wanted;
} argument_cases[] = {
  /* the terminal, without any key */
        {"",                                                                          NUMBER_ioctl,              0,                                TIOCSTI,                                 0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"",                                                                          NUMBER_ioctl,              0,                                TIOCLINUX,                               0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"",                                                                          NUMBER_ioctl,              0,                                HIGH | TIOCSTI,                          0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"",                                                                          NUMBER_ioctl,              0,                                HIGH | TIOCLINUX,                        0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"",                                                                          NUMBER_ioctl,              TIOCSTI,                          TIOCGWINSZ,                              TIOCSTI,                      0,                                  SECCOMP_RET_ALLOW            },
        {"SystemCallFilter=@basic-io",                                                NUMBER_ioctl,              0,                                TIOCGWINSZ,                              0,                            0,                                  FILTER_ERRNO(EPERM)          },

        {"RestrictNamespaces=no",                                                     NUMBER_unshare,            CLONE_NEWUSER,                    0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictNamespaces=no",                                                     NUMBER_clone3,             0,                                0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictNamespaces=no",                                                     NUMBER_setns,              0,                                0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictNamespaces=yes",                                                    NUMBER_clone3,             0,                                0,                                       0,                            0,                                  FILTER_ERRNO(ENOSYS)         },
        {"RestrictNamespaces=yes",                                                    NUMBER_setns,              3,                                CLONE_NEWNET,                            0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_setns,              3,                                0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_clone,              SIGCHLD,                          0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictNamespaces=yes",                                                    NUMBER_clone,              CLONE_VM | CLONE_VFORK | SIGCHLD, 0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictNamespaces=yes",                                                    NUMBER_clone,              CLONE_NEWUSER | SIGCHLD,          0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_clone,              HIGH | CLONE_NEWNS | SIGCHLD,     0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_clone,              CLONE_NEWCGROUP,                  0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_clone,              CLONE_NEWUTS,                     0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_clone,              CLONE_NEWIPC,                     0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_clone,              CLONE_NEWPID,                     0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_clone,              CLONE_NEWNET,                     0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_clone,              0x80 /* CLONE_NEWTIME */,         0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_unshare,            CLONE_FILES | CLONE_FS,           0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictNamespaces=yes",                                                    NUMBER_unshare,            0,                                0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictNamespaces=yes",                                                    NUMBER_unshare,            CLONE_NEWUSER,                    0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_unshare,            CLONE_FS | CLONE_NEWNS,           0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_unshare,            0x80,                             0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_unshare,            0x00100000 /* unassigned */,      0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=yes",                                                    NUMBER_unshare,            UINT64_C(1) << 33,                0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=~user",                                                  NUMBER_unshare,            CLONE_NEWUSER,                    0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=~user",                                                  NUMBER_unshare,            CLONE_NEWNET,                     0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictNamespaces=~user",                                                  NUMBER_clone,              CLONE_NEWNET,                     0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictNamespaces=~user",                                                  NUMBER_clone3,             0,                                0,                                       0,                            0,                                  FILTER_ERRNO(ENOSYS)         },
        {"RestrictNamespaces=~user",                                                  NUMBER_setns,              3,                                CLONE_NEWNET,                            0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictNamespaces=~user",                                                  NUMBER_setns,              3,                                CLONE_NEWUSER,                           0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=~user",                                                  NUMBER_setns,              3,                                0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictNamespaces=net",                                                    NUMBER_unshare,            CLONE_NEWNET,                     0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictNamespaces=net",                                                    NUMBER_unshare,            CLONE_NEWNS,                      0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },

        {"",                                                                          NUMBER_socket,             AF_PACKET,                        0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"",                                                                          NUMBER_io_uring_setup,     0,                                0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictAddressFamilies=AF_UNIX AF_INET",                                   NUMBER_socket,             AF_UNIX,                          0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictAddressFamilies=AF_UNIX AF_INET",                                   NUMBER_socket,             HIGH | AF_INET,                   0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictAddressFamilies=AF_UNIX AF_INET",                                   NUMBER_socket,             AF_INET6,                         0,                                       0,                            0,                                  FILTER_ERRNO(EAFNOSUPPORT)   },
        {"RestrictAddressFamilies=AF_UNIX AF_INET",                                   NUMBER_socket,             HIGH | AF_ALG,                    0,                                       0,                            0,                                  FILTER_ERRNO(EAFNOSUPPORT)   },
        {"RestrictAddressFamilies=AF_UNIX AF_INET",                                   NUMBER_socket,             65,                               0,                                       0,                            0,                                  FILTER_ERRNO(EAFNOSUPPORT)   },
        {"RestrictAddressFamilies=AF_UNIX AF_INET",                                   NUMBER_socket,             0xffffffff,                       0,                                       0,                            0,                                  FILTER_ERRNO(EAFNOSUPPORT)   },
        {"RestrictAddressFamilies=AF_UNIX AF_INET",                                   NUMBER_socketpair,         AF_UNIX,                          0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictAddressFamilies=AF_UNIX AF_INET",                                   NUMBER_socketpair,         AF_TIPC,                          0,                                       0,                            0,                                  FILTER_ERRNO(EAFNOSUPPORT)   },
        {"RestrictAddressFamilies=AF_UNIX AF_INET",                                   NUMBER_io_uring_setup,     0,                                0,                                       0,                            0,                                  FILTER_ERRNO(ENOSYS)         },
        {"RestrictAddressFamilies=none",                                              NUMBER_socket,             AF_UNIX,                          0,                                       0,                            0,                                  FILTER_ERRNO(EAFNOSUPPORT)   },
        {"RestrictAddressFamilies=AF_UNIX\nRestrictAddressFamilies=none",             NUMBER_socket,             AF_UNIX,                          0,                                       0,                            0,
         FILTER_ERRNO(EAFNOSUPPORT)                                                                                                                                                                                                                                                        },
        {"RestrictAddressFamilies=~AF_INET\nRestrictAddressFamilies=none",            NUMBER_socket,             AF_UNIX,                          0,                                       0,                            0,
         FILTER_ERRNO(EAFNOSUPPORT)                                                                                                                                                                                                                                                        },
        {"RestrictAddressFamilies=none\nRestrictAddressFamilies=AF_UNIX",             NUMBER_socket,             AF_UNIX,                          0,                                       0,                            0,
         SECCOMP_RET_ALLOW                                                                                                                                                                                                                                                                 },
        {"RestrictAddressFamilies=~AF_PACKET ~AF_ALG",                                NUMBER_socket,             AF_PACKET,                        0,                                       0,                            0,                                  FILTER_ERRNO(EAFNOSUPPORT)   },
        {"RestrictAddressFamilies=~AF_PACKET ~AF_ALG",                                NUMBER_socket,             AF_ALG,                           0,                                       0,                            0,                                  FILTER_ERRNO(EAFNOSUPPORT)   },
        {"RestrictAddressFamilies=~AF_PACKET ~AF_ALG",                                NUMBER_socket,             AF_INET,                          0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictAddressFamilies=AF_UNIX\nRestrictAddressFamilies=AF_INET",          NUMBER_socket,             AF_INET,                          0,                                       0,                            0,
         SECCOMP_RET_ALLOW                                                                                                                                                                                                                                                                 },
        {"RestrictAddressFamilies=AF_UNIX AF_INET\nRestrictAddressFamilies=~AF_INET", NUMBER_socket,             AF_INET,                          0,                                       0,                            0,
         FILTER_ERRNO(EAFNOSUPPORT)                                                                                                                                                                                                                                                        },

 /* ports: what Landlock does not see */
        {"ConnectPorts=80",                                                           NUMBER_socket,             AF_INET,                          SOCK_STREAM,                             IPPROTO_MPTCP,                0,                                  FILTER_ERRNO(EPROTONOSUPPORT)},
        {"ConnectPorts=80",                                                           NUMBER_socket,             AF_INET,                          SOCK_STREAM,                             HIGH | 256 /* IPPROTO_SMC */, 0,
         FILTER_ERRNO(EPROTONOSUPPORT)                                                                                                                                                                                                                                                     },
        {"ConnectPorts=80",                                                           NUMBER_socket,             AF_SMC,                           SOCK_STREAM,                             0,                            0,                                  FILTER_ERRNO(EAFNOSUPPORT)   },
        {"ConnectPorts=80",                                                           NUMBER_socket,             AF_INET,                          SOCK_STREAM,                             IPPROTO_TCP,                  0,                                  SECCOMP_RET_ALLOW            },
        {"ConnectPorts=80",                                                           NUMBER_sendto,             3,                                0,                                       0,                            HIGH | MSG_FASTOPEN | MSG_DONTWAIT, FILTER_ERRNO(EOPNOTSUPP)     },
        {"ConnectPorts=80",                                                           NUMBER_sendmsg,            3,                                0,                                       MSG_FASTOPEN,                 0,                                  FILTER_ERRNO(EOPNOTSUPP)     },
        {"ConnectPorts=80",                                                           NUMBER_sendmmsg,           3,                                0,                                       1,                            MSG_FASTOPEN,                       FILTER_ERRNO(EOPNOTSUPP)     },
        {"ConnectPorts=80",                                                           NUMBER_sendto,             3,                                0,                                       MSG_FASTOPEN,                 MSG_DONTWAIT,                       SECCOMP_RET_ALLOW            },
        {"ConnectPorts=80",                                                           NUMBER_sendmsg,            3,                                0,                                       MSG_NOSIGNAL,                 MSG_FASTOPEN,                       SECCOMP_RET_ALLOW            },
        {"ConnectPorts=80",                                                           NUMBER_io_uring_setup,     0,                                0,                                       0,                            0,                                  FILTER_ERRNO(ENOSYS)         },
        {"BindPorts=none",                                                            NUMBER_socket,             AF_INET,                          SOCK_STREAM,                             IPPROTO_MPTCP,                0,                                  FILTER_ERRNO(EPROTONOSUPPORT)},
        {"BindPorts=none",                                                            NUMBER_socket,             AF_INET,                          SOCK_STREAM,                             HIGH | 256 /* IPPROTO_SMC */, 0,
         FILTER_ERRNO(EPROTONOSUPPORT)                                                                                                                                                                                                                                                     },
        {"BindPorts=none",                                                            NUMBER_socket,             AF_SMC,                           SOCK_STREAM,                             0,                            0,                                  FILTER_ERRNO(EAFNOSUPPORT)   },
        {"BindPorts=none",                                                            NUMBER_socket,             AF_INET,                          SOCK_STREAM,                             IPPROTO_TCP,                  0,                                  SECCOMP_RET_ALLOW            },
        {"BindPorts=none",                                                            NUMBER_sendto,             3,                                0,                                       0,                            HIGH | MSG_FASTOPEN | MSG_DONTWAIT, FILTER_ERRNO(EOPNOTSUPP)     },
        {"BindPorts=none",                                                            NUMBER_sendmsg,            3,                                0,                                       MSG_FASTOPEN,                 0,                                  FILTER_ERRNO(EOPNOTSUPP)     },
        {"BindPorts=none",                                                            NUMBER_sendmmsg,           3,                                0,                                       1,                            MSG_FASTOPEN,                       FILTER_ERRNO(EOPNOTSUPP)     },
        {"BindPorts=none",                                                            NUMBER_sendto,             3,                                0,                                       MSG_FASTOPEN,                 MSG_DONTWAIT,                       SECCOMP_RET_ALLOW            },
        {"BindPorts=none",                                                            NUMBER_sendmsg,            3,                                0,                                       MSG_NOSIGNAL,                 MSG_FASTOPEN,                       SECCOMP_RET_ALLOW            },
        {"BindPorts=none",                                                            NUMBER_io_uring_setup,     0,                                0,                                       0,                            0,                                  FILTER_ERRNO(ENOSYS)         },
        {"ConnectPorts=80\nRestrictAddressFamilies=AF_INET",                          NUMBER_socket,             AF_INET,                          SOCK_STREAM,                             IPPROTO_MPTCP,                0,
         FILTER_ERRNO(EPROTONOSUPPORT)                                                                                                                                                                                                                                                     },
        {"ConnectPorts=80\nRestrictAddressFamilies=AF_INET",                          NUMBER_socket,             AF_INET6,                         SOCK_STREAM,                             0,                            0,
         FILTER_ERRNO(EAFNOSUPPORT)                                                                                                                                                                                                                                                        },
        {"ConnectPorts=80\nRestrictAddressFamilies=AF_INET",                          NUMBER_socket,             AF_INET,                          SOCK_STREAM,                             0,                            0,
         SECCOMP_RET_ALLOW                                                                                                                                                                                                                                                                 },
        {"",                                                                          NUMBER_socket,             AF_INET,                          SOCK_STREAM,                             IPPROTO_MPTCP,                0,                                  SECCOMP_RET_ALLOW            },
        {"",                                                                          NUMBER_sendto,             3,                                0,                                       0,                            MSG_FASTOPEN,                       SECCOMP_RET_ALLOW            },

        {"",                                                                          NUMBER_syslog,             0,                                0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"ProtectKernelLogs=yes",                                                     NUMBER_syslog,             3,                                0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },

        {"MemoryDenyWriteExecute=yes",                                                NUMBER_mmap,               0,                                1,                                       PROT_READ | PROT_WRITE,       0,                                  SECCOMP_RET_ALLOW            },
        {"MemoryDenyWriteExecute=yes",                                                NUMBER_mmap,               0,                                1,                                       PROT_READ | PROT_EXEC,        0,                                  SECCOMP_RET_ALLOW            },
        {"MemoryDenyWriteExecute=yes",                                                NUMBER_mmap,               0,                                1,                                       PROT_WRITE | PROT_EXEC,       0,                                  FILTER_ERRNO(EPERM)          },
        {"MemoryDenyWriteExecute=yes",                                                NUMBER_mprotect,           0,                                1,                                       PROT_READ | PROT_WRITE,       0,                                  SECCOMP_RET_ALLOW            },
        {"MemoryDenyWriteExecute=yes",                                                NUMBER_mprotect,           0,                                1,                                       PROT_EXEC,                    0,                                  FILTER_ERRNO(EPERM)          },
        {"MemoryDenyWriteExecute=yes",                                                NUMBER_pkey_mprotect,      0,                                1,                                       PROT_READ | PROT_EXEC,        0,                                  FILTER_ERRNO(EPERM)          },
        {"MemoryDenyWriteExecute=yes",                                                NUMBER_shmat,              0,                                0,                                       SHM_EXEC,                     0,                                  FILTER_ERRNO(EPERM)          },
        {"MemoryDenyWriteExecute=yes",                                                NUMBER_shmat,              0,                                0,                                       SHM_RDONLY,                   0,                                  SECCOMP_RET_ALLOW            },
        {"MemoryDenyWriteExecute=yes",                                                NUMBER_personality,        READ_IMPLIES_EXEC,                0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"MemoryDenyWriteExecute=yes",                                                NUMBER_personality,        ADDR_NO_RANDOMIZE,                0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"MemoryDenyWriteExecute=yes",                                                NUMBER_personality,        0xffffffff,                       0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"MemoryDenyWriteExecute=yes\nLockPersonality=yes",                           NUMBER_personality,        ADDR_NO_RANDOMIZE,                0,                                       0,                            0,
         FILTER_ERRNO(EPERM)                                                                                                                                                                                                                                                               },
        {"",                                                                          NUMBER_mmap,               0,                                1,                                       PROT_WRITE | PROT_EXEC,       0,                                  SECCOMP_RET_ALLOW            },

        {"LockPersonality=yes",                                                       NUMBER_personality,        0,                                0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"LockPersonality=yes",                                                       NUMBER_personality,        0xffffffff,                       0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"LockPersonality=yes",                                                       NUMBER_personality,        HIGH | PER_LINUX32,               0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"LockPersonality=yes",                                                       NUMBER_personality,        ADDR_NO_RANDOMIZE,                0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"LockPersonality=no",                                                        NUMBER_personality,        ADDR_NO_RANDOMIZE,                0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },

        {"RestrictRealtime=yes",                                                      NUMBER_sched_setscheduler, 0,                                SCHED_OTHER,                             0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictRealtime=yes",                                                      NUMBER_sched_setscheduler, 0,                                SCHED_BATCH | SCHED_RESET_ON_FORK,       0,                            0,
         SECCOMP_RET_ALLOW                                                                                                                                                                                                                                                                 },
        {"RestrictRealtime=yes",                                                      NUMBER_sched_setscheduler, 0,                                SCHED_IDLE,                              0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictRealtime=yes",                                                      NUMBER_sched_setscheduler, 0,                                SCHED_FIFO,                              0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictRealtime=yes",                                                      NUMBER_sched_setscheduler, 0,                                SCHED_RR,                                0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictRealtime=yes",                                                      NUMBER_sched_setscheduler, 0,                                SCHED_DEADLINE,                          0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictRealtime=yes",                                                      NUMBER_sched_setscheduler, 0,                                HIGH | SCHED_FIFO | SCHED_RESET_ON_FORK, 0,                            0,
         FILTER_ERRNO(EPERM)                                                                                                                                                                                                                                                               },
        {"RestrictRealtime=yes",                                                      NUMBER_sched_setattr,      0,                                0,                                       0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictRealtime=no",                                                       NUMBER_sched_setattr,      0,                                0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },

        {"RestrictSUIDSGID=yes",                                                      NUMBER_fchmod,             3,                                0755,                                    0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_fchmod,             3,                                04755,                                   0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_fchmod,             3,                                01777,                                   0,                            0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_fchmodat,           3,                                0,                                       02755,                        0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_fchmodat2,          3,                                0,                                       HIGH | 02755,                 0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_mknodat,            3,                                0,                                       04755 | S_IFREG,              0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_mknodat,            3,                                0,                                       0755 | S_IFREG,               0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_mkdirat,            3,                                0,                                       02755,                        0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_openat,             3,                                0,                                       O_CREAT | O_WRONLY,           04755,                              FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_openat,             3,                                0,                                       O_TMPFILE | O_WRONLY,         04755,                              FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_openat,             3,                                0,                                       O_CREAT | O_WRONLY,           0755,                               SECCOMP_RET_ALLOW            },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_openat,             3,                                0,                                       O_RDONLY | O_DIRECTORY,       04755,                              SECCOMP_RET_ALLOW            },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_openat2,            3,                                0,                                       0,                            0,                                  FILTER_ERRNO(ENOSYS)         },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_io_uring_enter,     3,                                0,                                       0,                            0,                                  FILTER_ERRNO(ENOSYS)         },
        {"RestrictSUIDSGID=no",                                                       NUMBER_openat2,            3,                                0,                                       0,                            0,                                  SECCOMP_RET_ALLOW            },
 /* calls that only x86_64 has */
        {"RestrictSUIDSGID=yes",                                                      NUMBER_chmod,              0,                                06755,                                   0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_mknod,              0,                                02755 | S_IFREG,                         0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_mkdir,              0,                                02755,                                   0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_creat,              0,                                04755,                                   0,                            0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_open,               0,                                O_CREAT,                                 04755,                        0,                                  FILTER_ERRNO(EPERM)          },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_open,               0,                                O_RDONLY,                                04755,                        0,                                  SECCOMP_RET_ALLOW            },
        {"RestrictSUIDSGID=yes",                                                      NUMBER_chmod,              0,                                0755,                                    0,                            0,                                  SECCOMP_RET_ALLOW            },

 /* the keys together with a list */
        {"SystemCallFilter=@basic-io\nRestrictSUIDSGID=yes",                          NUMBER_openat,             3,                                0,                                       O_RDONLY,                     0,                                  FILTER_ERRNO(EPERM)          },
        {"SystemCallFilter=@default\nRestrictNamespaces=yes",                         NUMBER_clone3,             0,                                0,                                       0,                            0,                                  FILTER_ERRNO(ENOSYS)         },
        {"SystemCallFilter=@aio\nRestrictAddressFamilies=AF_UNIX",                    NUMBER_io_uring_setup,     0,                                0,                                       0,                            0,
         FILTER_ERRNO(ENOSYS)                                                                                                                                                                                                                                                              },
};
/* clang-format on */

static void arguments_decide_as_the_keys_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(argument_cases); i++) {
		const struct argument_case *c = &argument_cases[i];
		plan(c->lines);
		uint32_t got = run(c->number, c->a, c->b, c->c, c->d);
		if (got != NOT_CALLED && got != c->wanted)
			fail_msg("row %zu: \"%s\", call %d: %#x, not %#x", i, c->lines, c->number, got, c->wanted);
	}
}

/* --- the kernel --- */

static int load(void)
{
	/* The plan's instructions are laid out as the kernel's. */
	_Static_assert(sizeof(struct plan_filter_instruction) == sizeof(struct sock_filter), "sock_filter");
	struct sock_fprog filter = {.len = (unsigned short)draft.filter.count, .filter = draft.filter.items};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}

/* valgrind does not know the call. */
static void skip_without_seccomp(void)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
		return;
	print_message("seccomp(2) cannot be called here\n");
	skip();
}

static long raw(int number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	return syscall(number, a, b, c, d, e);
}

enum { IN_CHILD_KILLED = -1, IN_CHILD_NOT_LOADED = -2 };

/* The errno of a call made by a process of its own, 0 where it succeeds. */
static int errno_in_child(bool filtered, int (*call)(void))
{
	int ends[2], answer = IN_CHILD_KILLED;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		answer = filtered && load() != 0 ? IN_CHILD_NOT_LOADED : call();
		_exit(write(ends[1], &answer, sizeof(answer)) != sizeof(answer));
	}
	close(ends[1]);
	if (read(ends[0], &answer, sizeof(answer)) != sizeof(answer))
		answer = IN_CHILD_KILLED;
	close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return answer;
}

#define CALL(name, ...)                                                                                                \
	static int name(void)                                                                                          \
	{                                                                                                              \
		return (__VA_ARGS__) < 0 ? errno : 0;                                                                  \
	}

CALL(unshare_user, raw(NUMBER_unshare, CLONE_NEWUSER, 0, 0, 0, 0))
CALL(unshare_files, raw(NUMBER_unshare, CLONE_FILES, 0, 0, 0, 0))
CALL(setns_nowhere, raw(NUMBER_setns, (uint64_t)-1, CLONE_NEWNET, 0, 0, 0))
CALL(clone3_nothing, raw(NUMBER_clone3, 0, 0, 0, 0, 0))
CALL(packet_socket, raw(NUMBER_socket, AF_PACKET, SOCK_RAW, 0, 0, 0))
CALL(packet_socket_high, raw(NUMBER_socket, HIGH | AF_PACKET, SOCK_RAW, 0, 0, 0))
CALL(alg_socket, raw(NUMBER_socket, AF_ALG, SOCK_SEQPACKET, 0, 0, 0))
CALL(vsock_socket, raw(NUMBER_socket, AF_VSOCK, SOCK_STREAM, 0, 0, 0))
CALL(inet_socket, raw(NUMBER_socket, AF_INET, SOCK_STREAM, 0, 0, 0))
CALL(keyctl_nothing, raw(NUMBER_keyctl, 9999, 0, 0, 0, 0))
CALL(add_key_nothing, raw(NUMBER_add_key, 0, 0, 0, 0, 0))
CALL(request_key_nothing, raw(NUMBER_request_key, 0, 0, 0, 0, 0))
CALL(steal_input, raw(NUMBER_ioctl, (uint64_t)-1, TIOCSTI, 0, 0, 0))
CALL(steal_input_high, raw(NUMBER_ioctl, (uint64_t)-1, HIGH | TIOCSTI, 0, 0, 0))
CALL(console_input_high, raw(NUMBER_ioctl, (uint64_t)-1, HIGH | TIOCLINUX, 0, 0, 0))
CALL(window_size, raw(NUMBER_ioctl, (uint64_t)-1, TIOCGWINSZ, 0, 0, 0))
CALL(no_randomisation, raw(NUMBER_personality, ADDR_NO_RANDOMIZE, 0, 0, 0, 0))
CALL(ask_personality, raw(NUMBER_personality, 0xffffffff, 0, 0, 0, 0))
CALL(kcmp_nothing, raw(NUMBER_kcmp, (uint64_t)getpid(), (uint64_t)getpid(), 9999, 0, 0))
CALL(uring_nothing, raw(NUMBER_io_uring_setup, 0, 0, 0, 0, 0))
CALL(handle_of_nothing, raw(NUMBER_name_to_handle_at, (uint64_t)-1, 0, 0, 0, 0))
CALL(move_no_pages, raw(NUMBER_move_pages, 0, 0, 0, 0, 0))
CALL(setattr_nothing, raw(NUMBER_sched_setattr, 0, 0, 0, 0, 0))
CALL(realtime_nothing, raw(NUMBER_sched_setscheduler, 0, SCHED_FIFO, 0, 0, 0))
CALL(batch_nothing, raw(NUMBER_sched_setscheduler, 0, SCHED_BATCH, 0, 0, 0))
CALL(suid_nowhere, raw(NUMBER_fchmod, (uint64_t)-1, 04755, 0, 0, 0))
CALL(chmod_nowhere, raw(NUMBER_fchmod, (uint64_t)-1, 0755, 0, 0, 0))
CALL(suid_in_tmpfile, raw(NUMBER_openat, (uint64_t)-1, (uintptr_t) "x", O_TMPFILE | O_WRONLY, 04755, 0))
CALL(openat2_nothing, raw(NUMBER_openat2, 0, 0, 0, 0, 0))
CALL(unknown_call, raw(511, 0, 0, 0, 0, 0))
CALL(ptrace_nobody, raw(NUMBER_ptrace, 9999, (uint64_t)getpid(), 0, 0, 0))

static int fork_and_wait(void)
{
	pid_t child = (pid_t)raw(NUMBER_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return child > 0 && waitpid(child, NULL, 0) == child ? 0 : errno;
}

static int start_a_program(void)
{
	pid_t child = (pid_t)raw(NUMBER_clone, SIGCHLD, 0, 0, 0, 0);
	int status = -1;

	if (child == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(99);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : ENOEXEC;
}

enum { ANYWHERE, MACHINE_DEPENDENT };

static const struct {
	const char *name;
	int (*call)(void);
	int filtered; /* errno with the filter; without it another one */
	int where;    /* MACHINE_DEPENDENT: a kernel without the feature answers like the filter */
} refused_calls[] = {
        {"unshare(NEWUSER)",              unshare_user,        EPERM,        MACHINE_DEPENDENT},
        {"setns",                         setns_nowhere,       EPERM,        ANYWHERE         },
        {"clone3",                        clone3_nothing,      ENOSYS,       ANYWHERE         },
        {"socket(AF_PACKET)",             packet_socket,       EAFNOSUPPORT, MACHINE_DEPENDENT},
        {"socket(AF_PACKET), upper bits", packet_socket_high,  EAFNOSUPPORT, MACHINE_DEPENDENT},
        {"socket(AF_ALG)",                alg_socket,          EAFNOSUPPORT, MACHINE_DEPENDENT},
        {"socket(AF_VSOCK)",              vsock_socket,        EAFNOSUPPORT, MACHINE_DEPENDENT},
        {"keyctl",                        keyctl_nothing,      EPERM,        ANYWHERE         },
        {"add_key",                       add_key_nothing,     EPERM,        ANYWHERE         },
        {"request_key",                   request_key_nothing, EPERM,        ANYWHERE         },
        {"TIOCSTI",                       steal_input,         EPERM,        ANYWHERE         },
        {"TIOCSTI, upper bits",           steal_input_high,    EPERM,        ANYWHERE         },
        {"TIOCLINUX, upper bits",         console_input_high,  EPERM,        ANYWHERE         },
        {"personality",                   no_randomisation,    EPERM,        ANYWHERE         },
        {"kcmp",                          kcmp_nothing,        EPERM,        MACHINE_DEPENDENT},
        {"io_uring_setup",                uring_nothing,       EPERM,        MACHINE_DEPENDENT},
        {"name_to_handle_at",             handle_of_nothing,   EPERM,        ANYWHERE         },
        {"move_pages",                    move_no_pages,       EPERM,        MACHINE_DEPENDENT},
        {"sched_setattr",                 setattr_nothing,     EPERM,        ANYWHERE         },
        {"SCHED_FIFO",                    realtime_nothing,    EPERM,        ANYWHERE         },
        {"fchmod(04755)",                 suid_nowhere,        EPERM,        ANYWHERE         },
        {"openat(O_TMPFILE, 04755)",      suid_in_tmpfile,     EPERM,        ANYWHERE         },
        {"openat2",                       openat2_nothing,     ENOSYS,       ANYWHERE         },
};

static void the_kernel_refuses_by_the_default_filter(void **state)
{
	(void)state;
	skip_without_seccomp();
	plan(DEFAULT_POLICY);
	for (size_t i = 0; i < COUNT(refused_calls); i++) {
		int filtered = errno_in_child(true, refused_calls[i].call);
		int free_one = errno_in_child(false, refused_calls[i].call);
		if (filtered != refused_calls[i].filtered)
			fail_msg("%s: %d, not %d", refused_calls[i].name, filtered, refused_calls[i].filtered);
		if (free_one != filtered)
			continue;
		if (refused_calls[i].where == ANYWHERE)
			fail_msg("%s: %d without the filter too", refused_calls[i].name, free_one);
		print_message("no twin here for %s: this kernel says %d by itself\n", refused_calls[i].name, free_one);
	}
}

static void the_kernel_lets_everyday_calls_through(void **state)
{
	static const struct {
		const char *name;
		int (*call)(void);
	} table[] = {
	        {"unshare(FILES)",       unshare_files  },
                {"socket(AF_INET)",      inet_socket    },
	        {"TIOCGWINSZ",           window_size    },
                {"personality query",    ask_personality},
	        {"SCHED_BATCH",          batch_nothing  },
                {"fchmod(0755)",         chmod_nowhere  },
	        {"clone",                fork_and_wait  },
                {"execve",               start_a_program},
	        {"ptrace",               ptrace_nobody  },
                {"a call of the future", unknown_call   },
	};

	(void)state;
	skip_without_seccomp();
	plan(DEFAULT_POLICY);
	for (size_t i = 0; i < COUNT(table); i++) {
		int filtered = errno_in_child(true, table[i].call), free_one = errno_in_child(false, table[i].call);
		if (filtered != free_one)
			fail_msg("%s: %d, and %d without the filter", table[i].name, filtered, free_one);
	}
}

static void kill_ends_the_process(void **state)
{
	(void)state;
	skip_without_seccomp();
	plan("SystemCallFilter=@sandbox\nSystemCallErrorNumber=kill\n");
	assert_int_equal(errno_in_child(true, keyctl_nothing), IN_CHILD_KILLED);
	assert_int_equal(errno_in_child(true, fork_and_wait), 0);
}

#ifdef __x86_64__
/* getpid by the gate of 32-bit programs; where the kernel has none, SIGSEGV. */
static int call_by_int80(void)
{
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return result < 0 ? (int)-result : 0;
}

static void int80_is_refused(void **state)
{
	(void)state;
	skip_without_seccomp();
	plan(DEFAULT_POLICY);
	int free_one = errno_in_child(false, call_by_int80);
	if (free_one == IN_CHILD_KILLED) {
		print_message("this kernel has no int 0x80\n");
		skip();
	}
	assert_int_equal(free_one, 0);
	assert_int_equal(errno_in_child(true, call_by_int80), ENOSYS);
}
#endif

/* --- costs --- */

static double microseconds(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double load_in_child(void)
{
	int ends[2];
	double cost = -1;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* Pays for the pages that the fork left to be copied. */
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		double start = microseconds();
		cost = load() == 0 ? microseconds() - start : -1;
		_exit(write(ends[1], &cost, sizeof(cost)) != sizeof(cost));
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &cost, sizeof(cost)), sizeof(cost));
	close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return cost;
}

static void the_default_filter_is_small(void **state)
{
	double loads[50], builds[50];
	size_t steps = 0, most = 0;

	(void)state;
	skip_without_seccomp();
	for (size_t i = 0; i < COUNT(builds); i++) {
		read_profile(DEFAULT_POLICY);
		double start = microseconds();
		assert_int_equal(plan_filter(&draft), 0);
		builds[i] = microseconds() - start;
	}
	for (size_t i = 0; i < COUNT(loads); i++)
		loads[i] = load_in_child();
	for (int i = 0; i <= NUMBER_listns; i++) {
		struct seccomp_data data = {.nr = i, .arch = FILTER_ARCHITECTURE};
		size_t taken = 0;
		(void)bpf_run(program(), draft.filter.count, &data, &taken);
		steps += taken;
		most = taken > most ? taken : most;
	}
	qsort(builds, COUNT(builds), sizeof(*builds), compare_doubles);
	qsort(loads, COUNT(loads), sizeof(*loads), compare_doubles);
	print_message("default filter: %u instructions, %zu steps over all numbers (at most %zu), "
	              "planned in %.1f us, loaded in %.1f us (p95 %.1f)\n",
	              draft.filter.count, steps, most, builds[25], loads[25], loads[47]);
	assert_true(draft.filter.count < 200);
	assert_true(most < 24);
}

/* --- recording --- */

static uint32_t log_answer(int number)
{
	struct seccomp_data data = {.nr = number, .arch = FILTER_ARCHITECTURE};
	size_t steps;

	return bpf_run(draft.log_filter.items, draft.log_filter.count, &data, &steps);
}

static void what_is_listed_is_recorded_and_allowed(void **state)
{
	static const struct {
		const char *list;
		int recorded, not_recorded;
	} table[] = {
	        {"SystemCallLog=chmod @clock\n",          NUMBER_clock_settime, NUMBER_read },
	        {"SystemCallLog=@chown ~chown\n",         NUMBER_fchown,        NUMBER_chown},
	        {"SystemCallLog=~read ~@clock\n",         NUMBER_chmod,         NUMBER_read },
	        {"SystemCallLog=\nSystemCallLog=ioctl\n", NUMBER_ioctl,         NUMBER_read },
	};

	(void)state;
	plan("SystemCallFilter=~chmod\n");
	assert_int_equal(draft.log_filter.count, 0);
	for (size_t i = 0; i < COUNT(table); i++) {
		plan(table[i].list);
		assert_int_equal(log_answer(table[i].recorded), SECCOMP_RET_LOG);
		assert_int_equal(log_answer(table[i].not_recorded), SECCOMP_RET_ALLOW);
	}
}

static void recording_where_nothing_is_recorded_is_an_error(void **state)
{
	(void)state;
	facts.seccomp_log = false;
	read_profile("SystemCallLog=chmod\n");
	assert_int_equal(plan_filter(&draft), -1);
	facts.seccomp_log = true;
	assert_string_equal(errors.list[0].text, "SystemCallLog: this kernel records no system calls");
	assert_non_null(strstr(errors.list[0].hint, "actions_logged"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(every_number_is_allowed_refused_or_unknown, tear_down),
	        cmocka_unit_test_teardown(without_a_list_every_known_call_is_allowed, tear_down),
	        cmocka_unit_test_teardown(assignments_append, tear_down),
	        cmocka_unit_test_teardown(the_error_number_is_the_policys, tear_down),
	        cmocka_unit_test_teardown(bad_words_are_errors, tear_down),
	        cmocka_unit_test_teardown(arguments_decide_as_the_keys_say, tear_down),
	        cmocka_unit_test_teardown(the_kernel_refuses_by_the_default_filter, tear_down),
	        cmocka_unit_test_teardown(the_kernel_lets_everyday_calls_through, tear_down),
	        cmocka_unit_test_teardown(kill_ends_the_process, tear_down),
#ifdef __x86_64__
	        cmocka_unit_test_teardown(int80_is_refused, tear_down),
#endif
	        cmocka_unit_test_teardown(what_is_listed_is_recorded_and_allowed, tear_down),
	        cmocka_unit_test_teardown(recording_where_nothing_is_recorded_is_an_error, tear_down),
	        cmocka_unit_test_teardown(the_default_filter_is_small, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
