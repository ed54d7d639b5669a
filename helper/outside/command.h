/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `sandbox-helper run`: a command in a sandbox, from the request to its exit status. */
#ifndef HELPER_OUTSIDE_COMMAND_H
#define HELPER_OUTSIDE_COMMAND_H

#include "helper/outside/options.h"
#include "helper/outside/sanitise.h"

/* Returns the exit status of sandbox-run, or ends the process. */
int command_run(const struct options *options, const struct caller_state *caller, int proc, bool privileged);

#endif
