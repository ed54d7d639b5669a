/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Typed values. Every number goes through one checked reader; whatever is not exactly of the documented form
 * is refused, with an example of what would do. Units and names are those of systemd.syntax(7) and
 * systemd.time(7).
 */
#include "config/value.h"

#include "config/error.h"

#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What was read of a scalar. */
struct reader {
	const struct key *key;
	const char *at, *end;
	struct value *value;
};

/* --- numbers --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits, at least one, without leading zeros; false also where they are too many for 63 bits. */
static bool read_digits(struct reader *reader, int64_t *ret_number)
{
	const char *start = reader->at;
	int64_t number = 0;

	while (reader->at < reader->end && is_digit(*reader->at)) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, *reader->at - '0', &number))
			return false;
		reader->at++;
	}
	*ret_number = number;
	return reader->at > start && (*start != '0' || reader->at == start + 1);
}

/* After a "." up to nine digits, as billionths. Without a "." it is zero. */
static bool read_fraction(struct reader *reader, int64_t *ret_billionths)
{
	int64_t fraction = 0, unit = 1000000000;

	if (reader->at < reader->end && *reader->at == '.') {
		reader->at++;
		const char *start = reader->at;
		for (; reader->at < reader->end && is_digit(*reader->at); reader->at++) {
			unit /= 10;
			if (unit == 0)
				return false;
			fraction += (*reader->at - '0') * unit;
		}
		if (reader->at == start)
			return false;
	}
	*ret_billionths = fraction;
	return true;
}

/* (number + billionths / 10^9) * unit, false on overflow. */
static bool scale(int64_t number, int64_t billionths, int64_t unit, int64_t *ret_result)
{
	if (billionths == 0)
		return !__builtin_mul_overflow(number, unit, ret_result);
	__int128 result = (__int128)number * unit + (__int128)billionths * unit / 1000000000;

	*ret_result = (int64_t)result;
	return result <= INT64_MAX;
}

static bool at_end(const struct reader *reader)
{
	return reader->at == reader->end;
}

static bool accept(struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

static bool is_word(const struct reader *reader, const char *word)
{
	return (size_t)(reader->end - reader->at) == strlen(word) && memcmp(reader->at, word, strlen(word)) == 0;
}

/* A number of the row's words; nothing there leaves the bound as it is. */
static void read_bound(const char **at, int64_t *bound)
{
	bool negative = **at == '-';
	int64_t number = 0;

	*at += negative;
	if (!is_digit(**at))
		return;
	for (; is_digit(**at); ++*at)
		number = number * 10 + (**at - '0');
	*at += **at == ' ';
	*bound = negative ? -number : number;
}

static bool in_range(const struct key *key, int64_t number)
{
	int64_t minimum = 0, maximum = INT64_MAX;
	const char *at = key->words;

	if (!at)
		return number >= 0;
	read_bound(&at, &minimum);
	read_bound(&at, &maximum);
	return number >= minimum && number <= maximum;
}

static bool read_infinity(struct reader *reader)
{
	if (!is_word(reader, "infinity"))
		return false;
	reader->value->infinity = true;
	return true;
}

/* What follows digits and fraction: "%" and the end. Two decimals at most, as systemd's permyriads. */
static bool read_percent_end(struct reader *reader, int64_t number, int64_t billionths, int64_t maximum)
{
	if (!accept(reader, "%") || !at_end(reader) || billionths % 10000000 != 0)
		return false;
	reader->value->percent = true;
	return scale(number, billionths, 100, &reader->value->number) && reader->value->number <= maximum &&
	       in_range(reader->key, reader->value->number);
}

static bool read_percent(struct reader *reader)
{
	int64_t number, billionths;

	if (read_infinity(reader))
		return true;
	return read_digits(reader, &number) && read_fraction(reader, &billionths) &&
	       read_percent_end(reader, number, billionths, INT64_MAX);
}

static int64_t size_unit(char letter)
{
	switch (letter) {
	case 'K':
		return 1LL << 10;
	case 'M':
		return 1LL << 20;
	case 'G':
		return 1LL << 30;
	case 'T':
		return 1LL << 40;
	default:
		return 0;
	}
}

static bool read_bytes(struct reader *reader, int64_t number, int64_t billionths, int64_t *ret_bytes)
{
	int64_t unit = at_end(reader) ? 0 : size_unit(*reader->at);

	if (unit)
		reader->at++;
	if (!unit && billionths)
		return false;
	return scale(number, billionths, unit ? unit : 1, ret_bytes);
}

static bool read_size(struct reader *reader)
{
	int64_t number, billionths;

	if (read_infinity(reader))
		return true;
	if (!read_digits(reader, &number) || !read_fraction(reader, &billionths))
		return false;
	if (!at_end(reader) && *reader->at == '%')
		return read_percent_end(reader, number, billionths, 10000);
	return read_bytes(reader, number, billionths, &reader->value->number) && at_end(reader) &&
	       in_range(reader->key, reader->value->number);
}

static bool read_count(struct reader *reader)
{
	int64_t number, billionths;

	if (read_infinity(reader))
		return true;
	if (!read_digits(reader, &number) || !read_fraction(reader, &billionths))
		return false;
	if (!at_end(reader))
		return read_percent_end(reader, number, billionths, 10000);
	reader->value->number = number;
	return billionths == 0 && in_range(reader->key, number);
}

static bool read_integer(struct reader *reader)
{
	int64_t number;
	bool negative = accept(reader, "-");

	if (!read_digits(reader, &number) || !at_end(reader) || (negative && number == 0))
		return false;
	reader->value->number = negative ? -number : number;
	return in_range(reader->key, reader->value->number);
}

static bool read_mode(struct reader *reader)
{
	const char *start = reader->at;
	int64_t mode = 0;

	for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '7'; reader->at++)
		mode = mode < 01000 ? mode * 8 + (*reader->at - '0') : mode;
	reader->value->number = mode;
	return at_end(reader) && reader->at > start && reader->at - start <= 4 && mode <= 0777;
}

