/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TTY=new, outside: the caller's terminal is raw while a relay copies between it and the sandbox's. All but terminal_begin do
 * nothing where it made no relay.
 */
#ifndef HELPER_OUTSIDE_TERMINAL_H
#define HELPER_OUTSIDE_TERMINAL_H

#include "config/plan.h"

/* Waits for the foreground, makes the terminal raw and starts the relay. Returns the sandbox's line to it, or -1 where the plan
 * wants none or no standard descriptor is a terminal. Ends the process when it fails. */
int terminal_begin(const struct plan *plan);

/* Around a stop of the caller's job. False: the job is not in the foreground again. */
void terminal_pause(void);
bool terminal_resume(void);

/* Lets the relay copy what is left, within a bound, and puts the terminal back as it was. */
void terminal_end(void);

#endif
