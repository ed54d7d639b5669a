/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* protocol/session.c: a login's facts survive the way to the helper, and nothing else is taken for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above */
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/session.h"

static const struct identity_group groups[] = {
        {2001,        "students"},
        {2002,        NULL      },
        {4294967294u, "a:b=c"   }
};

static const struct session_request whole = {
        .person = {.uid = 3001,
                   .gid = 100,
                   .name = "alice",
                   .primary_group_name = "users",
                   .gecos = "Alice, room 7",
                   .home = "/home/alice",
                   .shell = "/bin/bash",
                   .groups = groups,
                   .group_count = 3,
                   .tty_gid = 5},
        .service = "sshd",
        .terminal = "ssh",
        .remote_host = "2001:db8::1",
        .remote_user = "x=y\nz",
        .restricted = true,
};

static char buffer[4096];

static void a_request_survives_the_way(void **state)
{
	struct session_request got;
	long length = session_request_write(&whole, buffer, sizeof(buffer));

	(void)state;
	assert_true(length > 0);
	assert_int_equal(session_request_read(buffer, (size_t)length, &got), 0);
	assert_int_equal(got.person.uid, 3001);
	assert_int_equal(got.person.gid, 100);
	assert_int_equal(got.person.tty_gid, 5);
	assert_string_equal(got.person.name, "alice");
	assert_string_equal(got.person.primary_group_name, "users");
	assert_string_equal(got.person.gecos, "Alice, room 7");
	assert_string_equal(got.person.home, "/home/alice");
	assert_string_equal(got.person.shell, "/bin/bash");
	assert_string_equal(got.service, "sshd");
	assert_string_equal(got.terminal, "ssh");
	assert_string_equal(got.remote_host, "2001:db8::1");
	assert_string_equal(got.remote_user, "x=y\nz");
	assert_true(got.restricted);
	assert_int_equal(got.person.group_count, 3);
	assert_int_equal(got.person.groups[0].gid, 2001);
	assert_string_equal(got.person.groups[0].name, "students");
	assert_null(got.person.groups[1].name);
	assert_int_equal(got.person.groups[2].gid, 4294967294u);
	assert_string_equal(got.person.groups[2].name, "a:b=c");
	session_request_free(&got);
	assert_null(got.memory);
}

static void what_is_unknown_stays_unknown(void **state)
{
	struct session_request request = {
	        .person = {.uid = 1, .gid = 1, .name = "n", .home = "/", .shell = "/bin/sh", .tty_gid = (gid_t)-1},
	        .service = "su"
        };
	struct session_request got;
	long length = session_request_write(&request, buffer, sizeof(buffer));

	(void)state;
	assert_true(length > 0);
	assert_int_equal(session_request_read(buffer, (size_t)length, &got), 0);
	assert_null(got.person.primary_group_name);
	assert_string_equal(got.person.gecos, "");
	assert_null(got.terminal);
	assert_null(got.remote_host);
	assert_null(got.remote_user);
	assert_false(got.restricted);
	assert_true(got.person.tty_gid == (gid_t)-1);
	assert_int_equal(got.person.group_count, 0);
	session_request_free(&got);
}

static void a_buffer_too_small_by_any_amount_is_emsgsize(void **state)
{
	long length = session_request_write(&whole, buffer, sizeof(buffer));

	(void)state;
	for (size_t size = 0; size < (size_t)length; size++) {
		char *exact = malloc(size + 1); /* the sanitizer watches its end */
		assert_non_null(exact);
		errno = 0;
		assert_int_equal(session_request_write(&whole, exact, size), -1);
		assert_int_equal(errno, EMSGSIZE);
		free(exact);
	}
	assert_int_equal(session_request_write(&whole, buffer, (size_t)length), length);
}

static void what_the_reader_would_refuse_is_not_written(void **state)
{
	static const struct identity_group nobody[] = {
	        {(gid_t)-1, "x"}
        };
	struct session_request bad[8];

	(void)state;
	for (size_t i = 0; i < 8; i++)
		bad[i] = whole;
	bad[0].person.name = NULL;
	bad[1].person.name = "";
	bad[2].person.home = "home";
	bad[3].person.shell = "";
	bad[4].service = NULL;
	bad[5].person.uid = (uid_t)-1;
	bad[6].person.gid = (gid_t)-1;
	bad[7].person.groups = nobody;
	bad[7].person.group_count = 1;
	for (size_t i = 0; i < 8; i++) {
		errno = 0;
		if (session_request_write(&bad[i], buffer, sizeof(buffer)) != -1 || errno != EINVAL)
			fail_msg("case %zu was written", i);
	}
}

/* Fields end with "|" here and with NUL on the wire. */
static const char sound[] = "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|";

