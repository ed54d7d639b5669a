/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The status stream: JSON lines into a pipe or socket of the caller. Never blocks and never fails the run: a reader that
 * stops reading loses lines.
 */
#ifndef HELPER_OUTSIDE_STATUS_H
#define HELPER_OUTSIDE_STATUS_H

#include "config/plan.h"

#include <sys/types.h>

/* fd -1: no stream, every call does nothing. Ends the process where fd is neither a pipe nor a socket (a file opened by the
 * caller could be anything; privileged writes go into none). */
void status_open(int fd);

void status_start(const char *id, const struct plan *plan, pid_t pid, int proc);
void status_warning(const char *text);
void status_error(const char *text, int error);
void status_exit(const char *reason, int exit_status, int code, int signal_number);

#endif
