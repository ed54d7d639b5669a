/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Short forms written in the policy language. Paths are made absolute here, since only the caller's own process surely
 * knows what the caller's directory is called. */
#include "cli/run_values.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/common_text.h"

/* What stands for the byte after a backslash; 0: it needs none. */
static char escape_letter(char byte)
{
	static const char bytes[] = "\n\t\"\\", letters[] = "nt\"\\";
	const char *found = byte ? strchr(bytes, byte) : NULL;

	if (!found)
		return 0;
	return letters[found - bytes];
}

/* The text as a word: between quotes where quoted, % doubled. */
static char *policy_text(const char *text, bool quoted)
{
	char *word = malloc(2 * strlen(text) + 3), *out = word;

	if (!word)
		out_of_memory();
	if (quoted)
		*out++ = '"';
	for (; *text; text++) {
		char byte = *text, letter = escape_letter(byte);
		if (quoted && letter) {
			*out++ = '\\';
			byte = letter;
		} else if (byte == '%') {
			*out++ = '%';
		}
		*out++ = byte;
	}
	if (quoted)
		*out++ = '"';
	*out = 0;
	return word;
}

/* Does the path hold this component? */
static bool has_component(const char *path, const char *component)
{
	size_t length = strlen(component);

	for (const char *at = path; *at; at += strcspn(at, "/")) {
		at += strspn(at, "/");
		if (strncmp(at, component, length) == 0 && (at[length] == '/' || !at[length]))
			return true;
	}
	return false;
}

/* Drops "." and empty components of an absolute path, in place: the policy language takes paths as the kernel would
 * print them. */
static void tidy_path(char *path)
{
	char *out = path;

	for (const char *at = path; *at;) {
		at += strspn(at, "/");
		size_t length = strcspn(at, "/");
		if (length == 0 || (length == 1 && at[0] == '.')) {
			at += length;
			continue;
		}
		*out++ = '/';
		memmove(out, at, length);
		out += length;
		at += length;
	}
	if (out == path)
		*out++ = '/';
	*out = 0;
}

/* Absolute form of a path. ".." is resolved by the kernel's rules (through links), so only for what exists. */
static char *absolute_path(const char *path)
{
	char directory[PATH_MAX];
	char *absolute;

	if (has_component(path, "..")) {
		absolute = realpath(path, NULL);
		if (!absolute)
			say("%s: %s", QUOTE(path), strerror(errno));
		return absolute;
	}
	if (path[0] == '/') {
		absolute = format_text("%s", path);
	} else {
		if (!getcwd(directory, sizeof(directory)) || directory[0] != '/') {
			say("%s is relative and the present directory has no name", QUOTE(path));
			return NULL;
		}
		absolute = format_text("%s/%s", directory, path);
	}
	tidy_path(absolute);
	return absolute;
}

char *value_bind(const char *key, const char *value)
{
	const char *colon = strchr(value, ':');
	char *source = format_text("%.*s", colon ? (int)(colon - value) : (int)strlen(value), value);

	if (!*source || (colon && colon[1] != '/')) {
		say("%s: not SRC or SRC:DST with an absolute DST", QUOTE(value));
		return NULL;
	}
	if (colon && strchr(colon + 1, ':')) {
		say("%s: a path with a colon cannot be given here", QUOTE(value));
		say_hint("one --bind a path; there are no mount options");
		return NULL;
	}
	source = absolute_path(source);
	if (!source)
		return NULL;
	if (strchr(source, ':')) {
		say("%s: a path with a colon cannot be given here", QUOTE(source));
		return NULL;
	}
	return format_text("%s=%s", key, policy_text(format_text("%s%s", source, colon ? colon : ""), true));
}

static bool is_variable_name(const char *text, size_t length)
{
	if (length == 0 || (text[0] >= '0' && text[0] <= '9'))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", text[i]))
			return false;
	return true;
}

char *value_environment(const char *value)
{
	const char *equals = strchr(value, '=');

	if (!is_variable_name(value, equals ? (size_t)(equals - value) : strlen(value))) {
		say("--env needs NAME or NAME=VALUE, not %s", QUOTE(value));
		return NULL;
	}
	if (!equals) {
		const char *present = getenv(value);
		if (!present) {
			say("--env %s: no such variable is set", value);
			say_hint("--env %s= sets it to nothing", value);
			return NULL;
		}
		value = format_text("%s=%s", value, present);
	}
	return format_text("Environment=%s", policy_text(value, true));
}

char *value_directory(const char *value)
{
	if (!*value) {
		say("--chdir needs a directory");
		return NULL;
	}
	char *path = absolute_path(value);
	return path ? format_text("WorkingDirectory=%s", policy_text(path, false)) : NULL;
}

char *value_timeout(const char *value)
{
	if (!*value || strpbrk(value, "\n\\\"")) {
		say("--timeout needs a time such as 10s or 1h 30min, not %s", QUOTE(value));
		return NULL;
	}
	return format_text("RuntimeMaxSec=%s", policy_text(value, false));
}
