/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A strict option parser driven by a table, from which the help text is made too. Long options are written whole
 * (--name VALUE, --name=VALUE), short ones may be joined (-qv, -pNAME); "--" ends the options; an option that does not
 * repeat may be given once.
 */
#ifndef CLI_COMMON_OPTIONS_H
#define CLI_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_row {
	char letter; /* 0: none */
	bool repeats;
	const char *name;
	const char *argument; /* its name in the help; NULL: takes none */
	const char *help;
};

#define OPTIONS_MAX 64

struct options {
	const struct option_row *rows;
	size_t count;    /* at most OPTIONS_MAX */
	bool interleave; /* options may follow arguments */
	char **next;     /* what is not yet read; after OPTIONS_END the first operand, NULL-terminated */
	/* private */
	const char *letters; /* rest of joined short options */
	uint64_t seen;
	bool ended;
};

enum {
	OPTIONS_END = -1,      /* no more */
	OPTIONS_ARGUMENT = -2, /* interleave only: *ret_value is an operand */
	OPTIONS_ERROR = -3,    /* what is wrong has been said, without a hint */
};

/* Reads the next option: returns its index in rows, or one of the above. *ret_value: its value, or NULL. */
int options_next(struct options *options, const char **ret_value);

/* Was this row among what has been read? */
static inline bool options_seen(const struct options *options, int row)
{
	return options->seen >> row & 1;
}

/* Writes the table for people to standard output: "  -p, --profile NAME   help". */
void options_print(const struct option_row *rows, size_t count);

#endif
