/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PID 1 of the sandbox. It has no capability and no_new_privs like the payload, is not dumpable, and holds nothing of the
 * host but the control socket and the terminal. When it ends, the kernel ends everything inside (pid_namespaces(7)).
 */
#include "helper/inside/init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/inside/payload.h"
#include "helper/inside/terminal.h"
#include "helper/io.h"
#include "helper/own_filter.h"
#include "helper/privs.h"
#include "protocol/message.h"

struct init {
	const struct inside *inside;
	pid_t payload; /* its process group has the same number */
	pid_t offered; /* a session's set-up process, until a login has joined by it; 0: none */
	int children;  /* signalfd for SIGCHLD */
	int timer;     /* the time limit, a second time: the supervisor may be stopped from outside */
	int terminal;  /* the caller's; -1: none, or none of the payload's business */
	int own_terminal; /* the payload's, -1: it shares the caller's. Kept to the end: a payload that closes it early (as cat(1)
	                   * does) would be hung up on before it has ended */
};

static void tell(const struct init *init, enum message_kind kind, int32_t value)
{
	if (message_send_value(init->inside->control, kind, value) != 0)
		_exit(EXIT_REFUSED); /* no supervisor: nothing may go on */
}

static void arm_timer(const struct init *init)
{
	const struct plan *plan = init->inside->plan;
	const uint64_t grace = 2000000; /* the supervisor, which tells TERM from KILL, goes first */

	if (!plan->runtime_max || plan->timeout_stop == UINT64_MAX)
		return;
	uint64_t total = plan->runtime_max + plan->timeout_stop + grace;
	struct itimerspec at = {
	        .it_value = {.tv_sec = (time_t)(total / 1000000), .tv_nsec = (long)(total % 1000000) * 1000}
        };
	if (timerfd_settime(init->timer, 0, &at, NULL) != 0)
		_exit(EXIT_REFUSED);
}

/* vfork(2): nothing is copied, and it returns when the command was executed or the child has ended. Until then both share
 * this memory, and a child that hangs is the supervisor's to end, with everything here. */
static void start_payload(struct init *init)
{
	void (*hook)(const char *, int) = die_hook;
	volatile bool failed = false;

	/* NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork): what could block here, the supervisor ends */
	pid_t child = vfork();
	if (child < 0)
		die_errno("start the command");
	if (child == 0)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Vfork): it never returns */
		payload_main(init->inside, init->own_terminal, &failed);
	init->payload = child;
	die_hook = hook;
	if (failed)
		return; /* its end is told when it is reaped */
	arm_timer(init);
	tell(init, MESSAGE_STARTED, 0);
}

/* The payload's standard descriptors are not ours to keep open. */
static void release_standard_descriptors(int null)
{
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			die_errno("release descriptor %d", fd);
}

static void reap(struct init *init)
{
	struct signalfd_siginfo discarded;
	ssize_t got = read(init->children, &discarded, sizeof(discarded));
	int status;

	(void)got; /* several deaths may be one signal: waitpid tells */
	for (pid_t child; (child = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
		if (child == init->offered) /* the supervisor would wait for its word */
			die("the process that a login joins the session by has ended");
		if (child != init->payload)
			continue;
		if (WIFSTOPPED(status)) {
			tell(init, MESSAGE_STOPPED, WSTOPSIG(status));
			continue;
		}
		tell(init, MESSAGE_EXITED, status);
		_exit(0);
	}
}

static void continue_payload(const struct init *init, bool with_terminal)
{
	if (init->payload <= 0)
		return;
	/* SIGTTOU is blocked here, so a background process may do this (tcsetpgrp(3)). */
	if (with_terminal && init->terminal >= 0 && tcsetpgrp(init->terminal, init->payload) != 0 && errno != ENOTTY)
		return;
	kill(-init->payload, SIGCONT);
}

static void obey(struct init *init)
{
	char text[256];
	struct message message;
	int got = message_receive(init->inside->control, &message, text, sizeof(text), MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got != 1)
		_exit(EXIT_REFUSED);
	switch (message.kind) {
	case MESSAGE_SIGNAL:
		if (init->payload > 0 && kill(-init->payload, message.value) != 0)
			kill(init->payload, message.value); /* not yet in its own group */
		return;
	case MESSAGE_SIGNAL_ALL:
		kill(-1, message.value);
		return;
	case MESSAGE_CONTINUE:
		continue_payload(init, message.value);
		return;
	case MESSAGE_JOINED:
		if (init->offered > 0)
			kill(init->offered, SIGKILL);
		init->offered = 0;
		return;
	default:
		_exit(EXIT_REFUSED);
	}
}

static void watch_children(struct init *init)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	init->children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	init->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (init->children < 0 || init->timer < 0)
		die_errno("watch children");
}

void init_main(const struct inside *inside, pid_t offered)
{
	struct init init = {.inside = inside, .offered = offered, .terminal = -1, .own_terminal = -1};

	CLEANUP_FD null = open("/dev/null", O_RDWR | O_CLOEXEC); /* before the payload: a policy may hide it */
	if (null < 0)
		die_errno("open /dev/null");
	if (inside->relay >= 0)
		init.own_terminal = terminal_make(inside->relay);
	else if (!(inside->plan->flags & PLAN_NEW_TERMINAL))
		init.terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	watch_children(&init);
	if (!(inside->plan->flags & PLAN_SESSION))
		start_payload(&init);
	release_standard_descriptors(null);
	close_set(inside->plan->descriptors);
	close_fd(&null);
	privs_forget_capabilities();
	privs_no_new_privileges();
	own_filter_init();
	if (inside->plan->flags & PLAN_SESSION)
		tell(&init, MESSAGE_READY, 0);
	for (;;) {
		struct pollfd watched[] = {
		        {.fd = init.children,   .events = POLLIN},
		        {.fd = inside->control, .events = POLLIN},
		        {.fd = init.timer,      .events = POLLIN},
		};
		if (poll(watched, sizeof(watched) / sizeof(watched[0]), -1) < 0 && errno != EINTR)
			_exit(EXIT_REFUSED);
		if (watched[1].revents)
			obey(&init);
		if (watched[0].revents)
			reap(&init);
		if (watched[2].revents)
			_exit(EXIT_TIME_LIMIT);
	}
}
