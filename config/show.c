/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile as policy text again: `policy show`. */
#include "config/policy.h"

#include "config/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In double quotes, with the escapes the language has. */
static void put_quoted(FILE *stream, const char *text)
{
	putc('"', stream);
	for (; *text; text++) {
		if (*text == '\n' || *text == '\t') {
			fputs(*text == '\n' ? "\\n" : "\\t", stream);
			continue;
		}
		if (*text == '"' || *text == '\\')
			putc('\\', stream);
		putc(*text, stream);
	}
	putc('"', stream);
}

static void put_word(FILE *stream, const char *text)
{
	if (*text == '\0' || strpbrk(text, " \t\n\"'\\"))
		put_quoted(stream, text);
	else
		fputs(text, stream);
}

/* Blanks are part of some scalars without quotes; only what would be read differently is quoted. */
static void put_scalar(FILE *stream, const struct key *key, const char *text)
{
	bool free_form = key->type == TYPE_TIME || key->type == TYPE_LIMIT || key->type == TYPE_NAMESPACES;

	if (free_form)
		fputs(text, stream);
	else
		put_word(stream, text);
}

static void put_origins(FILE *stream, const struct key *key, const struct value *value)
{
	if (!key_is_list(key) || value->word_count == 0) {
		fprintf(stream, "# %s:%u\n", value->file, value->line);
		return;
	}
	for (size_t i = 0; i < value->word_count; i++) {
		const struct value_word *word = &value->words[i], *before = i ? word - 1 : NULL;
		if (before && before->line == word->line && strcmp(before->file, word->file) == 0)
			continue;
		fprintf(stream, "# %s:%u: from ", word->file, word->line);
		put_word(stream, word->text);
		putc('\n', stream);
	}
}

static void put_key(FILE *stream, const struct key *key, const struct value *value)
{
	fprintf(stream, "%s=", key->name);
	if (!key_is_list(key))
		put_scalar(stream, key, value->raw);
	for (size_t i = 0; i < value->word_count; i++) {
		if (i > 0)
			putc(' ', stream);
		put_word(stream, value->words[i].text);
	}
	putc('\n', stream);
}

static void put_text(FILE *stream, const struct profile *profile, bool origins)
{
	fprintf(stream, "[profile %s]\n", profile->name);
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct key *key = key_row((enum key_id)i);
		if (!profile->values[i].is_set)
			continue;
		put_key(stream, key, &profile->values[i]);
		if (origins)
			put_origins(stream, key, &profile->values[i]);
	}
}

static void put_json_string(FILE *stream, const char *text)
{
	char escaped[6 * 4096 + 8]; /* a line of policy has at most 4 KiB */

	json_escape(escaped, sizeof(escaped), text);
	fprintf(stream, "\"%s\"", escaped);
}

static void put_json(FILE *stream, const struct profile *profile)
{
	const char *separator = "";

	fputs("{\"profile\":", stream);
	put_json_string(stream, profile->name);
	fputs(",\"keys\":{", stream);
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct key *key = key_row((enum key_id)i);
		const struct value *value = &profile->values[i];
		if (!value->is_set)
			continue;
		fprintf(stream, "%s\"%s\":{\"value\":", separator, key->name);
		if (!key_is_list(key))
			put_json_string(stream, value->raw);
		else
			putc('[', stream);
		for (size_t w = 0; w < value->word_count; w++) {
			fputs(w ? "," : "", stream);
			put_json_string(stream, value->words[w].text);
		}
		fprintf(stream, "%s,\"file\":", key_is_list(key) ? "]" : "");
		put_json_string(stream, value->file ? value->file : "");
		fprintf(stream, ",\"line\":%u}", value->line);
		separator = ",";
	}
	fputs("}}\n", stream);
}

char *profile_show(const struct profile *profile, enum show_form form)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);

	if (!stream)
		return NULL;
	if (form == SHOW_JSON)
		put_json(stream, profile);
	else
		put_text(stream, profile, form == SHOW_ORIGINS);
	bool failed = ferror(stream);
	if (fclose(stream) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}
