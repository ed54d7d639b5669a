/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A profile as policy text again: `policy show`. A list that was put together over layers may hold words that no single
 * assignment can; then it is shown as it came about, from profiles that inherit from each other.
 */
#include "config/policy.h"

#include "config/error.h"
#include "config/text.h"
#include "config/value.h"

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

static bool needs_quotes(const char *text)
{
	return *text == '\0' || *text == '#' || *text == ';' || strpbrk(text, " \t\n\"'\\");
}

static void put_word(FILE *stream, const char *text)
{
	if (needs_quotes(text))
		put_quoted(stream, text);
	else
		fputs(text, stream);
}

/* Blanks are part of some scalars without quotes; only what would be read differently is quoted. */
static void put_scalar(FILE *stream, const struct key *key, const char *text)
{
	bool free_form = key->type == TYPE_TIME || key->type == TYPE_LIMIT || key->type == TYPE_NAMESPACES;

	if (strlen(key->name) + strlen(text) + sizeof("=\"\"") > TEXT_LINE_MAX)
		fputs("\\\n", stream);
	if (free_form)
		fputs(text, stream);
	else
		put_word(stream, text);
}

/* --- lists --- */

/* Words from first up to end, which one assignment can hold. */
struct chunk {
	size_t first, end;
};

static bool is_none(const struct key *key, const char *word)
{
	return key == key_row(KEY_RestrictAddressFamilies) && strcmp(word, "none") == 0;
}

/* After a word that is refused stands none that is allowed, and "none" stands alone. */
static size_t chunk_end(const struct key *key, const struct value *value, size_t first)
{
	const struct value_word *words = value->words;
	bool refuses = first < value->word_count && *words[first].text == '~' && value_words_invert(key);
	size_t end = first;

	while (end < value->word_count) {
		const char *word = words[end].text;
		if (end > first &&
		    ((refuses && *word != '~') || is_none(key, word) || is_none(key, words[end - 1].text)))
			break;
		end++;
	}
	return end;
}

/* What of a key stands in the profile of a number, counted from the one that inherits from none. False: nothing. */
static bool find_chunk(const struct key *key, const struct value *value, unsigned number, struct chunk *ret_chunk)
{
	size_t first = 0, end = key_is_list(key) ? chunk_end(key, value, 0) : 0;

	for (; number > 0; number--) {
		if (end >= value->word_count)
			return false;
		first = end;
		end = chunk_end(key, value, first);
	}
	*ret_chunk = (struct chunk){first, end};
	return true;
}

static size_t quoted_size(const char *text)
{
	size_t size = strlen(text) + 2;

	for (; *text; text++)
		size += strchr("\n\t\"\\", *text) != NULL;
	return size;
}

/* On as many lines as it needs. */
static void put_words(FILE *stream, const struct key *key, const struct value *value, const struct chunk *chunk)
{
	size_t used = strlen(key->name) + 1;

	for (size_t i = chunk->first; i < chunk->end; i++) {
		size_t size = quoted_size(value->words[i].text) + 1;
		if (used + size + 2 > TEXT_LINE_MAX) {
			fputs(" \\\n", stream);
			used = 0;
		} else if (i > chunk->first) {
			putc(' ', stream);
		}
		put_word(stream, value->words[i].text);
		used += size;
	}
}

/* --- one key --- */

/* A comment holds foreign names, and stays one line. */
static void put_origin(FILE *stream, const char *file, unsigned line, const char *word)
{
	char quoted[900];

	fprintf(stream, "# %s:%u", quote_bytes(quoted, sizeof(quoted), file, strlen(file)), line);
	if (word)
		fprintf(stream, ": from %s", quote_bytes(quoted, sizeof(quoted), word, strlen(word)));
	putc('\n', stream);
}

static void put_origins(FILE *stream, const struct value *value, const struct chunk *chunk)
{
	if (chunk->first == chunk->end) {
		put_origin(stream, value->file, value->line, NULL);
		return;
	}
	for (size_t i = chunk->first; i < chunk->end; i++) {
		const struct value_word *word = &value->words[i], *before = i > chunk->first ? word - 1 : NULL;
		if (before && before->line == word->line && strcmp(before->file, word->file) == 0)
			continue;
		put_origin(stream, word->file, word->line, word->text);
	}
}

static void put_key(FILE *stream, const struct key *key, const struct value *value, const struct chunk *chunk)
{
	fprintf(stream, "%s=", key->name);
	if (key_is_list(key))
		put_words(stream, key, value, chunk);
	else
		put_scalar(stream, key, value->raw);
	putc('\n', stream);
}

/* All of a key, as one assignment. */
static void put_value(FILE *stream, const struct key *key, const struct value *value)
{
	if (!key_is_list(key) && value->raw)
		put_scalar(stream, key, value->raw);
	for (size_t i = 0; i < value->word_count; i++) {
		if (i > 0)
			putc(' ', stream);
		put_word(stream, value->words[i].text);
	}
}

/* --- the profile --- */

/* How many profiles it takes: as many as the list of the most chunks. */
static unsigned count_parts(const struct profile *profile)
{
	unsigned parts = 1;
	struct chunk unused;

	for (unsigned i = 0; i < KEY_COUNT; i++)
		while (profile->values[i].is_set &&
		       find_chunk(key_row((enum key_id)i), &profile->values[i], parts, &unused))
			parts++;
	return parts;
}

static void put_part(FILE *stream, const struct profile *profile, unsigned number, bool origins)
{
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct key *key = key_row((enum key_id)i);
		struct chunk chunk;
		if (!profile->values[i].is_set || !find_chunk(key, &profile->values[i], number, &chunk))
			continue;
		put_key(stream, key, &profile->values[i], &chunk);
		if (origins)
			put_origins(stream, &profile->values[i], &chunk);
	}
}

static void put_text(FILE *stream, const struct profile *profile, bool origins)
{
	const char *base = *profile->name == 'p' ? "layer" : "part"; /* not the profile's own name */
	unsigned parts = count_parts(profile);

	for (unsigned i = 0; i < parts; i++) {
		if (i + 1 < parts)
			fprintf(stream, "[profile %s-%u]\n", base, i + 1);
		else
			fprintf(stream, "[profile %s]\n", profile->name);
		if (i > 0)
			fprintf(stream, "Inherit=%s-%u\n", base, i);
		put_part(stream, profile, i, origins);
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

/* *text is what open_memstream(3) was given. */
static char *closed_text(FILE *stream, char **text)
{
	bool failed = ferror(stream);

	if (fclose(stream) == 0 && !failed)
		return *text;
	free(*text);
	return NULL;
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
	return closed_text(stream, &text);
}

char *profile_show_value(const struct profile *profile, enum key_id id)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);

	if (!stream)
		return NULL;
	put_value(stream, key_row(id), profile_value(profile, id));
	return closed_text(stream, &text);
}
