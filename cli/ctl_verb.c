/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a command's words to the helper's. Options are passed on by their own names, so the two cannot drift apart. */
#include "cli/ctl_verb.h"

#include <stdio.h>
#include <string.h>

#include "cli/common_helper.h"
#include "cli/common_text.h"
#include "cli/ctl_commands.h"

enum { WORDS_MAX = 2 * CTL_ROWS_MAX + 8 };

static int print_help(const struct ctl_verb *verb, const struct option_row *rows, size_t count)
{
	printf("Usage: sandboxctl %s\n%s\n\n", verb->usage, verb->help);
	options_print(rows, count);
	return fflush(stdout) == 0 ? CTL_YES : CTL_ERROR;
}

static int fail_usage(const struct ctl_verb *verb)
{
	say_hint("usage: sandboxctl %s", verb->usage);
	return CTL_ERROR;
}

/* Appends an operand as the verb wants it; there may be one. */
static int take_operand(const struct ctl_verb *verb, const char *value, char **words, size_t *used, size_t *operands)
{
	if (!verb->operand || (*operands)++ > 0) {
		say("unexpected argument %s", QUOTE(value));
		return -1;
	}
	if (*verb->operand)
		words[(*used)++] = format_text("%s=%s", verb->operand, value);
	else if (value[0] == '-')
		words[(*used)++] = format_text("./%s", value); /* a file; the helper has no "--" here */
	else
		words[(*used)++] = format_text("%s", value);
	return 0;
}

int ctl_verb_run(const struct ctl_verb *verb, char **arguments)
{
	struct option_row rows[CTL_ROWS_MAX + 1];
	char *words[WORDS_MAX] = {NULL}, *operand[2] = {NULL};
	size_t used = 1, operands = 0, kept = 0;
	const char *value;
	int option;

	memcpy(rows, verb->rows, verb->count * sizeof(rows[0]));
	rows[verb->count] = (struct option_row){0, false, "help", NULL, "print this and exit"};
	struct options options = {.rows = rows, .count = verb->count + 1, .interleave = true, .next = arguments};

	words[used++] = format_text("%s", verb->verb);
	if (verb->second)
		words[used++] = format_text("%s", verb->second);
	while ((option = options_next(&options, &value)) != OPTIONS_END) {
		if (option == OPTIONS_ERROR)
			return fail_usage(verb);
		if (option == (int)verb->count)
			return print_help(verb, rows, verb->count + 1);
		if (option == OPTIONS_ARGUMENT) {
			if (take_operand(verb, value, operand, &kept, &operands) != 0)
				return fail_usage(verb);
			continue;
		}
		words[used++] = value ? format_text("--%s=%s", rows[option].name, value)
		                      : format_text("--%s", rows[option].name);
	}
	if (kept)
		words[used++] = operand[0]; /* the helper takes options first */
	helper_become(words);
	return CTL_ERROR;
}