/* --- times --- */

/* systemd.time(7), without the letter M for months: who writes it means minutes. */
static const struct time_unit {
	const char *name;
	int64_t microseconds;
} time_units[] = {
        {"",          1000000       },
        {"s",         1000000       },
        {"sec",       1000000       },
        {"second",    1000000       },
        {"seconds",   1000000       },
        {"ms",        1000          },
        {"msec",      1000          },
        {"us",        1             },
        {"usec",      1             },
        {"\xc2\xb5s", 1             },
        {"\xce\xbcs", 1             },
        {"m",         60000000      },
        {"min",       60000000      },
        {"minute",    60000000      },
        {"minutes",   60000000      },
        {"h",         3600000000    },
        {"hr",        3600000000    },
        {"hour",      3600000000    },
        {"hours",     3600000000    },
        {"d",         86400000000   },
        {"day",       86400000000   },
        {"days",      86400000000   },
        {"w",         604800000000  },
        {"week",      604800000000  },
        {"weeks",     604800000000  },
        {"month",     2629800000000 },
        {"months",    2629800000000 },
        {"y",         31557600000000},
        {"year",      31557600000000},
        {"years",     31557600000000},
};

static int64_t read_time_unit(struct reader *reader)
{
	const char *start = reader->at;

	while (reader->at < reader->end && !is_digit(*reader->at) && !strchr(" \t.-", *reader->at))
		reader->at++;
	size_t length = (size_t)(reader->at - start);
	for (size_t i = 0; i < sizeof(time_units) / sizeof(time_units[0]); i++)
		if (strlen(time_units[i].name) == length && memcmp(time_units[i].name, start, length) == 0)
			return time_units[i].microseconds;
	return 0;
}

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
		reader->at++;
}

static bool read_span_part(struct reader *reader, int64_t *total)
{
	int64_t number, billionths, part;

	if (!read_digits(reader, &number) || !read_fraction(reader, &billionths))
		return false;
	skip_blanks(reader);
	int64_t unit = read_time_unit(reader);
	skip_blanks(reader);
	return unit && scale(number, billionths, unit, &part) && !__builtin_add_overflow(*total, part, total);
}

static bool read_span(struct reader *reader, int64_t *ret_microseconds)
{
	int64_t total = 0;

	do {
		if (!read_span_part(reader, &total))
			return false;
	} while (!at_end(reader));
	*ret_microseconds = total;
	return true;
}

