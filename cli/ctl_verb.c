/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a command's words to the helper's. Options are passed on by their own names, so the two cannot drift apart. */
#include "cli/ctl_verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common_helper.h"
#include "cli/common_text.h"
#include "cli/ctl_commands.h"

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

/* An argument as the verb wants it; NULL where there is one too many. */
static char *operand_word(const struct ctl_verb *verb, const char *value, size_t index)
{
	if (!verb->operand || (index > 0 && !verb->several)) {
		say("unexpected argument %s", QUOTE(value));
		return NULL;
	}
	if (*verb->operand)
		return format_text("%s=%s", verb->operand, value);
	return format_text(value[0] == '-' ? "./%s" : "%s", value); /* a file; the helper has no "--" here */
}

/* words and operands have room for all that the arguments can become. */
static int become(const struct ctl_verb *verb, char **arguments, char **words, char **operands)
{
	struct option_row rows[CTL_ROWS_MAX + 1];
	size_t used = 1, operand_count = 0;
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
			operands[operand_count] = operand_word(verb, value, operand_count);
			if (!operands[operand_count++])
				return fail_usage(verb);
			continue;
		}
		words[used++] = value ? format_text("--%s=%s", rows[option].name, value)
		                      : format_text("--%s", rows[option].name);
	}
	memcpy(words + used, operands, operand_count * sizeof(*words)); /* the helper takes options first */
	helper_become(words);
	return CTL_ERROR;
}

int ctl_verb_run(const struct ctl_verb *verb, char **arguments)
{
	/* The helper, its verb, the second word, the end; flags, each once, may have shared a word. */
	enum { OWN_WORDS = 4 + CTL_ROWS_MAX };
	size_t count = 0;

	while (arguments[count])
		count++;
	char **words = calloc(2 * (count + OWN_WORDS), sizeof(*words));
	if (!words) {
		say("out of memory");
		return CTL_ERROR;
	}
	int result = become(verb, arguments, words, words + count + OWN_WORDS);
	free(words);
	return result;
}
