/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* helper/outside/options.c: what each verb takes, where it ends up, and what is said of anything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/outside/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS(...) ((const char *const[]){"sandbox-helper", __VA_ARGS__, NULL})

/* One command line and what became of it; released by the fixture, since a failed assert jumps away. */
static struct {
	struct options options;
	char **argv;
	char why[512];
} line;

static int release(void **state)
{
	(void)state;
	free(line.options.sets);
	free(line.argv);
	memset(&line, 0, sizeof(line));
	return 0;
}

/* Parses words up to a NULL, "size" bytes being there for the reason. */
static int parse_within(const char *const *words, size_t size)
{
	int count = 0;

	release(NULL);
	while (words[count])
		count++;
	line.argv = calloc((size_t)count + 1, sizeof(*line.argv));
	assert_non_null(line.argv);
	for (int i = 0; i < count; i++)
		line.argv[i] = (char *)(uintptr_t)words[i];
	memset(line.why, '#', sizeof(line.why));
	return options_parse(count, line.argv, &line.options, line.why, size);
}

static int parse(const char *const *words)
{
	return parse_within(words, sizeof(line.why));
}

static void assert_text(const char *got, const char *wanted)
{
	if (wanted)
		assert_non_null(got);
	else
		assert_null(got);
	if (wanted)
		assert_string_equal(got, wanted);
}

/* All members but the lists. */
static void assert_options(const struct options *wanted)
{
	const struct options *got = &line.options;

	assert_int_equal(got->verb, wanted->verb);
	assert_text(got->profile, wanted->profile);
	assert_text(got->policy, wanted->policy);
	assert_text(got->name, wanted->name);
	assert_text(got->user, wanted->user);
	assert_text(got->service, wanted->service);
	assert_text(got->file, wanted->file);
	assert_int_equal(got->rootless, wanted->rootless);
	assert_int_equal(got->dry_run, wanted->dry_run);
	assert_int_equal(got->json, wanted->json);
	assert_int_equal(got->quiet, wanted->quiet);
	assert_int_equal(got->verbose, wanted->verbose);
	assert_int_equal(got->origins, wanted->origins);
	assert_int_equal(got->stale, wanted->stale);
	assert_int_equal(got->status_fd, wanted->status_fd);
}

static const struct {
	enum verb verb;
	const char *words[2];
	char letter; /* for the table of options */
} verbs[] = {
        {VERB_RUN,            {"run"},               'r'},
        {VERB_SESSION,        {"session"},           's'},
        {VERB_POLICY_CHECK,   {"policy", "check"},   'c'},
        {VERB_POLICY_SHOW,    {"policy", "show"},    'p'},
        {VERB_POLICY_EXPLAIN, {"policy", "explain"}, 'e'},
        {VERB_POLICY_WHY,     {"policy", "why"},     'w'},
        {VERB_LIST,           {"list"},              'l'},
        {VERB_GC,             {"gc"},                'g'},
        {VERB_FEATURES,       {"features"},          'f'},
};

/* verbs: the letters of those that know it. joined: as one word. wanted: the member it sets; the verb is filled in. */
static const struct {
	const char *name, *verbs, *value, *joined;
	struct options wanted;
} options[] = {
        {"--profile",   "rpew",   "ci",      "--profile=ci",     {.status_fd = -1, .profile = "ci"}    },
        {"--policy",    "rpew",   "/a=b",    "--policy=/a=b",    {.status_fd = -1, .policy = "/a=b"}   },
        {"--name",      "r",      "",        "--name=",          {.status_fd = -1, .name = ""}         },
        {"--user",      "rpew",   "alice",   "--user=alice",     {.status_fd = -1, .user = "alice"}    },
        {"--service",   "pew",    "--json",  "--service=--json", {.status_fd = -1, .service = "--json"}},
        {"--status-fd", "r",      "7",       "--status-fd=7",    {.status_fd = 7}                      },
        {"--rootless",  "rpew",   NULL,      "--rootless",       {.status_fd = -1, .rootless = true}   },
        {"--dry-run",   "r",      NULL,      "--dry-run",        {.status_fd = -1, .dry_run = true}    },
        {"--quiet",     "r",      NULL,      "--quiet",          {.status_fd = -1, .quiet = true}      },
        {"--verbose",   "r",      NULL,      "--verbose",        {.status_fd = -1, .verbose = true}    },
        {"--origins",   "p",      NULL,      "--origins",        {.status_fd = -1, .origins = true}    },
        {"--stale",     "l",      NULL,      "--stale",          {.status_fd = -1, .stale = true}      },
        {"--json",      "rcpewlf", NULL,      "--json",           {.status_fd = -1, .json = true}       },
        {"--set",       "rpew",   "A=b=c d", "--set=A=b=c d",    {.status_fd = -1}                     },
};