static bool read_time(struct reader *reader)
{
	int64_t span;

	if (read_infinity(reader))
		return true;
	bool negative = accept(reader, "-");
	if (!read_span(reader, &span))
		return false;
	reader->value->number = negative ? -span : span;
	return in_range(reader->key, reader->value->number);
}

/* --- limits --- */

/* Of a time: in the limit's own unit, rounded up, so that a limit never becomes zero (no such time at all).
 */
static bool read_limit_time(struct reader *reader, int64_t unit, int64_t *ret_number)
{
	int64_t span;
	const char *at = reader->at;

	/* A bare number is in the limit's own unit already (systemd.exec(5)). */
	if (read_digits(reader, ret_number) && at_end(reader))
		return true;
	reader->at = at;
	if (!read_span(reader, &span))
		return false;
	*ret_number = span / unit + (span % unit != 0);
	return true;
}

/* With a sign it is a nice value, without one the kernel's own scale (systemd.exec(5)). */
static bool read_limit_nice(struct reader *reader, int64_t *ret_number)
{
	bool plus = accept(reader, "+"), minus = !plus && accept(reader, "-");

	if (!read_digits(reader, ret_number))
		return false;
	if (!plus && !minus)
		return *ret_number <= 40;
	if (*ret_number > (plus ? 19 : 20))
		return false;
	*ret_number = plus ? 20 - *ret_number : 20 + *ret_number;
	return true;
}

static bool read_one_limit(struct reader *reader, int64_t *ret_number, bool *ret_infinity)
{
	char unit = reader->key->words[0];
	int64_t number, billionths;

	*ret_infinity = is_word(reader, "infinity");
	if (*ret_infinity)
		return true;
	switch (unit) {
	case 's':
		return read_limit_time(reader, 1000000, ret_number) && at_end(reader);
	case 'm':
		return read_limit_time(reader, 1, ret_number) && at_end(reader);
	case 'n':
		return read_limit_nice(reader, ret_number) && at_end(reader);
	case 'b':
		return read_digits(reader, &number) && read_fraction(reader, &billionths) &&
		       read_bytes(reader, number, billionths, ret_number) && at_end(reader);
	default:
		return read_digits(reader, ret_number) && at_end(reader);
	}
}

static bool read_limit(struct reader *reader)
{
	const char *end = reader->end, *colon = memchr(reader->at, ':', (size_t)(end - reader->at));
	struct value *value = reader->value;

	reader->end = colon ? colon : end;
	if (!read_one_limit(reader, &value->number, &value->infinity))
		return false;
	value->hard = value->number;
	value->hard_infinity = value->infinity;
	if (!colon)
		return true;
	value->hard = 0;
	reader->at = colon + 1;
	reader->end = end;
	if (!read_one_limit(reader, &value->hard, &value->hard_infinity))
		return false;
	return value->hard_infinity || (!value->infinity && value->number <= value->hard);
}

/* --- words --- */

static int read_truth(const struct reader *reader)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1", "n", "y", "f", "t"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_word(reader, words[i]))
			return (int)(i % 2);
	return -1;
}

static bool read_boolean(struct reader *reader)
{
	int truth = read_truth(reader);

	reader->value->number = truth;
	return truth >= 0;
}

static int64_t find_word(const struct key *key, const char *text, size_t length)
{
	char word[32];

	for (size_t i = 0; key_word(key, i, word, sizeof(word)); i++)
		if (strlen(word) == length && memcmp(word, text, length) == 0)
			return (int64_t)i;
	return -1;
}

/* Where yes and no are among the words, the other spellings of a boolean are too. */
static bool read_word(struct reader *reader)
{
	int truth;

	reader->value->number = find_word(reader->key, reader->at, (size_t)(reader->end - reader->at));
	if (reader->value->number < 0 && (truth = read_truth(reader)) >= 0)
		reader->value->number = truth ? find_word(reader->key, "yes", 3) : find_word(reader->key, "no", 2);
	return reader->value->number >= 0;
}

