/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parent for --status FILE. The helper writes events only to a pipe or socket, never to a file, since it may hold
 * privilege the caller has not; so the file is opened here, with the caller's rights, and lines are copied.
 *
 * Parent and helper share one process group: what the terminal sends reaches both, what others send to the parent alone
 * is passed on. All signals are blocked and read from a signalfd(2), so there are no handlers and no races.
 */
#include "cli/run_status.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/common_helper.h"
#include "cli/common_text.h"

static const int passed_on[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,  SIGUSR1,
                                SIGUSR2, SIGALRM, SIGTSTP, SIGWINCH, SIGCONT};

struct watch {
	const char *file_name;
	int file, pipe, signals;
	sigset_t former_mask;
	pid_t child;
	bool write_failed;
	bool ended;
	int wait_status; /* valid once ended */
};

static int fail(const char *what)
{
	say("%s: %s", what, strerror(errno));
	return failure_status;
}

/* Everything at once or nothing more: a status file that lost its middle would mislead. */
static void copy_out(struct watch *watch, const char *bytes, size_t length)
{
	while (length > 0 && !watch->write_failed) {
		ssize_t written = write(watch->file, bytes, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			say("cannot write %s: %s", QUOTE(watch->file_name), strerror(errno));
			watch->write_failed = true;
			return;
		}
		bytes += written;
		length -= (size_t)written;
	}
}

/* Copies what is in the pipe now. The read end does not block. */
static void drain(struct watch *watch)
{
	char buffer[4096];

	while (watch->pipe >= 0) {
		ssize_t length = read(watch->pipe, buffer, sizeof(buffer));
		if (length > 0) {
			copy_out(watch, buffer, (size_t)length);
		} else if (length == 0 || (errno != EINTR && errno != EAGAIN)) {
			close(watch->pipe);
			watch->pipe = -1;
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

static int block_signals(struct watch *watch)
{
	sigset_t wanted;

	sigemptyset(&wanted);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		sigaddset(&wanted, passed_on[i]);
	sigaddset(&wanted, SIGCHLD);
	watch->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	sigaddset(&wanted, SIGPIPE); /* the file may be a FIFO whose reader left */
	sigaddset(&wanted, SIGTTOU); /* or the terminal */
	/* A caller's ignored SIGCHLD would make the status be thrown away, waitpid(2). */
	if (watch->signals < 0 || signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
	    sigprocmask(SIG_BLOCK, &wanted, &watch->former_mask) != 0)
		return -1;
	return 0;
}

/* In the child. */
static void become_helper(const struct run_request *request, const struct watch *watch, int events, pid_t parent)
{
	static const char no_helper[] =
	        "{\"event\":\"error\",\"step\":\"helper\",\"errno\":%d,\"text\":\"the helper cannot be executed\"}\n"
	        "{\"event\":\"exit\",\"reason\":\"setup\",\"status\":%d,\"code\":%d,\"signal\":0}\n";

	/* Lasts over execve(2) unless the helper gains privilege by it; then it watches for itself. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		_exit(failure_status);
	if (sigprocmask(SIG_SETMASK, &watch->former_mask, NULL) != 0 || fcntl(events, F_SETFD, 0) != 0)
		_exit(fail("preparing the helper"));
	request->helper_arguments[request->status_slot] = format_text("--status-fd=%d", events);
	helper_become(request->helper_arguments);
	if (dprintf(events, no_helper, errno, failure_status, failure_status) < 0)
		_exit(failure_status);
	_exit(failure_status);
}

/* Stops as the child stopped, so that the shell sees its job stopped; continues the child when continued. */
static void stop_along(const struct watch *watch, int signal_number)
{
	sigset_t one, former;

	sigemptyset(&one);
	sigaddset(&one, signal_number);
	raise(signal_number); /* before unblocking: it merges with one that the terminal sent us and that still waits */
	sigprocmask(SIG_UNBLOCK, &one, &former);
	sigprocmask(SIG_SETMASK, &former, NULL);
	kill(watch->child, SIGCONT);
}

static void look_at_child(struct watch *watch)
{
	int status;

	while (!watch->ended && waitpid(watch->child, &status, WNOHANG | WUNTRACED) > 0) {
		if (WIFSTOPPED(status)) {
			stop_along(watch, WSTOPSIG(status));
			continue;
		}
		watch->ended = true;
		watch->wait_status = status;
	}
}

static void take_signals(struct watch *watch)
{
	struct signalfd_siginfo info;

	while (read(watch->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int number = (int)info.ssi_signo;
		/* The kernel itself: a key on the terminal, which the whole group got. A hangup may be for us alone. */
		bool whole_group = info.ssi_code == SI_KERNEL && number != SIGHUP;
		if (number == SIGCHLD)
			look_at_child(watch);
		else if (!whole_group && !watch->ended)
			kill(watch->child, number);
	}
}

static int finish(struct watch *watch)
{
	char line[160];
	int status =
	        WIFSIGNALED(watch->wait_status) ? 128 + WTERMSIG(watch->wait_status) : WEXITSTATUS(watch->wait_status);

	drain(watch);
	if (WIFSIGNALED(watch->wait_status)) {
		int length =
		        snprintf(line, sizeof(line),
		                 "{\"event\":\"exit\",\"reason\":\"signal\",\"status\":%d,\"code\":0,\"signal\":%d}\n",
		                 status, WTERMSIG(watch->wait_status));
		copy_out(watch, line, (size_t)length);
	}
	if (close(watch->file) != 0 && !watch->write_failed)
		say("cannot write %s: %s", QUOTE(watch->file_name), strerror(errno));
	return status;
}

static int watch_child(struct watch *watch)
{
	while (!watch->ended) {
		struct pollfd ready[] = {
		        {.fd = watch->pipe,    .events = POLLIN},
                        {.fd = watch->signals, .events = POLLIN}
                };
		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			return fail("poll");
		if (ready[0].revents)
			drain(watch);
		if (ready[1].revents)
			take_signals(watch);
	}
	return finish(watch);
}

int status_run(const struct run_request *request)
{
	struct watch watch = {.file_name = request->status_file, .pipe = -1};
	int ends[2];
	pid_t parent = getpid();

	watch.file = open(request->status_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (watch.file < 0) {
		say("cannot open %s: %s", QUOTE(request->status_file), strerror(errno));
		return failure_status;
	}
	if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
		return fail("pipe");
	watch.pipe = ends[0];
	if (block_signals(&watch) != 0)
		return fail("signals");
	watch.child = fork();
	if (watch.child < 0)
		return fail("fork");
	if (watch.child == 0)
		become_helper(request, &watch, ends[1], parent);
	close(ends[1]);
	return watch_child(&watch);
}
