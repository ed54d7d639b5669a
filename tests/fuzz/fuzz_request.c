/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as the helper's command line, its words ended by NUL. What is accepted points into argv and nowhere else, and
 * means what is written again from it; what is refused says why in one printable line.
 */
#include "tests/fuzz/text.h"

#include "helper/outside/options.h"

#include <stdint.h>

enum { WORDS_MAX = 64, WHY_MAX = 600 };

/* Each word in a block of its own, so that a sanitizer sees every byte read too far. */
struct line {
	int argc;
	char *argv[WORDS_MAX + 1];
};

static void add_word(struct line *line, const char *bytes, size_t length)
{
	char *word = malloc(length + 1);

	if (!word)
		exit(1);
	memcpy(word, bytes, length);
	word[length] = '\0';
	line->argv[line->argc++] = word;
	line->argv[line->argc] = NULL;
}

static void add_words(struct line *line, const char *data, size_t size)
{
	for (const char *end = data + size; data < end && line->argc < WORDS_MAX;) {
		size_t length = strnlen(data, (size_t)(end - data));
		add_word(line, data, length);
		data += length + 1;
	}
}

static void line_free(struct line *line)
{
	for (int i = 0; i < line->argc; i++)
		free(line->argv[i]);
}

static bool is_of(const struct line *line, const char *text)
{
	for (int i = 1; i < line->argc; i++) {
		uintptr_t start = (uintptr_t)line->argv[i], at = (uintptr_t)text;
		if (at >= start && at - start <= strlen(line->argv[i]))
			return true;
	}
	return false;
}

/* --- writing options as a command line again --- */

static const char *const verbs[][2] = {
        [VERB_RUN] = {"run"    },
        [VERB_SESSION] = {"session"},
        [VERB_POLICY_CHECK] = {"policy",  "check"},
        [VERB_POLICY_SHOW] = {"policy",         "show"},
        [VERB_POLICY_EXPLAIN] = {"policy","explain"},
        [VERB_LIST] = {"list" },
        [VERB_GC] = {"gc"        },
        [VERB_FEATURES] = {"features"       },
};

static void add(struct line *line, const char *word)
{
	add_word(line, word, strlen(word));
}

static void add_pair(struct line *line, const char *name, const char *value)
{
	if (value) {
		add(line, name);
		add(line, value);
	}
}

static void add_flag(struct line *line, const char *name, bool given)
{
	if (given)
		add(line, name);
}

static void write_options(const struct options *options, struct line *line)
{
	char number[16];

	add(line, "x");
	for (size_t i = 0; i < 2 && verbs[options->verb][i]; i++)
		add(line, verbs[options->verb][i]);
	add_pair(line, "--profile", options->profile);
	add_pair(line, "--policy", options->policy);
	add_pair(line, "--name", options->name);
	add_pair(line, "--user", options->user);
	add_pair(line, "--service", options->service);
	for (size_t i = 0; i < options->set_count; i++)
		add_pair(line, "--set", options->sets[i]);
	snprintf(number, sizeof(number), "%d", options->status_fd);
	add_pair(line, "--status-fd", options->status_fd >= 0 ? number : NULL);
	add_flag(line, "--rootless", options->rootless);
	add_flag(line, "--dry-run", options->dry_run);
	add_flag(line, "--json", options->json);
	add_flag(line, "--quiet", options->quiet);
	add_flag(line, "--verbose", options->verbose);
	add_flag(line, "--origins", options->origins);
	add_flag(line, "--stale", options->stale);
	if (options->file)
		add(line, options->file);
	if (options->command_count > 0)
		add(line, "--");
	for (size_t i = 0; i < options->command_count; i++)
		add(line, options->command[i]);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void assert_same(const struct options *a, const struct options *b)
{
	HOLDS(a->verb == b->verb && a->status_fd == b->status_fd && a->set_count == b->set_count &&
	      a->command_count == b->command_count);
	HOLDS(same(a->profile, b->profile) && same(a->policy, b->policy) && same(a->name, b->name) &&
	      same(a->user, b->user) && same(a->service, b->service) && same(a->file, b->file));
	HOLDS(a->rootless == b->rootless && a->dry_run == b->dry_run && a->json == b->json && a->quiet == b->quiet &&
	      a->verbose == b->verbose && a->origins == b->origins && a->stale == b->stale);
	for (size_t i = 0; i < a->set_count; i++)
		HOLDS(same(a->sets[i], b->sets[i]));
	for (size_t i = 0; i < a->command_count; i++)
		HOLDS(same(a->command[i], b->command[i]));
}

static void assert_within(const struct options *options, const struct line *line)
{
	const char *const texts[] = {options->profile, options->policy,  options->name,
	                             options->user,    options->service, options->file};

	for (size_t i = 0; i < COUNT(texts); i++)
		HOLDS(!texts[i] || is_of(line, texts[i]));
	for (size_t i = 0; i < options->set_count; i++)
		HOLDS(is_of(line, options->sets[i]));
	for (size_t i = 0; i < options->command_count; i++)
		HOLDS(options->command[i] && is_of(line, options->command[i]));
	HOLDS(!options->command[options->command_count]);
	HOLDS(options->status_fd >= -1 && options->status_fd <= 1000000);
}

static void assert_written_again(const struct options *options)
{
	struct line line = {0};
	struct options again;
	char why[WHY_MAX];

	write_options(options, &line);
	HOLDS(options_parse(line.argc, line.argv, &again, why, sizeof(why)) == 0);
	assert_same(options, &again);
	free(again.sets);
	line_free(&line);
}

/* What can be had once is refused where it is asked for again. */
static void assert_once(const struct options *options)
{
	const struct {
		const char *name, *value;
	} once[] = {
	        {"--profile",   options->profile                    },
                {"--policy",    options->policy                     },
	        {"--name",      options->name                       },
                {"--user",      options->user                       },
	        {"--service",   options->service                    },
                {"--status-fd", options->status_fd >= 0 ? "0" : NULL},
	};

	for (size_t i = 0; i < COUNT(once); i++) {
		struct line line = {0};
		struct options plain = *options, again;
		char why[WHY_MAX];
		if (!once[i].value)
			continue;
		plain.file = NULL;
		plain.command_count = 0; /* ends the options */
		write_options(&plain, &line);
		add_pair(&line, once[i].name, "0");
		HOLDS(options_parse(line.argc, line.argv, &again, why, sizeof(why)) == -1);
		free(again.sets);
		line_free(&line);
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct line line = {0};
	struct options options = {0};
	size_t room =
	        size > 0 && data[0] > 0xc0 ? data[0] - 0xc0u : WHY_MAX; /* a reason that is cut is still a string */
	char *why = malloc(room);

	if (!why)
		return 0;
	memset(why, '#', room);
	add_words(&line, (const char *)data, size);
	int result = options_parse(line.argc, line.argv, &options, why, room);
	HOLDS(result == 0 || result == -1);
	if (result == 0) {
		assert_within(&options, &line);
		/* each --set=X becomes two words */
		if (line.argc < WORDS_MAX / 2) {
			assert_written_again(&options);
			assert_once(&options);
		}
	} else {
		HOLDS(memchr(why, '\0', room));
		HOLDS(room < WHY_MAX || is_printable(why));
	}
	free(options.sets);
	free(why);
	line_free(&line);
	return 0;
}
