/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies between the caller's terminal and the sandbox's (TTY=new). Runs as the caller. */
#ifndef HELPER_CALLER_RELAY_H
#define HELPER_CALLER_RELAY_H

#include <stdnoreturn.h>
#include <termios.h>

/* Gives up all privilege, takes the master from behind a socket, and copies until either side is gone. Then the terminal gets these
 * modes, which the new one has from the beginning. Never returns. */
noreturn void relay_main(int terminal, int socket, const struct termios *modes);

#endif
