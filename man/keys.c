/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the key list of sandbox-policy(5) as mdoc(7), from the table that the parser reads (config/keys.def): the manual
 * cannot lack a key or name one that is not there. Built and run by make on the building machine, part of no program.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/key.h"

static const struct key rows[] = {
#define KEY(name, sections, type, class, live, enforced, words, fallback, group, help, test)                           \
	{#name, sections, type, class, live, enforced, words, fallback, group, help, test},
#include "config/keys.def"
#undef KEY
};

static bool is_list(const struct key *key)
{
	return key->type == TYPE_PATHS || key->type == TYPE_BINDS || key->type == TYPE_WORDS ||
	       key->type == TYPE_STRINGS;
}

/* mdoc(7): a backslash starts an escape, and so do some characters that are meant as themselves; a sentence ends a line. */
static void put(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '~')
			fputs("\\(ti", stdout);
		else if (*text == '^')
			fputs("\\(ha", stdout);
		else if (*text == '-' && text[1] >= '0' && text[1] <= '9')
			fputs("\\-", stdout);
		else if (*text == ' ' && text[-1] == '.')
			putchar('\n');
		else
			putchar(*text);
	}
}

static const char *list_item(const struct key *key)
{
	static const struct {
		const char *check, *item;
	} items[] = {
	        {"service",            "PAM services"	                                                    },
	        {"account",            "names of accounts or groups"                                             },
	        {"name",               "names"	                                                           },
	        {"etc-file",           "names relative to /etc; a / at the end: the files of that directory"     },
	        {"assignment",         "NAME=VALUE assignments"                                                  },
	        {"variable",           "names of variables"	                                              },
	        {"capability",         "capabilities (CAP_...)"                                                  },
	        {"syscall",            "system calls and @groups"                                                },
	        {"family",             "address families (AF_...)"                                               },
	        {"architecture",       "architectures"	                                                   },
	        {"index",              "numbers and ranges (0-3)"                                                },
	        {"port",               "ports and ranges (8000-8080)"                                            },
	        {"descriptor",         "numbers of descriptors"                                                  },
	        {"device",             "devices (/dev/..., char-..., block-...), each followed by any of r, w, m"},
	        {"device-weight",      "pairs of a device and a weight"                                          },
	        {"device-rate",        "pairs of a device and an amount"                                         },
	        {"huge-page",          "pairs of two sizes"	                                              },
	        {"interface-priority", "pairs of an interface and a priority"                                    },
	};
	size_t length = key->words ? strcspn(key->words, "?") : 0;

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (strlen(items[i].check) == length && strncmp(items[i].check, key->words, length) == 0)
			return items[i].item;
	fprintf(stderr, "man/keys.c: %s: no words for the check \"%s\"\n", key->name, key->words ? key->words : "");
	exit(EXIT_FAILURE);
}

/* The spellings of a TYPE_WORD row, weakest first. */
static void put_words(const struct key *key)
{
	const char *separator = "";

	for (const char *word = key->words; *word; word += strspn(word, " ")) {
		size_t length = strcspn(word, " ");
		bool later = word[length - 1] == '?';
		printf("%s", separator);
		if (*word == '/')
			fputs("an absolute path", stdout);
		else
			printf("%.*s", (int)(length - later), word);
		if (later)
			fputs(" (not enforced by this version)", stdout);
		separator = ", ";
		word += length;
	}
}

static void put_range(const struct key *key)
{
	char first[32] = "";
	const char *last = key->words ? strchr(key->words, ' ') : NULL;

	if (!last)
		return;
	snprintf(first, sizeof(first), "%.*s", (int)(last - key->words), key->words);
	fputs(", ", stdout);
	put(first);
	fputs(" to", stdout);
	put(last);
}

