/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lifetime=detached: what the caller started ends once the command runs, and the supervisor is somebody else. */
#ifndef HELPER_OUTSIDE_DETACH_H
#define HELPER_OUTSIDE_DETACH_H

/* Returns in a child with a session of its own, which has to be told by detach_started. The caller's process waits for that
 * and ends with 0, or with the child's status where it ends before. Ends the process when it fails. */
void detach(void);

/* The command runs. Nothing where detach was not called. */
void detach_started(void);

#endif
