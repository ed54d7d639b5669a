/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Source and target share one allocation. */
#include "config/path_word.h"

#include <stdlib.h>
#include <string.h>

#include "config/policy.h"

void path_word_free(struct path_word *word)
{
	free(word->source);
}

int path_word_error(struct draft *draft, const struct value_word *word, const char *what)
{
	char quoted[256];

	policy_error_add(draft->errors, false, word->file, word->line, 0, NULL, "%s: %s",
	                 quote_bytes(quoted, sizeof(quoted), word->text, strlen(word->text)), what);
	return -1;
}

/* Absolute, and no "." or ".." anywhere: what the text says is where it points. Repeated and trailing slashes go. */
static bool clean_path(char *path)
{
	if (path[0] != '/')
		return false;
	char *out = path;
	for (const char *in = path; *in;) {
		while (*in == '/')
			in++;
		size_t length = strcspn(in, "/");
		if (length == 0)
			break;
		if ((length == 1 && in[0] == '.') || (length == 2 && in[0] == '.' && in[1] == '.'))
			return false;
		*out++ = '/';
		memmove(out, in, length);
		out += length;
		in += length;
	}
	if (out == path)
		*out++ = '/';
	*out = '\0';
	return true;
}

int path_word_read(struct draft *draft, const struct value_word *word, bool is_bind, struct path_word *ret_word)
{
	const char *text = word->text;

	ret_word->optional = *text == '-';
	char *source = specifiers_expand(text + ret_word->optional, draft->person, draft->errors);
	if (!source)
		return -1;
	char *colon = is_bind ? strchr(source, ':') : NULL;
	if (colon)
		*colon++ = '\0';
	ret_word->source = source;
	ret_word->target = colon ? colon : source;
	if (clean_path(source) && (!colon || clean_path(colon)))
		return 0;
	path_word_free(ret_word);
	return path_word_error(draft, word, "must be an absolute path without . or ..");
}
