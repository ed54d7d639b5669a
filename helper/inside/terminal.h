/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TTY=new: a terminal of the sandbox's own devpts. Both functions end the process when they fail. */
#ifndef HELPER_INSIDE_TERMINAL_H
#define HELPER_INSIDE_TERMINAL_H

/* Makes one, gives its master to the relay behind a socket, and waits until that has made it like the caller's. Closes the socket.
 * Returns the other side. */
int terminal_make(int relay);

/* In the payload: a session of its own, with this terminal, wherever a terminal was before. -1: without any. */
void terminal_take(int terminal);

#endif
