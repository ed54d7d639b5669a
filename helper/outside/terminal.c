/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The supervisor only sets the terminal's modes: what is typed and shown goes through a process without any privilege
 * (helper/caller/relay.c). That one puts the modes back too, so that they are as they were whoever of both is killed.
 */
#include "helper/outside/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "helper/caller/relay.h"
#include "helper/die.h"
#include "helper/io.h"

enum { RELAY_TIMEOUT_MS = 3000 };

static int terminal = -1;
static struct termios modes;
static pid_t relay;
static int relay_pidfd = -1;

/* SIGTTOU is blocked, so this is never refused. */
static void set_modes(const struct termios *wanted)
{
	if (tcsetattr(terminal, TCSANOW, wanted) != 0 && errno != EIO) /* EIO: hung up, nobody is left to see it */
		say("TTY=new: set the terminal's modes: %s", strerrordesc_np(errno));
}

static void set_raw(void)
{
	struct termios raw = modes;

	cfmakeraw(&raw);
	set_modes(&raw);
}

static bool in_foreground(void)
{
	return tcgetpgrp(terminal) == getpgrp();
}

int terminal_begin(const struct plan *plan)
{
	int line[2];

	if (!(plan->flags & PLAN_NEW_TERMINAL) || (!isatty(0) && !isatty(1) && !isatty(2)))
		return -1;
	terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal < 0)
		die("TTY=new: a standard descriptor is a terminal of another session: redirect it, or set TTY=share");
	/* As a program that wants a terminal it has not: until the caller's shell gives it. */
	while (!in_foreground())
		if (raise(SIGSTOP) != 0)
			die_errno("stop");
	if (tcgetattr(terminal, &modes) != 0)
		die_errno("TTY=new: read the terminal's modes");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line) != 0)
		die_errno("TTY=new: make a socket");
	relay = fork();
	if (relay < 0)
		die_errno("TTY=new: start the relay");
	if (relay == 0)
		relay_main(terminal, line[0], &modes);
	relay_pidfd = (int)syscall(SYS_pidfd_open, relay, 0);
	if (relay_pidfd < 0)
		die_errno("TTY=new: watch the relay");
	close(line[0]);
	set_raw();
	return line[1];
}

void terminal_pause(void)
{
	if (relay <= 0)
		return;
	kill(relay, SIGSTOP);
	set_modes(&modes);
}

bool terminal_resume(void)
{
	if (relay <= 0)
		return true;
	if (!in_foreground())
		return false;
	set_raw();
	kill(relay, SIGCONT);
	return true;
}

void terminal_end(void)
{
	struct pollfd poller = {.fd = relay_pidfd, .events = POLLIN};

	if (relay <= 0)
		return;
	kill(relay, SIGCONT);
	if (poll(&poller, 1, RELAY_TIMEOUT_MS) != 1)
		kill(relay, SIGKILL);
	while (waitpid(relay, NULL, 0) < 0 && errno == EINTR)
		;
	relay = 0;
	set_modes(&modes);
}