/* Parses a verb with up to two words after it. */
static int parse_with(size_t verb, const char *first, const char *second)
{
	const char *words[6] = {"sandbox-helper", verbs[verb].words[0]};
	size_t count = 2;

	if (verbs[verb].words[1])
		words[count++] = verbs[verb].words[1];
	words[count++] = first;
	words[count] = first ? second : NULL;
	return parse(words);
}

static void every_verb_is_known_and_leaves_the_rest_unset(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(verbs); i++) {
		assert_int_equal(parse_with(i, NULL, NULL), 0);
		assert_options(&(struct options){.verb = verbs[i].verb, .status_fd = -1});
		assert_int_equal(line.options.set_count, 0);
		assert_int_equal(line.options.command_count, 0);
		assert_non_null(line.options.command);
		assert_null(line.options.command[0]);
	}
}

static void an_option_sets_its_member_where_the_verb_knows_it(void **state)
{
	(void)state;
	for (size_t verb = 0; verb < COUNT(verbs); verb++)
		for (size_t i = 0; i < COUNT(options); i++) {
			struct options wanted = options[i].wanted;
			size_t sets = strcmp(options[i].name, "--set") == 0;

			if (!strchr(options[i].verbs, verbs[verb].letter))
				continue;
			wanted.verb = verbs[verb].verb;
			for (int joined = 0; joined < 2; joined++) {
				int result = joined ? parse_with(verb, options[i].joined, NULL)
				                    : parse_with(verb, options[i].name, options[i].value);
				assert_int_equal(result, 0);
				assert_options(&wanted);
				assert_int_equal(line.options.set_count, sets);
				if (sets)
					assert_string_equal(line.options.sets[0], options[i].value);
			}
		}
}

static void an_option_of_another_verb_is_unknown(void **state)
{
	char wanted[64];

	(void)state;
	for (size_t verb = 0; verb < COUNT(verbs); verb++)
		for (size_t i = 0; i < COUNT(options); i++) {
			if (strchr(options[i].verbs, verbs[verb].letter))
				continue;
			assert_int_equal(parse_with(verb, options[i].name, options[i].value), -1);
			snprintf(wanted, sizeof(wanted), "unknown option \"%s\"", options[i].name);
			assert_string_equal(line.why, wanted);
		}
}