static bool read_signal(struct reader *reader)
{
	int64_t number = 0;

	if (!at_end(reader) && is_digit(*reader->at)) {
		reader->value->number = 0;
		if (!read_digits(reader, &number) || !at_end(reader))
			return false;
		reader->value->number = number;
		return number >= 1 && number < NSIG;
	}
	accept(reader, "SIG");
	if (accept(reader, "RTMIN+")) {
		if (!read_digits(reader, &number) || !at_end(reader) || number > 30)
			return false;
		reader->value->number = SIGRTMIN + number;
		return reader->value->number < NSIG;
	}
	for (int i = 1; i < 32; i++) {
		const char *name = sigabbrev_np(i);
		if (name && is_word(reader, name)) {
			reader->value->number = i;
			return true;
		}
	}
	return false;
}

static bool read_errno(struct reader *reader)
{
	enum { ERRNO_MAX = 4095 };

	if (is_word(reader, "kill")) {
		reader->value->number = 0;
		return true;
	}
	if (!at_end(reader) && is_digit(*reader->at))
		return read_digits(reader, &reader->value->number) && at_end(reader) && reader->value->number >= 1 &&
		       reader->value->number <= ERRNO_MAX;
	for (int i = 1; i < 256; i++) {
		const char *name = strerrorname_np(i);
		if (name && is_word(reader, name)) {
			reader->value->number = i;
			return true;
		}
	}
	return false;
}

static const struct {
	const char *name;
	int64_t flag;
} namespaces[] = {
        {"cgroup", CLONE_NEWCGROUP},
        {"ipc",    CLONE_NEWIPC   },
        {"mnt",    CLONE_NEWNS    },
        {"net",    CLONE_NEWNET   },
        {"pid",    CLONE_NEWPID   },
        {"time",   CLONE_NEWTIME  },
        {"user",   CLONE_NEWUSER  },
        {"uts",    CLONE_NEWUTS   },
};

/* systemd.exec(5): a truth, the kinds that are allowed, or after "~" those that are refused. */
static bool read_namespaces(struct reader *reader)
{
	int64_t all = 0, named = 0;
	int truth = read_truth(reader);

	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		all |= namespaces[i].flag;
	if (truth >= 0) {
		reader->value->number = truth ? all : 0;
		return true;
	}
	bool refused = accept(reader, "~");
	for (skip_blanks(reader); !at_end(reader); skip_blanks(reader)) {
		const char *start = reader->at;
		while (!at_end(reader) && *reader->at != ' ' && *reader->at != '\t')
			reader->at++;
		size_t length = (size_t)(reader->at - start), i = 0, count = sizeof(namespaces) / sizeof(namespaces[0]);
		while (i < count &&
		       (strlen(namespaces[i].name) != length || memcmp(namespaces[i].name, start, length) != 0))
			i++;
		if (i == count)
			return false;
		named |= namespaces[i].flag;
	}
	reader->value->number = refused ? named : all & ~named;
	return named != 0;
}

/* --- paths and strings --- */

bool value_specifiers_known(const char *text, size_t length, const char **ret_at)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '%')
			continue;
		*ret_at = text + i;
		if (i + 1 >= length || !strchr("uUgGhs%", text[i + 1]) || text[i + 1] == '\0')
			return false;
		i++;
	}
	return true;
}

/* Absolute once expanded (%h and %s are absolute), and without "." or "..": what is written is where it
 * points. */
static const char *check_path(const char *text, size_t length)
{
	const char *at;

	if (length == 0 || (*text != '/' && !(length >= 2 && *text == '%' && (text[1] == 'h' || text[1] == 's'))))
		return "an absolute path";
	if (!value_specifiers_known(text, length, &at))
		return "a path with a known specifier after each %";
	for (size_t i = 0, part = 0; i <= length; i++) {
		if (i < length && text[i] != '/')
			continue;
		size_t size = i - part;
		if ((size == 1 && text[part] == '.') || (size == 2 && memcmp(text + part, "..", 2) == 0))
			return "a path without . or ..";
		part = i + 1;
	}
	return memchr(text, '\n', length) ? "a path without line ends" : NULL;
}

static const char *check_list_path(const struct key *key, const char *text, size_t length)
{
	bool optional = length > 0 && *text == '-';

	text += optional;
	length -= optional;
	if (key->type == TYPE_PATHS) {
		if (key == key_row(KEY_TemporaryFileSystem) && (optional || memchr(text, ':', length)))
			return "an absolute path alone (TmpSize= and TmpInodes= limit it)";
		return check_path(text, length);
	}
	const char *colon = memchr(text, ':', length);
	size_t source = colon ? (size_t)(colon - text) : length;
	const char *expected = check_path(text, source);
	if (expected || !colon)
		return expected;
	if (memchr(colon + 1, ':', length - source - 1))
		return "SOURCE or SOURCE:TARGET";
	return check_path(colon + 1, length - source - 1);
}

