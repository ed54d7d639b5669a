/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a step of the module ended. Who finds a failure logs it, once; pam_sandbox.c alone turns it into a PAM
 * code. */
#ifndef PAM_MODULE_OUTCOME_H
#define PAM_MODULE_OUTCOME_H

#include <stddef.h>

enum outcome {
	OUTCOME_OK,
	OUTCOME_NOT_COVERED, /* exempt, or no policy names the person; never a failure */
	OUTCOME_UNKNOWN_PERSON,
	OUTCOME_REFUSED, /* by policy, limit, threads or nesting */
	OUTCOME_BROKEN,  /* helper, kernel, policy, memory */
	OUTCOME_BAD_ARGUMENT,
};

enum { QUOTED_SIZE = 256 };

/* Foreign bytes for one line of a log: control, non-ASCII and backslash as \xNN, cut where they are long.
 * NULL reads as
 * "(none)". Returns buffer. */
const char *quoted(const char *text, char buffer[QUOTED_SIZE]);

#endif