static const struct {
	const char *what;
	const char *text;
} refusals[] = {
        {"nothing",                 ""                                                                    },
        {"last field not ended",    "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd"                    },
        {"an empty field",          "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd||"                  },
        {"no equals sign",          "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|gecos|"             },
        {"unknown name",            "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|root=1|"            },
        {"empty name",              "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|=1|"                },
        {"name cut",                "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|geco=x|"            },
        {"name in capitals",        "USER=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|"                   },
        {"blank before a name",     " user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|"                  },
        {"user twice",              "user=a|user=b|uid=1|gid=2|home=/h|shell=/s|service=sshd|"            },
        {"uid twice",               "user=a|uid=1|uid=1|gid=2|home=/h|shell=/s|service=sshd|"             },
        {"tty twice",               "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|tty=|tty=|"         },
        {"no user",                 "uid=1|gid=2|home=/h|shell=/s|service=sshd|"                          },
        {"no uid",                  "user=a|gid=2|home=/h|shell=/s|service=sshd|"                         },
        {"no gid",                  "user=a|uid=1|home=/h|shell=/s|service=sshd|"                         },
        {"no home",                 "user=a|uid=1|gid=2|shell=/s|service=sshd|"                           },
        {"no shell",                "user=a|uid=1|gid=2|home=/h|service=sshd|"                            },
        {"no service",              "user=a|uid=1|gid=2|home=/h|shell=/s|"                                },
        {"empty user",              "user=|uid=1|gid=2|home=/h|shell=/s|service=sshd|"                    },
        {"home not absolute",       "user=a|uid=1|gid=2|home=h|shell=/s|service=sshd|"                    },
        {"shell not absolute",      "user=a|uid=1|gid=2|home=/h|shell=s|service=sshd|"                    },
        {"uid empty",               "user=a|uid=|gid=2|home=/h|shell=/s|service=sshd|"                    },
        {"uid negative",            "user=a|uid=-1|gid=2|home=/h|shell=/s|service=sshd|"                  },
        {"uid signed",              "user=a|uid=+1|gid=2|home=/h|shell=/s|service=sshd|"                  },
        {"uid hexadecimal",         "user=a|uid=0x1|gid=2|home=/h|shell=/s|service=sshd|"                 },
        {"uid with zeros in front", "user=a|uid=01|gid=2|home=/h|shell=/s|service=sshd|"                  },
        {"uid with a blank",        "user=a|uid= 1|gid=2|home=/h|shell=/s|service=sshd|"                  },
        {"uid and more",            "user=a|uid=1a|gid=2|home=/h|shell=/s|service=sshd|"                  },
        {"uid -1",                  "user=a|uid=4294967295|gid=2|home=/h|shell=/s|service=sshd|"          },
        {"uid overflowing",         "user=a|uid=4294967296|gid=2|home=/h|shell=/s|service=sshd|"          },
        {"uid overflowing far",     "user=a|uid=18446744073709551617|gid=2|home=/h|shell=/s|service=sshd|"},
        {"gid -1",                  "user=a|uid=1|gid=4294967295|home=/h|shell=/s|service=sshd|"          },
        {"tty-gid empty",           "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|tty-gid=|"          },
        {"restricted, not 1",       "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|restricted=0|"      },
        {"group without colon",     "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|group=3|"           },
        {"group without gid",       "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|group=:x|"          },
        {"group of a bad gid",      "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|group=3x:x|"        },
        {"group -1",                "user=a|uid=1|gid=2|home=/h|shell=/s|service=sshd|group=4294967295:x|"},
};

/* In a block of its exact size, so that the sanitizer sees a read past it. */
static int read_text(const char *text, struct session_request *ret_request)
{
	size_t length = strlen(text);
	char *wire = malloc(length + (length == 0));

	assert_non_null(wire);
	for (size_t i = 0; i < length; i++)
		wire[i] = text[i];
	for (size_t i = 0; i < length; i++)
		if (wire[i] == '|')
			wire[i] = '\0';
	errno = 0;
	int result = session_request_read(wire, length, ret_request);
	int error = errno;
	free(wire);
	errno = error;
	return result;
}

static void the_text_the_refusals_start_from_is_sound(void **state)
{
	struct session_request got;

	(void)state;
	assert_int_equal(read_text(sound, &got), 0);
	assert_int_equal(got.person.gid, 2);
	session_request_free(&got);
}

static void anything_off_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct session_request got = {.service = "untouched"};
		if (read_text(refusals[i].text, &got) != -1 || errno != EPROTO)
			fail_msg("%s: not refused", refusals[i].what);
		assert_string_equal(got.service, "untouched");
	}
}

static void a_request_cut_anywhere_is_refused_or_lacks_only_optional_parts(void **state)
{
	long length = session_request_write(&whole, buffer, sizeof(buffer));

	(void)state;
	for (size_t cut = 0; cut < (size_t)length; cut++) {
		struct session_request got;
		char *wire = malloc(cut + (cut == 0));
		assert_non_null(wire);
		memcpy(wire, buffer, cut);
		if (session_request_read(wire, cut, &got) == 0) {
			assert_string_equal(got.person.name, "alice");
			assert_string_equal(got.service, "sshd");
			session_request_free(&got);
		}
		free(wire);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_request_survives_the_way),
	        cmocka_unit_test(what_is_unknown_stays_unknown),
	        cmocka_unit_test(a_buffer_too_small_by_any_amount_is_emsgsize),
	        cmocka_unit_test(what_the_reader_would_refuse_is_not_written),
	        cmocka_unit_test(the_text_the_refusals_start_from_is_sound),
	        cmocka_unit_test(anything_off_is_refused),
	        cmocka_unit_test(a_request_cut_anywhere_is_refused_or_lacks_only_optional_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
