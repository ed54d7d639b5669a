/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From here on the process has no capabilities. What ends a sandbox: the command, a signal, the time limit, an OOM kill
 * under OOMPolicy=kill, or the supervisor's own death, which PID 1 shares (PDEATHSIG).
 */
#include "helper/outside/supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/outside/detach.h"
#include "helper/outside/status.h"
#include "helper/outside/terminal.h"
#include "helper/own_filter.h"
#include "protocol/message.h"

enum { SETUP_SECONDS = 10, ENDING_SECONDS = 10 };

struct supervisor {
	const struct plan *plan;
	const struct spawned *spawned;
	const struct cgroup *cgroup;
	int signals;
	int timer;
	int terminal; /* 0 to 2, whichever is the controlling terminal; -1 */
	bool terminal_given;
	bool started;
	bool failed;
	bool timed_out;
	bool stopping;
	bool oom;
	bool exited;
	bool ending;    /* killed, or the command is over: what is left of it has ENDING_SECONDS */
	bool abandoned; /* that was not enough */
	bool silent;    /* the control socket is closed: nothing more will be heard */
	int ended_by;   /* signal that ended the set-up */
	int wait_status;
};

static const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP};

void supervise_prepare(void)
{
	sigset_t all;

	sigfillset(&all); /* SIGTTOU too: the terminal is taken back from the background (tcsetpgrp(3)) */
	if (sigprocmask(SIG_SETMASK, &all, NULL) != 0)
		die_errno("block signals");
}

static void watch_signals(struct supervisor *supervisor)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&set, forwarded[i]);
	supervisor->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	supervisor->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (supervisor->signals < 0 || supervisor->timer < 0)
		die_errno("watch signals");
}

static void arm(const struct supervisor *supervisor, uint64_t microseconds)
{
	struct itimerspec at = {
	        .it_value = {.tv_sec = (time_t)(microseconds / 1000000),
	                     .tv_nsec = (long)(microseconds % 1000000) * 1000}
        };

	if (timerfd_settime(supervisor->timer, 0, &at, NULL) != 0)
		die_errno("set a timer");
}

static void find_terminal(struct supervisor *supervisor)
{
	supervisor->terminal = -1;
	for (int fd = 0; fd <= 2 && supervisor->terminal < 0; fd++)
		if (isatty(fd) && tcgetsid(fd) == getsid(0))
			supervisor->terminal = fd;
}

static bool in_foreground(const struct supervisor *supervisor)
{
	return supervisor->terminal >= 0 && tcgetpgrp(supervisor->terminal) == getpgrp();
}

static void tell(const struct supervisor *supervisor, enum message_kind kind, int32_t value)
{
	int result = message_send_value(supervisor->spawned->control, kind, value);

	(void)result; /* gone: its pidfd says so */
}

/* What waits for a file system that does not answer, a FUSE of the person's for instance, does not even die of SIGKILL: nobody
 * must wait for it without end (threats B3.5, R5). */
static void end_soon(struct supervisor *supervisor)
{
	if (!supervisor->ending)
		arm(supervisor, ENDING_SECONDS * 1000000ULL);
	supervisor->ending = true;
}

static void kill_sandbox(struct supervisor *supervisor)
{
	end_soon(supervisor);
	if (kill(supervisor->spawned->pid, SIGKILL) != 0) /* the number is ours until it is reaped */
		die_errno("kill the sandbox"); /* ending is what kills it then */
}

/* The payload's group stopped: because it wants the terminal we still hold, or because somebody stopped it, and then we
 * stop as well, so that the caller's shell sees its job stopped. */
static void payload_stopped(struct supervisor *supervisor, int signal_number)
{
	if ((signal_number == SIGTTIN || signal_number == SIGTTOU) && in_foreground(supervisor)) {
		supervisor->terminal_given = true;
		tell(supervisor, MESSAGE_CONTINUE, 1);
		return;
	}
	/* Without a terminal there is no shell to see it: a command that stops itself must not stop our clock (threats B3.5). */
	if (supervisor->terminal < 0)
		return;
	terminal_pause();
	do {
		if (raise(SIGSTOP) != 0)
			die_errno("stop");
	} while (!terminal_resume());
	bool give = in_foreground(supervisor);
	supervisor->terminal_given |= give;
	tell(supervisor, MESSAGE_CONTINUE, give);
}

static void payload_started(struct supervisor *supervisor)
{
	supervisor->started = true;
	detach_started();
	if (!supervisor->ending)
		arm(supervisor, supervisor->plan->runtime_max);
}

static void hear(struct supervisor *supervisor)
{
	static char text[MESSAGE_TEXT_MAX + 1];
	struct message message;
	int got = message_receive(supervisor->spawned->control, &message, text, sizeof(text), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got != 1) {
		supervisor->silent = true; /* closed or malformed: nothing it says counts any more */
		if (!supervisor->exited)
			kill_sandbox(supervisor);
		return;
	}
	switch (message.kind) {
	case MESSAGE_STARTED:
		payload_started(supervisor);
		return;
	case MESSAGE_FAILED:
		supervisor->failed = true;
		status_error(message.text, message.value);
		say("%s", message.text);
		return;
	case MESSAGE_STOPPED:
		payload_stopped(supervisor, message.value);
		return;
	case MESSAGE_EXITED:
		supervisor->exited = true;
		supervisor->wait_status = message.value;
		end_soon(supervisor);
		return;
	default:
		kill_sandbox(supervisor);
	}
}