static void what_is_not_understood_is_refused_with_the_word(void **state)
{
	const struct {
		const char *const *words;
		const char *why;
	} refusals[] = {
	        {(const char *const[]){"sandbox-helper", NULL},
	         "no verb: this program is called by sandbox-run, sandboxctl and pam_sandbox"                                          },
	        {	                                                                                (const char *const[]){NULL},
	         "no verb: this program is called by sandbox-run, sandboxctl and pam_sandbox"                                        },
	        {	                                                                        WORDS(""),	                                                                    "unknown verb \"\""	                                                                                               },
	        { WORDS("stop"),	                                                         "unknown verb \"stop\""                         },
	        { WORDS("runs",	                                                                    "--",	                                                                                                  "true"), "unknown verb \"runs\""},
	        {	                                                                                                       WORDS("ru"),	                                                      "unknown verb \"ru\""                                  },
	        {	                                                                                 WORDS("--quiet",	                                                      "run"),        "unknown verb \"--quiet\""},
	        {	                                                                      WORDS("policy"),	                                                              "unknown verb \"policy\""                 },
	        {	                                                               WORDS("policy",	                                                            "which"),                                 "unknown verb \"policy\""},
	        {	                                                            WORDS("policy",	                                                          "--json",                              "check"), "unknown verb \"policy\""},
 /* names: whole, long, and with nothing more */
	        {	                                                    WORDS("run",	                                                          "--nosuch"),                             "unknown option \"--nosuch\""},
	        {	                                                      WORDS("run",	                                                          "--prof=ci"),                         "unknown option \"--prof=ci\""},
	        {	                                             WORDS("run",	                                                          "--profiles=ci"),                          "unknown option \"--profiles=ci\""},
	        {	                                        WORDS("run",	                                                          "--Profile=ci"),                                 "unknown option \"--Profile=ci\""},
	        {	                                                         WORDS("run",	                                                          "--=ci"),                              "unknown option \"--=ci\""},
	        {	                                                   WORDS("run",	                                                          "---quiet"),                              "unknown option \"---quiet\""},
	        {	                          WORDS("run",	                                                          "--quiet "),	                                               "unknown option \"--quiet \""},
	        {	                                           WORDS("run",	                                        "-q",	                                                                                "--", "true"), "unexpected argument \"-q\""},
 /* values: where one is needed, and only there */
	        {	                                                                                                                                                             WORDS("run",	                               "--profile"),	                                                                       "option needs a value: \"--profile\""},
	        {	                                                                      WORDS("run",	                                                            "--quiet",	                                                                   "--set"), "option needs a value: \"--set\""},
	        {	                                                                                WORDS("run",	                                                      "--status-fd"),  "option needs a value: \"--status-fd\""},
	        {	                                                                                WORDS("run",	                                                      "--quiet=yes"), "option takes no value: \"--quiet=yes\""},
	        {	                                                                                WORDS("run",	                                                          "--quiet=",                                     "--", "true"), "option takes no value: \"--quiet=\""},
 /* once */
	        {	                                                                         WORDS("run",	                                                                    "--profile=a",	                                                                                                  "--profile=b"), "option given twice: \"--profile=b\""},
	        {	                WORDS("run",	                               "--profile=",	                                                                       "--profile", "b"), "option given twice: \"--profile\""},
	        {	                                                                                                                            WORDS("policy",	                                                         "show",                       "--user=a", "--service=b", "--user=a"), "option given twice: \"--user=a\""},
	        {	                                                                   WORDS("run",	                                                       "--status-fd=3",                                 "--status-fd=3"), "option given twice: \"--status-fd=3\""},
 /* arguments: of "run" after "--", of "policy check" one, else none */
	        {WORDS("run",	                                                         "true"),	                                                               "unexpected argument \"true\""},
	        {	                                                                                                                                                      WORDS("run","true","--quiet"), "unexpected argument \"true\""},
	        {	                               WORDS("run",	                                                          ""),	                           "unexpected argument \"\""},
	        {	                                                          WORDS("run",	                                                          "-"),	                                                                                              "unexpected argument \"-\""},
	        {	                       WORDS("session",	                                                                    "--"),	                                                                                                  "unexpected argument \"--\""},
	        {	                                                                              WORDS("list",	                                                                    "--json",	                                                                                                  "--"), "unexpected argument \"--\""},
	        {	                                                  WORDS("gc",	                                                                    "x"),	                                                                                              "unexpected argument \"x\""},
	        {	                                                                      WORDS("policy",	                                                                    "show",	                                                                                                 "alice"), "unexpected argument \"alice\""},
	        {	               WORDS("policy",	                                        "check",	                                                                                "a", "b"), "unexpected argument \"a\""},
	        {	                                                                                                    WORDS("policy",	                                         "check","a", "--json"), "unexpected argument \"a\""},
	        {WORDS("policy",	                                                            "check","--", "a"), "unexpected argument \"--\""},
 /* bytes that would forge a line or steer a terminal */
	        {	                                                    WORDS("\x1b[2J\n\"\x7f"),                      "unknown verb \"\\x1b[2J\\x0a\"\\x7f\""},
	        {	                                               WORDS("run",	                                                                    "--\xff\xc2\x9b"),	                                                                                               "unknown option \"--\\xff\\xc2\\x9b\""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		assert_int_equal(parse(refusals[i].words), -1);
		assert_string_equal(line.why, refusals[i].why);
	}
}

static void a_descriptor_is_a_small_decimal_number(void **state)
{
	static const struct {
		const char *text;
		int number;
	} good[] = {
	        {"0",       0      },
                {"3",       3      },
                {"007",     7      },
                {"1023",    1023   },
                {"1000000", 1000000}
        };
	static const char *const bad[] = {"",
	                                  "-1",
	                                  "+3",
	                                  " 3",
	                                  "3 ",
	                                  "3x",
	                                  "0x3",
	                                  "3.0",
	                                  "x",
	                                  "1000001",
	                                  "2147483648",
	                                  "4294967299",
	                                  "9223372036854775808",
	                                  "18446744073709551619"};
	char wanted[64];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(parse(WORDS("run", "--status-fd", good[i].text)), 0);
		assert_int_equal(line.options.status_fd, good[i].number);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(parse(WORDS("run", "--status-fd", bad[i])), -1);
		snprintf(wanted, sizeof(wanted), "not a descriptor: \"%s\"", bad[i]);
		assert_string_equal(line.why, wanted);
	}
}