static bool read_path(struct reader *reader)
{
	size_t length = (size_t)(reader->end - reader->at);

	if (reader->key->words && strcmp(reader->key->words, "~") == 0 && is_word(reader, "~"))
		return true;
	return check_path(reader->at, length) == NULL;
}

static bool read_word_or_path(struct reader *reader)
{
	if (read_word(reader))
		return true;
	return check_path(reader->at, (size_t)(reader->end - reader->at)) == NULL;
}

/* hostname(7), and specifiers. */
static bool is_hostname(const char *text, size_t length)
{
	if (length == 0 || length > 64 || *text == '-' || *text == '.')
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !is_digit(c) && c != '-' && c != '.' && c != '%')
			return false;
	}
	return true;
}

/* A relative path below the hierarchy's root would be a path in the hands of whoever made its parents. */
static bool is_cgroup(const char *text, size_t length)
{
	return check_path(text, length) == NULL && *text == '/' && length > 1;
}

/* Without blanks neither can be taken for the other's commands (helper/inside/label.c); a "-", which in systemd.exec(5) lets
 * the label be missed, and specifiers there are none. */
static bool is_label(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] == '%' || text[i] == 0x7f)
			return false;
	return length > 0 && length <= 256 && *text != '-';
}

static bool is_selinux_context(const char *text, size_t length)
{
	const char *end = text + length, *role = memchr(text, ':', length);
	const char *type = role ? memchr(role + 1, ':', (size_t)(end - role - 1)) : NULL;

	return is_label(text, length) && type && role > text && type > role + 1 && end > type + 1;
}

static bool read_string(struct reader *reader)
{
	const char *text = reader->at, *check = reader->key->words ? reader->key->words : "", *at;
	size_t length = (size_t)(reader->end - text);

	if (length == 0 || !value_specifiers_known(text, length, &at))
		return false;
	if (strcmp(check, "hostname") == 0)
		return is_hostname(text, length);
	if (strcmp(check, "apparmor") == 0)
		return is_label(text, length);
	if (strcmp(check, "selinux") == 0)
		return is_selinux_context(text, length);
	return strcmp(check, "cgroup") != 0 || is_cgroup(text, length);
}

static bool read_name(struct reader *reader)
{
	return value_is_name(reader->at, (size_t)(reader->end - reader->at));
}

/* --- the types --- */

static const struct type {
	bool (*read)(struct reader *reader);
	bool blanks; /* may hold blanks without quotes */
	bool text;   /* the bytes are the value */
	const char *what;
	const char *hint;
} types[] = {
        [TYPE_BOOLEAN] = {read_boolean,      false, false, "yes or no",                                         NULL                                                      },
        [TYPE_WORD] = {read_word,         false, false, NULL,                                                NULL                                                      },
        [TYPE_WORD_OR_PATH] = {read_word_or_path, false, true,  NULL,                                                NULL                                                      },
        [TYPE_SIZE] = {read_size,         false, false, "a size in range",                                   "sizes are like 512M, 1.5G, 50% or infinity"              },
        [TYPE_COUNT] = {read_count,        false, false, "a number in range",                                 "numbers are like 256, 50% or infinity"                   },
        [TYPE_TIME] = {read_time,         true,  false, "a time in range",
                          "times are like 30s, 10min or \"1h 30min\"; M alone could be minutes or months"                                                                 },
        [TYPE_PERCENT] = {read_percent,      false, false, "a percentage in range",                             "100% is one processor"                                   },
        [TYPE_INTEGER] = {read_integer,      false, false, "a whole number in range",                           NULL                                                      },
        [TYPE_MODE] = {read_mode,         false, false, "an octal mode up to 0777",                          NULL                                                      },
        [TYPE_SIGNAL] = {read_signal,       false, false, "a signal",                                          "signals are like SIGTERM, TERM or 15"                    },
        [TYPE_LIMIT] = {read_limit,        true,  false, "a limit",                                           "limits are VALUE or SOFT:HARD, each a number or infinity"},
        [TYPE_ERRNO] = {read_errno,        false, false, "an error of errno(3)",
                          "errors are like EPERM or 1; kill ends the process"                                                                                             },
        [TYPE_NAMESPACES] =
                {read_namespaces,   true,  false, "yes, no or a list of namespaces",
                          "namespaces are cgroup ipc mnt net pid time user uts; ~ before the list: those are refused"                                                     },
        [TYPE_STRING] = {read_string,       true,  true,  "a text that is possible here",                      "a % is written %%"                                       },
        [TYPE_PATH] = {read_path,         false, true,  "an absolute path without . or ..",                  NULL                                                      },
        [TYPE_NAME] = {read_name,         false, true,  "a name of letters, digits, \"_\", \".\" and \"-\"", NULL                                                      },
};

