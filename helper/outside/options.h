/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The helper's own command line: strict long options, no abbreviations, from bytes nobody trusts. Pure: it opens and prints
 * nothing.
 */
#ifndef HELPER_OUTSIDE_OPTIONS_H
#define HELPER_OUTSIDE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum verb {
	VERB_RUN,
	VERB_SESSION,
	VERB_POLICY_CHECK,
	VERB_POLICY_SHOW,
	VERB_POLICY_EXPLAIN,
	VERB_POLICY_WHY,
	VERB_LIST,
	VERB_GC,
	VERB_FEATURES
};

struct options {
	enum verb verb;
	const char *profile, *policy, *name, *user, *service, *file;
	const char **sets; /* --set, in order; the caller's to free, after a refusal too */
	size_t set_count;
	bool rootless, dry_run, json, quiet, verbose, origins, stale;
	int status_fd;              /* -1: none */
	const char *const *command; /* after "--", or what `policy why` is asked; NULL-terminated */
	size_t command_count;
};

/* Returns 0, or -1 with a line in why (size bytes). */
int options_parse(int argc, char **argv, struct options *ret_options, char *why, size_t size);

#endif