static void put_value(const struct key *key)
{
	static const char *const types[] = {
	        [TYPE_BOOLEAN] = "yes or no",
	        [TYPE_SIZE] = "a size",
	        [TYPE_COUNT] = "a number",
	        [TYPE_TIME] = "a time",
	        [TYPE_PERCENT] = "a percentage",
	        [TYPE_INTEGER] = "a whole number",
	        [TYPE_MODE] = "an octal mode",
	        [TYPE_SIGNAL] = "a signal, as name or number",
	        [TYPE_ERRNO] = "the name or number of an error, or kill",
	        [TYPE_NAMESPACES] = "yes, no, or kinds: cgroup ipc mnt net pid time user uts",
	        [TYPE_STRING] = "text",
	        [TYPE_PATH] = "an absolute path",
	        [TYPE_NAME] = "a name",
	        [TYPE_PATHS] = "a list of absolute paths",
	        [TYPE_BINDS] = "a list of SOURCE or SOURCE:TARGET, absolute paths",
	};

	fputs(".Pp\nValue: ", stdout);
	if (key->type == TYPE_WORD || key->type == TYPE_WORD_OR_PATH)
		put_words(key);
	else if (key->type == TYPE_LIMIT)
		printf("SOFT:HARD or one for both, in %s; or infinity", strcmp(key->words, "count") == 0  ? "numbers"
		                                                        : strcmp(key->words, "nice") == 0 ? "steps"
		                                                                                          : key->words);
	else if (key->type == TYPE_WORDS || key->type == TYPE_STRINGS)
		printf("a list of %s", list_item(key));
	else
		fputs(types[key->type], stdout);
	if (key->type == TYPE_INTEGER || key->type == TYPE_TIME)
		put_range(key);
	if (key->type == TYPE_TIME && strstr(key->words ? key->words : "", " "))
		fputs(" microseconds", stdout);
	fputs(".\n", stdout);
}

static void put_fallback(const struct key *key)
{
	fputs("Default: ", stdout);
	if (!key->fallback)
		fputs("unset", stdout);
	else if (!*key->fallback)
		fputs("empty", stdout);
	else
		put(key->fallback);
	fputs(".\n", stdout);
}

static void put_class(const struct key *key)
{
	static const char *const classes[] = {
	        [CLASS_ROOT] = "may not set it",    [CLASS_LOWER] = "may lower it",
	        [CLASS_HIGHER] = "may raise it",    [CLASS_SUBSET] = "may take away from it",
	        [CLASS_SUPERSET] = "may add to it", [CLASS_LADDER] = "may make it stricter",
	        [CLASS_OWN] = "may set it",
	};

	if (key->sections & IN_PROFILE && strcmp(key->name, "Inherit") != 0)
		printf("A caller %s.\n", classes[key->tightening]);
}

static void put_places(const struct key *key)
{
	if (key->sections & IN_LOGIN_RULE)
		puts("Only in [user], [group] and [default].");
	else if (key->sections & IN_LOGIN)
		puts("Only in [login].");
	else if (key->sections & IN_RUN)
		puts("Only in [run].");
	else if (key->sections == IN_SLICE)
		puts("Only in [slice].");
	else if (strcmp(key->name, "Inherit") == 0)
		puts("Only in [profile].");
	else if (key->sections & IN_SLICE)
		puts("Also in [slice].");
}

static void put_key(const struct key *key)
{
	printf(".It Cm %s Ns =\n", key->name);
	put(key->help);
	putchar('\n');
	put_value(key);
	put_fallback(key);
	put_class(key);
	put_places(key);
	if (!key->enforced)
		puts("Not enforced by this version: any value but the default is refused.");
	else if (is_list(key) && key->words && strchr(key->words, '?'))
		puts("Only the empty list is enforced by this version: any other is refused.");
}

int main(void)
{
	const char *group = "";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(group, rows[i].group) != 0)
			printf("%s.Ss %s\n.Bl -tag -width Ds\n", i ? ".El\n" : "", rows[i].group);
		group = rows[i].group;
		put_key(&rows[i]);
	}
	puts(".El");
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
