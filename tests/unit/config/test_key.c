/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/keys.def row by row: every key is complete, has a fallback that can be read, and is enforced or refused. */
#include "policy_support.h"

#include "config/value.h"

static void every_key_is_found_by_its_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const char *name = key_row((enum key_id)i)->name;
		assert_int_equal(key_find(name, strlen(name)), i);
		assert_int_not_equal(key_find(name, strlen(name) - 1), i);
		assert_int_equal(key_nearest(name, strlen(name)), i);
	}
	assert_int_equal(key_find("", 0), KEY_COUNT);
	assert_int_equal(key_find("profile", 7), KEY_COUNT);
	assert_int_equal(key_nearest("Xyzzy", 5), KEY_COUNT);
}

static void every_row_is_complete(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct key *key = key_row((enum key_id)i);
		assert_true(key->sections != 0);
		assert_non_null(key->group);
		assert_non_null(key->help);
		assert_true(key->help[strlen(key->help) - 1] == '.');
		assert_true(key->enforced == (key->test != NULL));
		bool needs_words = key->type == TYPE_WORD || key->type == TYPE_WORD_OR_PATH ||
		                   key->type == TYPE_INTEGER || key->type == TYPE_LIMIT || key->type == TYPE_WORDS ||
		                   key->type == TYPE_STRINGS;
		assert_true(!needs_words || key->words);
	}
}

/* tests/system/test-keys.sh looks into the test that a row names for a check of its key. */
static void every_enforced_row_names_a_test_that_exists(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct key *key = key_row((enum key_id)i);
		const char *wanted = strcmp(key->group, "Who and when") == 0 ? "unit:select"
		                     : strcmp(key->group, "Resources") == 0  ? "system:limits"
		                                                             : "system:keys";
		if (key->enforced)
			assert_string_equal(key->test, wanted);
	}
}

static void every_fallback_can_be_read(void **state)
{
	struct arena arena = {0};
	struct value value;
	bool all = true;

	(void)state;
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		if (value_fallback((enum key_id)i, &arena, &value) != 0 || value.is_set) {
			print_message("fallback of %s\n", key_row((enum key_id)i)->name);
			all = false;
		}
	}
	arena_clear(&arena);
	assert_true(all);
}

/* A value of the row's type that is not its fallback. */
static const char *other_value(enum key_id id)
{
	const struct key *key = key_row(id);
	static char word[64];

	switch (key->type) {
	case TYPE_BOOLEAN:
		return strcmp(key->fallback, "yes") == 0 ? "no" : "yes";
	case TYPE_WORD:
	case TYPE_WORD_OR_PATH:
		key_word(key, 0, word, sizeof(word));
		if (key->fallback && strcmp(word, key->fallback) == 0)
			key_word(key, 1, word, sizeof(word));
		return word;
	case TYPE_SIZE:
		return "7M";
	case TYPE_COUNT:
	case TYPE_INTEGER:
	case TYPE_LIMIT:
		return "7";
	case TYPE_TIME:
		return "7ms";
	case TYPE_PERCENT:
		return "7%";
	case TYPE_MODE:
		return "0007";
	case TYPE_SIGNAL:
		return "HUP";
	case TYPE_ERRNO:
		return "EIO";
	case TYPE_NAMESPACES:
		return "~user";
	case TYPE_STRING:
	case TYPE_PATH:
		return id == KEY_Hostname ? "seven" : id == KEY_SELinuxContext ? "se:v:en" : "/seven";
	case TYPE_NAME:
		return "seven";
	case TYPE_PATHS:
	case TYPE_BINDS:
		return "/seven";
	case TYPE_WORDS:
	case TYPE_STRINGS:
		break;
	}
	static const struct {
		const char *check, *word;
	} words[] = {
	        {"service",            "seven"     },
	        {"account",            "seven"     },
	        {"name",               "base"      },
	        {"etc-file",           "seven"     },
	        {"assignment",         "A=7"       },
	        {"variable",           "A"         },
	        {"capability",         "CAP_KILL"  },
	        {"capability?",        "CAP_KILL"  },
	        {"syscall",            "read"      },
	        {"family",             "AF_UNIX"   },
	        {"architecture",       "x86"       },
	        {"index",              "7"         },
	        {"port",               "7"         },
	        {"descriptor",         "7"         },
	        {"device",             "/dev/seven"},
	        {"device-weight",      "/dev/a 7"  },
	        {"device-rate",        "/dev/a 7"  },
	        {"huge-page",          "2M 7M"     },
	        {"interface-priority", "eth0 7"    },
	};
	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(words[i].check, key->words) == 0)
			return words[i].word;
	fail_msg("%s: no example for its words", key->name);
	return "";
}