/* "one of no, yes, full, strict" */
static const char *word_choices(const struct key *key, char *buffer, size_t size)
{
	char word[32];
	size_t used = (size_t)snprintf(buffer, size, "one of ");

	for (size_t i = 0; key_word(key, i, word, sizeof(word)) && used < size; i++)
		used += (size_t)snprintf(buffer + used, size - used, "%s%s", i ? ", " : "", word);
	if (key->type == TYPE_WORD_OR_PATH && used < size)
		snprintf(buffer + used, size - used, " or an absolute path");
	return buffer;
}

static int not_expected(const struct key *key, const char *text, size_t length, const char *at, const char *expected,
                        const char *hint, struct text_problem *problem)
{
	char quoted[128];

	return text_problem_set(problem, at, hint, "%s: \"%s\" is not %s", key->name,
	                        quote_bytes(quoted, sizeof(quoted), text, length), expected);
}

/* What a text must be where not any will do; NULL: any, or said elsewhere. */
static const char *text_form(const struct key *key)
{
	if (key == key_row(KEY_SELinuxContext))
		return "a context, USER:ROLE:TYPE or USER:ROLE:TYPE:LEVEL";
	return key == key_row(KEY_AppArmorProfile) ? "the name of a profile" : NULL;
}

/* Apart from the common case because of the buffer. */
static __attribute__((noinline)) int wrong_scalar(const struct key *key, const char *text, size_t length,
                                                  const char *at, struct text_problem *problem)
{
	const struct type *type = &types[key->type];
	char choices[200];
	const char *form = text_form(key);
	const char *expected = type->what ? type->what : word_choices(key, choices, sizeof(choices));

	return not_expected(key, text, length, at, form ? form : expected, form ? NULL : type->hint, problem);
}

/* at: where the scalar stands in the source; the bytes may be a copy. */
static int read_scalar(const struct key *key, const char *text, size_t length, const char *at, struct value *value,
                       struct text_problem *problem)
{
	const struct type *type = &types[key->type];
	struct reader reader = {.key = key, .at = text, .end = text + length, .value = value};

	return type->read(&reader) ? 0 : wrong_scalar(key, text, length, at, problem);
}

static int check_plain(const struct key *key, const char *text, size_t length, struct text_problem *problem)
{
	bool blanks = types[key->type].blanks;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if (!blanks && (c == ' ' || c == '\t'))
			return text_problem_set(problem, text + i,
			                        types[key->type].text ? "quote it if the blank belongs to it" : NULL,
			                        "%s: only one value is possible", key->name);
		if (c < ' ' && c != '\t' && c != '\n' && c != '\r')
			return text_problem_set(problem, text + i, NULL, "%s: a control character (byte 0x%02x)",
			                        key->name, c);
		if (c == 0x7f || (c == '\r' && !(i + 1 < length && text[i + 1] == '\n')))
			return text_problem_set(problem, text + i, NULL, "%s: a control character (byte 0x%02x)",
			                        key->name, c);
	}
	return 0;
}

typedef int (*scalar_user)(const struct key *key, const char *text, size_t length, const char *at, void *data,
                           struct text_problem *problem);

/* A scalar that is quoted or goes over several lines is first copied. Apart from the common case because of
 * the buffer. */
