/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --status FILE: the one case in which sandbox-run stays, as the helper's parent. */
#ifndef CLI_RUN_STATUS_H
#define CLI_RUN_STATUS_H

#include "cli/run_options.h"

/* Runs the helper with a pipe for its events, which are copied to the file; passes signals on, stops and continues with
 * it, and returns the exit status: the helper's, or 128+N where a signal ended it. */
int status_run(const struct run_request *request);

#endif
