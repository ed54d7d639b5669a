/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The login program's view of a session's sandbox (M1) and the process that stands in it to be joined. */
#ifndef HELPER_INSIDE_SESSION_H
#define HELPER_INSIDE_SESSION_H

#include "helper/inside/enter.h"

/* In the future PID 1: forks the set-up process, which makes M1, sends a pidfd of itself to the supervisor, and waits to be
 * joined and then killed. Returns its pid in PID 1; ends the process when a step fails. */
pid_t session_offer(const struct inside *inside);

#endif