static __attribute__((noinline)) int use_copied(const struct key *key, const char *text, size_t length, bool any_bytes,
                                                scalar_user use, void *data, struct text_problem *problem)
{
	const char *cursor = text, *end = text + length;
	struct text_word word;
	char buffer[TEXT_WORD_MAX + 1];
	size_t used = 0;

	if (*text == '"' || *text == '\'') {
		if (text_next_word(&cursor, end, any_bytes, &word, problem) < 0)
			return -1;
		text_skip_blanks(&cursor, end);
		if (cursor != end)
			return text_problem_set(problem, cursor, NULL, "%s: only one value is possible", key->name);
		return use(key, buffer, text_unquote(&word, buffer), text, data, problem);
	}
	while (cursor < end) {
		const char *before = cursor;
		text_skip_blanks(&cursor, end);
		/* "\" at the end joins lines with one blank; blanks inside a line stay as they are. */
		bool joined = memchr(before, '\n', (size_t)(cursor - before)) != NULL;
		size_t blanks = joined ? 1 : (size_t)(cursor - before);
		const char *piece = joined ? " " : before, *start = cursor;
		while (cursor < end && *cursor != ' ' && *cursor != '\t' && *cursor != '\\')
			cursor++;
		cursor += cursor == start && cursor < end; /* a backslash that joins nothing */
		size_t letters = (size_t)(cursor - start);
		if (used + blanks + letters > TEXT_WORD_MAX)
			return text_problem_set(problem, text, NULL, "%s: longer than 4 KiB", key->name);
		memcpy(buffer + used, piece, blanks);
		memcpy(buffer + used + blanks, start, letters);
		used += blanks + letters;
	}
	if (check_plain(key, buffer, used, problem) != 0) {
		problem->at = text;
		return -1;
	}
	return use(key, buffer, used, text, data, problem);
}

static int use_scalar(enum key_id id, const char *text, size_t length, bool any_bytes, scalar_user use, void *data,
                      struct text_problem *problem)
{
	const struct key *key = key_row(id);

	if (length == 0)
		return text_problem_set(problem, text, NULL, "%s: a value is missing", key->name);
	if (*text == '"' || *text == '\'' || memchr(text, '\n', length))
		return use_copied(key, text, length, any_bytes, use, data, problem);
	if (check_plain(key, text, length, problem) != 0)
		return -1;
	if (length > TEXT_WORD_MAX)
		return text_problem_set(problem, text, NULL, "%s: longer than 4 KiB", key->name);
	return use(key, text, length, text, data, problem);
}

static int check_scalar(const struct key *key, const char *text, size_t length, const char *at, void *data,
                        struct text_problem *problem)
{
	struct value *value = data;

	return read_scalar(key, text, length, at, value, problem);
}

struct store {
	const struct value_origin *origin;
	struct arena *arena;
	struct value *value;
};

static int store_scalar(const struct key *key, const char *text, size_t length, const char *at, void *data,
                        struct text_problem *problem)
{
	struct store *store = data;
	struct value value = {.is_set = true, .file = store->origin->file, .line = store->origin->line};

	if (read_scalar(key, text, length, at, &value, problem) != 0)
		return -1;
	value.raw = arena_copy(store->arena, text, length);
	if (!value.raw)
		return text_problem_set(problem, at, NULL, "out of memory");
	bool is_word = key->type == TYPE_WORD_OR_PATH && value.number >= 0;
	value.text = types[key->type].text && !is_word ? value.raw : NULL;
	*store->value = value;
	return 0;
}

/* --- lists --- */

static const char *check_word(const struct key *key, const char *text, size_t length, size_t index)
{
	if (key->type == TYPE_PATHS || key->type == TYPE_BINDS)
		return check_list_path(key, text, length);
	return value_word_check(key, text, length, index);
}

static __attribute__((noinline)) int check_escaped_word(const struct key *key, const struct text_word *word,
                                                        size_t index, struct text_problem *problem)
{
	char buffer[TEXT_WORD_MAX];
	size_t length = text_unquote(word, buffer);
	const char *expected = check_word(key, buffer, length, index);

	return expected ? not_expected(key, buffer, length, word->start, expected, NULL, problem) : 0;
}

