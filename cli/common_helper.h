/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper: the program that has the rights, reads the policy and builds sandboxes. */
#ifndef CLI_COMMON_HELPER_H
#define CLI_COMMON_HELPER_H

/* Where the installation puts it. */
#define HELPER_INSTALLED LIBEXECDIR "/sandbox-helper"

/*
 * Becomes the helper, with the environment as it is: a file "sandbox-helper" beside this program where there is one (a
 * build tree), else the installed one. Returns only where that failed, after saying why. arguments[0] is set here.
 */
void helper_become(char **arguments);

/* The path that helper_become would execute. */
const char *helper_path(void);

#endif