static void what_is_asked_for_why_is_kept_in_order(void **state)
{
	(void)state;
	assert_int_equal(parse(WORDS("policy", "why", "--json", "/a", "mount", "--json")), 0);
	assert_true(line.options.json);
	assert_int_equal(line.options.command_count, 3);
	assert_string_equal(line.options.command[0], "/a");
	assert_string_equal(line.options.command[2], "--json");
	assert_int_equal(parse(WORDS("policy", "why", "--", "--x")), 0);
	assert_int_equal(line.options.command_count, 1);
	assert_string_equal(line.options.command[0], "--x");
}

static void a_flag_may_be_repeated(void **state)
{
	(void)state;
	assert_int_equal(parse(WORDS("run", "--quiet", "--json", "--quiet")), 0);
	assert_options(&(struct options){.verb = VERB_RUN, .status_fd = -1, .quiet = true, .json = true});
}

static void options_do_not_disturb_each_other(void **state)
{
	(void)state;
	assert_int_equal(
	        parse(WORDS("run", "--profile=p", "--set", "--set=x", "--policy", "f", "--name=n", "--user", "u",
	                    "--status-fd=5", "--rootless", "--dry-run", "--quiet", "--verbose", "--json", "--", "c")),
	        0);
	assert_options(&(struct options){.verb = VERB_RUN,
	                                 .status_fd = 5,
	                                 .profile = "p",
	                                 .policy = "f",
	                                 .name = "n",
	                                 .user = "u",
	                                 .rootless = true,
	                                 .dry_run = true,
	                                 .quiet = true,
	                                 .verbose = true,
	                                 .json = true});
	assert_int_equal(line.options.set_count, 1);
	assert_string_equal(line.options.sets[0], "--set=x");
	assert_int_equal(line.options.command_count, 1);
}

static void settings_are_kept_in_order_however_many(void **state)
{
	enum { MANY = 3000 };
	static char texts[MANY][16];
	static const char *words[2 + 2 * MANY + 1] = {"sandbox-helper", "run"};
	size_t count = 2;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		/* in turns as one word and as two */
		snprintf(texts[i], sizeof(texts[i]), i % 2 ? "A=%zu" : "--set=A=%zu", i);
		if (i % 2)
			words[count++] = "--set";
		words[count++] = texts[i];
	}
	words[count] = NULL;
	assert_int_equal(parse(words), 0);
	assert_int_equal(line.options.set_count, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_ptr_equal(line.options.sets[i], i % 2 ? texts[i] : texts[i] + strlen("--set="));
}

