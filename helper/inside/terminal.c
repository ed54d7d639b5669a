/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other side is opened by the master and not by a name (TIOCGPTPEER, ioctl_tty(2)), which a policy could have covered. */
#include "helper/inside/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"
#include "protocol/message.h"

int terminal_make(int relay)
{
	CLEANUP_FD master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct message message = {.kind = MESSAGE_TERMINAL, .descriptor_count = 1, .descriptors = {master}};
	char nothing[1];
	int unlocked = 0;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) != 0)
		die_errno("TTY=new: make a terminal");
	int terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal < 0)
		die_errno("TTY=new: open the terminal");
	if (message_send(relay, &message) != 0 || message_receive(relay, &message, nothing, sizeof(nothing), 0) != 1 ||
	    message.kind != MESSAGE_TERMINAL)
		die("TTY=new: the relay to the caller's terminal is gone");
	close(relay);
	return terminal;
}

void terminal_take(int terminal)
{
	if (setsid() < 0)
		die_errno("TTY=new: make a session");
	if (terminal >= 0 && ioctl(terminal, TIOCSCTTY, 0) != 0)
		die_errno("TTY=new: take the terminal");
	for (int fd = 0; fd <= 2; fd++)
		if (isatty(fd) && (terminal < 0 || dup2(terminal, fd) < 0))
			die("TTY=new: descriptor %d is a terminal that cannot be replaced", fd);
}