static int check_list(enum key_id id, const char *text, size_t length, bool any_bytes, size_t *ret_count,
                      struct text_problem *problem)
{
	const struct key *key = key_row(id);
	const char *cursor = text, *end = text + length, *expected;
	bool inverts = value_words_invert(key), inverted = false, alone = false;
	struct text_word word;
	size_t count = 0;
	int result;

	while ((result = text_next_word(&cursor, end, any_bytes, &word, problem)) == 1) {
		if (word.escaped)
			result = check_escaped_word(key, &word, count, problem);
		else if ((expected = check_word(key, word.start, word.length, count)))
			result = not_expected(key, word.start, word.length, word.start, expected, NULL, problem);
		else
			result = 0;
		if (result != 0)
			return -1;
		bool tilde = word.length > 0 && *word.start == '~';
		if (inverts && inverted && !tilde)
			return text_problem_set(problem, word.start, "write ~ before each word that is refused",
			                        "%s: ~ stands before the first word but not before this", key->name);
		if (alone)
			return text_problem_set(problem, word.start, NULL, "%s: none stands alone", key->name);
		inverted |= inverts && tilde && count == 0;
		alone = id == KEY_RestrictAddressFamilies && word.length == 4 && memcmp(word.start, "none", 4) == 0;
		count++;
	}
	*ret_count = count;
	return result;
}

/* The words were checked before: what remains can only fail for memory. */
static int store_list(const char *text, size_t length, size_t count, const struct store *store)
{
	const char *cursor = text, *end = text + length;
	struct value *value = store->value;
	struct text_problem unused;
	struct text_word word;
	size_t old = count && value->is_set ? value->word_count : 0; /* a fallback's words give way */
	struct value_word *words = arena_get(store->arena, (old + count) * sizeof(*words));

	if (!words)
		return -1;
	if (old)
		memcpy(words, value->words, old * sizeof(*words));
	for (size_t i = old; i < old + count; i++) {
		if (text_next_word(&cursor, end, true, &word, &unused) != 1)
			return -1;
		char *copy = arena_copy(store->arena, word.start, word.length);
		if (!copy)
			return -1;
		copy[text_unquote(&word, copy)] = '\0';
		words[i] = (struct value_word){copy, store->origin->file, store->origin->line, store->origin->trusted};
	}
	value->is_set = true;
	value->words = words;
	value->word_count = old + count;
	value->file = store->origin->file;
	value->line = store->origin->line;
	return 0;
}

/* --- entry --- */

int value_check(enum key_id id, const char *text, size_t length, bool any_bytes, struct text_problem *problem)
{
	if (key_is_list(key_row(id))) {
		size_t count;
		return check_list(id, text, length, any_bytes, &count, problem);
	}
	struct value value = {0};
	return use_scalar(id, text, length, any_bytes, check_scalar, &value, problem);
}

int value_read(enum key_id id, const char *text, size_t length, const struct value_origin *origin, struct arena *arena,
               struct value *value, struct text_problem *problem)
{
	struct store store = {.origin = origin, .arena = arena, .value = value};
	size_t count;

	if (!key_is_list(key_row(id)))
		return use_scalar(id, text, length, origin->any_bytes, store_scalar, &store, problem);
	if (check_list(id, text, length, origin->any_bytes, &count, problem) != 0)
		return -1;
	if (store_list(text, length, count, &store) != 0)
		return text_problem_set(problem, text, NULL, "out of memory");
	return 0;
}

int value_fallback(enum key_id id, struct arena *arena, struct value *ret_value)
{
	static const struct value_origin origin = {.trusted = true};
	const char *text = key_row(id)->fallback;
	struct text_problem problem;

	*ret_value = (struct value){0};
	if (!text)
		return 0;
	if (*text && value_read(id, text, strlen(text), &origin, arena, ret_value, &problem) != 0)
		return -1;
	ret_value->is_set = false;
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool value_equal(const struct key *key, const struct value *a, const struct value *b)
{
	if (key_is_list(key)) {
		if (a->word_count != b->word_count)
			return false;
		for (size_t i = 0; i < a->word_count; i++)
			if (strcmp(a->words[i].text, b->words[i].text) != 0)
				return false;
		return true;
	}
	return a->infinity == b->infinity && a->hard_infinity == b->hard_infinity && a->percent == b->percent &&
	       a->number == b->number && a->hard == b->hard && same_text(a->text, b->text);
}