static void everything_after_two_dashes_is_the_command(void **state)
{
	static const char *const command[] = {"--quiet", "", "--", "--set=A=1", "a  b\n", "-", "--nosuch"};
	const char *words[4 + COUNT(command) + 1] = {"sandbox-helper", "run", "--json", "--"};

	(void)state;
	memcpy(words + 4, command, sizeof(command));
	assert_int_equal(parse(words), 0);
	assert_options(&(struct options){.verb = VERB_RUN, .status_fd = -1, .json = true});
	assert_int_equal(line.options.set_count, 0);
	assert_int_equal(line.options.command_count, COUNT(command));
	for (size_t i = 0; i < COUNT(command); i++)
		assert_ptr_equal(line.options.command[i], command[i]);
	assert_null(line.options.command[COUNT(command)]);
}

static void a_command_may_be_absent_or_an_empty_word(void **state)
{
	(void)state;
	assert_int_equal(parse(WORDS("run", "--")), 0);
	assert_int_equal(line.options.command_count, 0);
	assert_null(line.options.command[0]);
	assert_int_equal(parse(WORDS("run", "--", "")), 0);
	assert_int_equal(line.options.command_count, 1);
	assert_string_equal(line.options.command[0], "");
	assert_null(line.options.command[1]);
}

static void two_dashes_can_be_a_value(void **state)
{
	(void)state;
	assert_int_equal(parse(WORDS("run", "--profile", "--", "--", "true")), 0);
	assert_string_equal(line.options.profile, "--");
	assert_int_equal(line.options.command_count, 1);
	assert_string_equal(line.options.command[0], "true");
}

static void a_check_takes_a_file(void **state)
{
	(void)state;
	assert_int_equal(parse(WORDS("policy", "check", "--json", "some file")), 0);
	assert_options(
	        &(struct options){.verb = VERB_POLICY_CHECK, .status_fd = -1, .json = true, .file = "some file"});
}

/* How long a value may be is for whoever reads it to say; a reason stays within its buffer. */
static void long_words_are_kept_whole_and_told_in_part(void **state)
{
	static char word[100000];
	size_t sizes[] = {1, 2, 20, 100, sizeof(line.why)};

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	assert_int_equal(parse(WORDS("run", "--profile", word, "--set", word, "--", word)), 0);
	assert_ptr_equal(line.options.profile, word);
	assert_ptr_equal(line.options.sets[0], word);
	assert_ptr_equal(line.options.command[0], word);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		const char *const *lines[] = {WORDS(word), WORDS("run", word), WORDS("run", "--status-fd", word)};
		for (size_t j = 0; j < COUNT(lines); j++) {
			assert_int_equal(parse_within(lines[j], sizes[i]), -1);
			assert_true(strnlen(line.why, sizes[i]) < sizes[i]);
			for (size_t k = sizes[i]; k < sizeof(line.why); k++)
				assert_int_equal(line.why[k], '#');
		}
	}
	assert_int_equal(parse(WORDS("run", word)), -1);
	assert_non_null(strstr(line.why, "xxx...\""));
}

#define TEST(name) cmocka_unit_test_teardown(name, release)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(every_verb_is_known_and_leaves_the_rest_unset),
	        TEST(an_option_sets_its_member_where_the_verb_knows_it),
	        TEST(an_option_of_another_verb_is_unknown),
	        TEST(what_is_not_understood_is_refused_with_the_word),
	        TEST(a_descriptor_is_a_small_decimal_number),
	        TEST(a_flag_may_be_repeated),
	        TEST(what_is_asked_for_why_is_kept_in_order),
	        TEST(options_do_not_disturb_each_other),
	        TEST(settings_are_kept_in_order_however_many),
	        TEST(everything_after_two_dashes_is_the_command),
	        TEST(a_command_may_be_absent_or_an_empty_word),
	        TEST(two_dashes_can_be_a_value),
	        TEST(a_check_takes_a_file),
	        TEST(long_words_are_kept_whole_and_told_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