/* Never accepted and ignored: a row whose enforcement does not exist refuses whatever would need it. */
static void every_row_is_enforced_or_refused(void **state)
{
	char text[256];
	unsigned refused = 0;

	(void)state;
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct key *key = key_row((enum key_id)i);
		if (!(key->sections & IN_PROFILE) || i == KEY_Inherit)
			continue;
		snprintf(text, sizeof(text), "[profile x]\n%s=%s\n", key->name, other_value((enum key_id)i));
		accept_policy(text);
		choose("x");
		assert_true(value_of((enum key_id)i)->is_set);
		bool is_refused = profile_check_enforced(test_profile, &test_errors) != 0;
		if (is_refused != !key->enforced)
			print_message("%s", text);
		assert_int_equal(is_refused, !key->enforced);
		assert_int_equal(test_errors.errors, is_refused ? 1 : 0);
		refused += is_refused;
	}
	assert_true(refused > 20);
}

static void every_fallback_can_be_written(void **state)
{
	char text[256];

	(void)state;
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct key *key = key_row((enum key_id)i);
		if (!(key->sections & IN_PROFILE) || !key->fallback || i == KEY_Inherit)
			continue;
		snprintf(text, sizeof(text), "[profile x]\n%s=%s\n", key->name, key->fallback);
		accept_policy(text);
		choose("x");
		assert_int_equal(profile_check_enforced(test_profile, &test_errors), 0);
	}
}

static void words_are_counted_without_their_marks(void **state)
{
	char word[32];

	(void)state;
	assert_string_equal(key_word(key_row(KEY_PrivateNetwork), 1, word, sizeof(word)), "outbound");
	assert_string_equal(key_word(key_row(KEY_Home), 3, word, sizeof(word)), "tmpfs");
	assert_null(key_word(key_row(KEY_Home), 4, word, sizeof(word)));
	assert_null(key_word(key_row(KEY_Home), 0, word, 3));
	assert_true(key_word_enforced(key_row(KEY_PrivateNetwork), 1));
	assert_true(key_word_enforced(key_row(KEY_PrivateNetwork), 2));
	assert_true(key_word_enforced(key_row(KEY_Home), -1));
	assert_true(key_word_enforced(key_row(KEY_EtcFiles), 0));
}

/* Design: the order of a ladder is what "stricter" means. */
static void ladders_go_from_weak_to_strict(void **state)
{
	static const struct {
		enum key_id key;
		const char *words;
	} ladders[] = {
	        {KEY_ProtectSystem,   "no yes full strict"          },
                {KEY_PrivateNetwork,  "no outbound yes"             },
	        {KEY_Home,            "host read-only overlay tmpfs"},
                {KEY_CallerDirectory, "read-write read-only hidden" },
	        {KEY_Landlock,        "off prefer require"          },
                {KEY_ResourceControl, "off prefer require"          },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ladders); i++) {
		char words[128] = "", word[32];
		const struct key *key = key_row(ladders[i].key);
		for (size_t w = 0; key_word(key, w, word, sizeof(word)); w++)
			snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s", w ? " " : "", word);
		assert_string_equal(words, ladders[i].words);
		assert_int_equal(key->tightening, CLASS_LADDER);
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(every_key_is_found_by_its_name),
	        TEST(every_row_is_complete),
	        TEST(every_enforced_row_names_a_test_that_exists),
	        TEST(every_fallback_can_be_read),
	        TEST(every_row_is_enforced_or_refused),
	        TEST(every_fallback_can_be_written),
	        TEST(words_are_counted_without_their_marks),
	        TEST(ladders_go_from_weak_to_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
