/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One path of a policy as a plan takes it: "[-]SOURCE[:TARGET]" with its specifiers expanded. */
#ifndef CONFIG_PATH_WORD_H
#define CONFIG_PATH_WORD_H

#include "config/draft.h"

struct path_word {
	bool optional; /* a leading "-" */
	char *source;
	const char *target; /* the same where there is none; part of source's memory */
};

/* Reads a word; is_bind: it may have a target. Returns 0, or -1 with an error. path_word_free frees it. */
int path_word_read(struct draft *draft, const struct value_word *word, bool is_bind, struct path_word *ret_word);
void path_word_free(struct path_word *word);

/* Adds an error about a word, with its place. Returns -1. */
int path_word_error(struct draft *draft, const struct value_word *word, const char *what);

#endif
