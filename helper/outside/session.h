/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `sandbox-helper session`: a login's sandbox, asked for by the PAM module and supervised until the login is over. */
#ifndef HELPER_OUTSIDE_SESSION_H
#define HELPER_OUTSIDE_SESSION_H

#include "helper/outside/sanitise.h"

#include <stdbool.h>

/* Returns the exit status; the answer to the module goes over the socket. */
int session_run(int socket, const struct caller_state *caller, int proc, bool privileged);

#endif
