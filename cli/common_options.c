/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option parser. getopt_long(3) accepts abbreviations, which would make every new option a break of somebody's
 * script, and keeps its state in globals. */
#include "cli/common_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common_text.h"

static int fail_unknown(const struct options *options, const char *word, size_t length)
{
	for (size_t i = 0; i < options->count; i++)
		if (length > 2 && strncmp(options->rows[i].name, word + 2, length - 2) == 0) {
			say("unknown option %s (did you mean --%s?)", QUOTE(word), options->rows[i].name);
			return OPTIONS_ERROR;
		}
	say("unknown option %s", QUOTE(word));
	return OPTIONS_ERROR;
}

/* Notes that a row was seen; refuses the second time. */
static int accept_row(struct options *options, size_t row)
{
	uint64_t bit = UINT64_C(1) << row;

	if ((options->seen & bit) && !options->rows[row].repeats) {
		say("option --%s is given twice", options->rows[row].name);
		return OPTIONS_ERROR;
	}
	options->seen |= bit;
	return (int)row;
}

static int take_value(struct options *options, size_t row, const char **ret_value)
{
	if (!*options->next) {
		say("option --%s needs a value: %s", options->rows[row].name, options->rows[row].argument);
		return OPTIONS_ERROR;
	}
	*ret_value = *options->next++;
	return accept_row(options, row);
}

static int next_long(struct options *options, const char *word, const char **ret_value)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);

	for (size_t i = 0; i < options->count; i++) {
		const struct option_row *row = &options->rows[i];
		if (strlen(row->name) != length || strncmp(row->name, name, length) != 0)
			continue;
		if (equals && !row->argument) {
			say("option --%s takes no value", row->name);
			return OPTIONS_ERROR;
		}
		if (row->argument && !equals)
			return take_value(options, i, ret_value);
		*ret_value = equals ? equals + 1 : NULL;
		return accept_row(options, i);
	}
	return fail_unknown(options, word, length + 2);
}

static int next_short(struct options *options, const char **ret_value)
{
	char letter = *options->letters++;

	if (!*options->letters)
		options->next++;
	for (size_t i = 0; i < options->count; i++) {
		if (options->rows[i].letter != letter)
			continue;
		if (!options->rows[i].argument)
			return accept_row(options, i);
		if (!*options->letters)
			return take_value(options, i, ret_value);
		*ret_value = options->letters;
		options->letters = "";
		options->next++;
		return accept_row(options, i);
	}
	say("unknown option %s", QUOTE(((const char[]){'-', letter, 0})));
	return OPTIONS_ERROR;
}

int options_next(struct options *options, const char **ret_value)
{
	*ret_value = NULL;
	if (options->letters && *options->letters)
		return next_short(options, ret_value);
	const char *word = *options->next;
	if (!word)
		return OPTIONS_END;
	if (!options->ended && strcmp(word, "--") == 0) {
		options->ended = true;
		options->next++;
		return options->interleave ? options_next(options, ret_value) : OPTIONS_END;
	}
	if (options->ended || word[0] != '-' || !word[1]) {
		if (!options->interleave)
			return OPTIONS_END;
		*ret_value = word;
		options->next++;
		return OPTIONS_ARGUMENT;
	}
	if (word[1] == '-') {
		options->next++;
		return next_long(options, word, ret_value);
	}
	options->letters = word + 1;
	return next_short(options, ret_value);
}

static size_t row_label(const struct option_row *row, char *buffer, size_t size)
{
	int length = snprintf(buffer, size, "%c%c%c --%s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
	                      row->letter ? ',' : ' ', row->name, row->argument ? " " : "",
	                      row->argument ? row->argument : "");

	return length < 0 ? 0 : (size_t)length;
}

void options_print(const struct option_row *rows, size_t count)
{
	char label[128];
	size_t widest = 0;

	for (size_t i = 0; i < count; i++) {
		size_t length = row_label(&rows[i], label, sizeof(label));
		widest = length > widest ? length : widest;
	}
	for (size_t i = 0; i < count; i++) {
		row_label(&rows[i], label, sizeof(label));
		printf("  %-*s  %s\n", (int)widest, label, rows[i].help);
	}
}
