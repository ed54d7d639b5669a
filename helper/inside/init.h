/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PID 1 of a sandbox: starts the payload, reaps, forwards, and ends with it. */
#ifndef HELPER_INSIDE_INIT_H
#define HELPER_INSIDE_INIT_H

#include "helper/inside/enter.h"

/* Never returns. For a session there is no payload: it lives until the supervisor ends it. offered: the process a login
 * program joins, killed on MESSAGE_JOINED; 0 for a command. */
noreturn void init_main(const struct inside *inside, pid_t offered);

#endif
