/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of sandbox-run, turned into the helper's. */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct run_request {
	char **helper_arguments; /* [0] is left to helper_become; NULL-terminated */
	const char *status_file; /* NULL: none */
	int status_slot;         /* index in helper_arguments of the word that becomes --status-fd=N; 0: none */
};

enum run_verdict { RUN_GO, RUN_DONE, RUN_USAGE };

/*
 * Reads argv. RUN_GO fills *ret_request; RUN_DONE: help or version was printed; RUN_USAGE: what is wrong has been said.
 * Strings point into argv or live as long as the program.
 */
enum run_verdict run_options_read(int argc, char **argv, struct run_request *ret_request);

#endif