static void take_signal(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	if (read(supervisor->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	int number = (int)info.ssi_signo;
	if (supervisor->started) {
		tell(supervisor, MESSAGE_SIGNAL, number);
	} else if (number == SIGHUP || number == SIGINT || number == SIGQUIT || number == SIGTERM) {
		supervisor->ended_by = number;
		kill_sandbox(supervisor);
	}
}

static void time_passed(struct supervisor *supervisor)
{
	uint64_t count;

	if (read(supervisor->timer, &count, sizeof(count)) != (ssize_t)sizeof(count))
		return;
	if (supervisor->ending) {
		supervisor->abandoned = true;
	} else if (!supervisor->started) {
		supervisor->failed = true;
		say("set-up took longer than %d seconds", SETUP_SECONDS);
		kill_sandbox(supervisor);
	} else if (!supervisor->stopping) {
		supervisor->timed_out = supervisor->stopping = true;
		tell(supervisor, MESSAGE_SIGNAL_ALL, (int32_t)supervisor->plan->kill_signal);
		tell(supervisor, MESSAGE_SIGNAL_ALL, SIGCONT); /* what is stopped could not act on it */
		if (supervisor->plan->timeout_stop == 0)
			kill_sandbox(supervisor);
		else if (supervisor->plan->timeout_stop != UINT64_MAX)
			arm(supervisor, supervisor->plan->timeout_stop);
	} else {
		kill_sandbox(supervisor);
	}
}

static bool oom_happened(const struct supervisor *supervisor)
{
	return supervisor->cgroup && (supervisor->plan->flags & PLAN_OOM_KILL) &&
	       cgroup_oom_kills(supervisor->cgroup) > 0;
}

static void memory_event(struct supervisor *supervisor)
{
	if (oom_happened(supervisor)) {
		supervisor->oom = true;
		kill_sandbox(supervisor);
	}
}

static void reap(const struct supervisor *supervisor)
{
	int status;

	while (waitpid(supervisor->spawned->pid, &status, 0) < 0)
		if (errno != EINTR)
			die_errno("wait for the sandbox");
}

static struct ending describe(const struct supervisor *supervisor)
{
	int status = supervisor->wait_status;

	if (supervisor->oom || oom_happened(supervisor))
		return (struct ending){"oom", 128 + SIGKILL, 0, SIGKILL};
	if (supervisor->timed_out)
		return (struct ending){"timeout", EXIT_TIME_LIMIT, 0, 0};
	if (supervisor->ended_by)
		return (struct ending){"signal", 128 + supervisor->ended_by, 0, supervisor->ended_by};
	if (!supervisor->exited)
		return supervisor->started ? (struct ending){"signal", 128 + SIGKILL, 0, SIGKILL}
		                           : (struct ending){"setup", EXIT_REFUSED, 0, 0};
	if (!supervisor->started) {
		int code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_REFUSED;
		const char *reason = code == EXIT_NOT_FOUND        ? "not-found"
		                     : code == EXIT_NOT_EXECUTABLE ? "not-executable"
		                                                   : "setup";
		return (struct ending){
		        reason, code == EXIT_NOT_FOUND || code == EXIT_NOT_EXECUTABLE ? code : EXIT_REFUSED, 0, 0};
	}
	if (WIFSIGNALED(status))
		return (struct ending){"signal", 128 + WTERMSIG(status), 0, WTERMSIG(status)};
	return (struct ending){"exited", WEXITSTATUS(status), WEXITSTATUS(status), 0};
}

struct ending supervise_command(const struct plan *plan, const struct spawned *spawned, const struct cgroup *cgroup)
{
	struct supervisor supervisor = {.plan = plan, .spawned = spawned, .cgroup = cgroup};
	bool watch_memory = cgroup && (plan->flags & PLAN_OOM_KILL);
	struct pollfd watched[] = {
	        {.fd = spawned->control,	                                      .events = POLLIN },
	        {.fd = -1,	                                                    .events = POLLIN },
	        {.fd = -1,	                                                    .events = POLLIN },
	        {.fd = watch_memory ? cgroup->oom_event : -1,                         .events = POLLIN },
	        {.fd = watch_memory && cgroup->oom_event < 0 ? cgroup->oom_file : -1, .events = POLLPRI},
	        {.fd = spawned->pidfd,	                                        .events = POLLIN },
	};

	watch_signals(&supervisor);
	find_terminal(&supervisor);
	arm(&supervisor, SETUP_SECONDS * 1000000ULL);
	own_filter_supervisor();
	spawn_admit(spawned);
	watched[1].fd = supervisor.signals;
	watched[2].fd = supervisor.timer;
	for (;;) {
		if (poll(watched, sizeof(watched) / sizeof(watched[0]), -1) < 0 && errno != EINTR)
			die_errno("wait for events");
		if (watched[0].revents)
			hear(&supervisor);
		if (supervisor.silent)
			watched[0] = (struct pollfd){.fd = -1};
		if (watched[1].revents)
			take_signal(&supervisor);
		if (watched[2].revents)
			time_passed(&supervisor);
		if (watched[3].revents || watched[4].revents)
			memory_event(&supervisor);
		if (supervisor.abandoned || (watched[5].revents && !(watched[0].revents & POLLIN)))
			break; /* its last words were heard */
	}
	if (!supervisor.abandoned)
		reap(&supervisor);
	else if (!supervisor.failed)
		say("a process of the sandbox waits for something that does not answer, and ends when that does");
	if (!supervisor.started && !supervisor.failed && !supervisor.ended_by && !supervisor.oom)
		say("the sandbox's first process ended during set-up");
	if (supervisor.terminal_given && tcsetpgrp(supervisor.terminal, getpgrp()) != 0 && errno != ENOTTY &&
	    errno != EIO)
		say("take the terminal back: %s", strerrordesc_np(errno));
	return describe(&supervisor);
}
