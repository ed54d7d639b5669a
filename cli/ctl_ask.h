/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A question to the helper whose answer sandboxctl reads itself. */
#ifndef CLI_CTL_ASK_H
#define CLI_CTL_ASK_H

#include <stddef.h>

/* Runs the helper with these words ([0] is set here); what it writes to both outputs goes to buffer, terminated, the rest
 * is dropped. Returns its exit status; -1 where it gave none in time. */
int helper_ask(char **words, char *buffer, size_t size);

#endif
