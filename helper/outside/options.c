/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One table of verbs, one of options; an option that a verb does not know is refused.
 */
#include "helper/outside/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/error.h"

#define VERB(verb) (1u << (verb))
enum {
	RUN = VERB(VERB_RUN),
	SHOW = VERB(VERB_POLICY_SHOW) | VERB(VERB_POLICY_EXPLAIN) | VERB(VERB_POLICY_WHY),
	CHECK = VERB(VERB_POLICY_CHECK),
	LIST = VERB(VERB_LIST),
	FEATURES = VERB(VERB_FEATURES),
};

static const struct {
	const char *word, *second;
	enum verb verb;
} verbs[] = {
        {"run",      NULL,      VERB_RUN           },
        {"session",  NULL,      VERB_SESSION       },
        {"policy",   "check",   VERB_POLICY_CHECK  },
        {"policy",   "show",    VERB_POLICY_SHOW   },
        {"policy",   "explain", VERB_POLICY_EXPLAIN},
        {"policy",   "why",     VERB_POLICY_WHY    },
        {"list",     NULL,      VERB_LIST          },
        {"gc",       NULL,      VERB_GC            },
        {"features", NULL,      VERB_FEATURES      },
};

enum option_kind { FLAG, TEXT, LIST_OF_TEXT, DESCRIPTOR };

struct option_row {
	const char *name;
	unsigned verbs;
	enum option_kind kind;
	size_t offset;
};

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
        {"profile",   RUN | SHOW,                           TEXT,         AT(profile)  },
        {"set",       RUN | SHOW,                           LIST_OF_TEXT, 0            },
        {"policy",    RUN | SHOW,                           TEXT,         AT(policy)   },
        {"name",      RUN,                                  TEXT,         AT(name)     },
        {"user",      RUN | SHOW,                           TEXT,         AT(user)     },
        {"service",   SHOW,                                 TEXT,         AT(service)  },
        {"status-fd", RUN,                                  DESCRIPTOR,   AT(status_fd)},
        {"rootless",  RUN | SHOW,                           FLAG,         AT(rootless) },
        {"dry-run",   RUN,                                  FLAG,         AT(dry_run)  },
        {"quiet",     RUN,                                  FLAG,         AT(quiet)    },
        {"verbose",   RUN,                                  FLAG,         AT(verbose)  },
        {"origins",   VERB(VERB_POLICY_SHOW),               FLAG,         AT(origins)  },
        {"stale",     LIST,                                 FLAG,         AT(stale)    },
        {"json",      RUN | SHOW | CHECK | LIST | FEATURES, FLAG,         AT(json)     },
};

static int refuse(char *why, size_t size, const char *what, const char *word)
{
	char quoted[256];

	snprintf(why, size, "%s \"%s\"", what, quote_bytes(quoted, sizeof(quoted), word, strlen(word)));
	return -1;
}

static int parse_descriptor(const char *text, int *ret_fd)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	long number = strtol(text, &end, 10);
	if (*end || number > 1000000)
		return -1;
	*ret_fd = (int)number;
	return 0;
}

static const struct option_row *find_row(enum verb verb, const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].name) == length && strncmp(rows[i].name, name, length) == 0)
			return rows[i].verbs & VERB(verb) ? &rows[i] : NULL;
	return NULL;
}

/* What can be had only once must not be asked for twice. */
static bool is_given(const struct options *options, const struct option_row *row)
{
	const char *member = (const char *)options + row->offset;

	if (row->kind == TEXT)
		return *(const char *const *)(const void *)member != NULL;
	return row->kind == DESCRIPTOR && *(const int *)(const void *)member >= 0;
}

/* value is NULL for a flag. */
static int store(struct options *options, const struct option_row *row, const char *value, char *why, size_t size)
{
	char *member = (char *)options + row->offset;

	switch (row->kind) {
	case FLAG:
		*(bool *)(void *)member = true;
		return 0;
	case LIST_OF_TEXT:
		options->sets[options->set_count++] = value;
		return 0;
	case DESCRIPTOR:
		if (!value || parse_descriptor(value, (int *)(void *)member) != 0)
			return refuse(why, size, "not a descriptor:", value ? value : "");
		return 0;
	case TEXT:
		*(const char **)(void *)member = value;
		return 0;
	}
	return -1;
}

/* Returns how many arguments were used, or -1. */
static int parse_option(struct options *options, char **argv, char *why, size_t size)
{
	const char *name = argv[0] + 2, *equals = strchr(name, '=');
	const struct option_row *row = find_row(options->verb, name, equals ? (size_t)(equals - name) : strlen(name));

	if (!row)
		return refuse(why, size, "unknown option", argv[0]);
	if (row->kind == FLAG)
		return equals                                 ? refuse(why, size, "option takes no value:", argv[0])
		       : store(options, row, NULL, why, size) ? -1
		                                              : 1;
	if (!equals && !argv[1])
		return refuse(why, size, "option needs a value:", argv[0]);
	if (is_given(options, row))
		return refuse(why, size, "option given twice:", argv[0]);
	if (store(options, row, equals ? equals + 1 : argv[1], why, size) != 0)
		return -1;
	return equals ? 1 : 2;
}

static int parse_verb(char **argv, int argc, struct options *options, char *why, size_t size)
{
	if (argc < 2) {
		snprintf(why, size, "no verb: this program is called by sandbox-run, sandboxctl and pam_sandbox");
		return -1;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].word) == 0 &&
		    (!verbs[i].second || (argc > 2 && strcmp(argv[2], verbs[i].second) == 0))) {
			options->verb = verbs[i].verb;
			return verbs[i].second ? 3 : 2;
		}
	return refuse(why, size, "unknown verb", argv[1]);
}

int options_parse(int argc, char **argv, struct options *ret_options, char *why, size_t size)
{
	static const char *const nothing[] = {NULL};

	*ret_options = (struct options){.status_fd = -1, .command = nothing};
	int next = parse_verb(argv, argc, ret_options, why, size);
	if (next < 0)
		return -1;
	ret_options->sets = calloc((size_t)argc, sizeof(*ret_options->sets));
	if (!ret_options->sets) {
		snprintf(why, size, "out of memory");
		return -1;
	}
	while (next < argc && strncmp(argv[next], "--", 2) == 0 && argv[next][2]) {
		int used = parse_option(ret_options, argv + next, why, size);
		if (used < 0)
			return -1;
		next += used;
	}
	bool ended = next < argc && strcmp(argv[next], "--") == 0;
	if (ret_options->verb == VERB_POLICY_WHY || (ret_options->verb == VERB_RUN && ended)) {
		next += ended;
		ret_options->command = (const char *const *)(argv + next);
		ret_options->command_count = (size_t)(argc - next);
		return 0;
	}
	if (ret_options->verb == VERB_POLICY_CHECK && next == argc - 1)
		ret_options->file = argv[next++];
	if (next < argc)
		return refuse(why, size, "unexpected argument", argv[next]);
	return 0;
}
