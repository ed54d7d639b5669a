/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command that the helper carries out: its options are checked here, then sandboxctl becomes the helper. */
#ifndef CLI_CTL_VERB_H
#define CLI_CTL_VERB_H

#include "cli/common_options.h"

struct ctl_verb {
	const char *usage;             /* "list [options]" */
	const char *help;              /* a sentence or two */
	const char *verb, *second;     /* the helper's words */
	const struct option_row *rows; /* without --help, which every command has; at most CTL_ROWS_MAX */
	size_t count;
	const char *operand; /* how an argument is passed on: "" as it is, "--user" as that option; NULL: there is none */
	bool several;        /* any number of arguments, else one */
};

#define CTL_ROWS_MAX 16

/* Returns the exit status where it does not become the helper. */
int ctl_verb_run(const struct ctl_verb *verb, char **arguments);

#endif
