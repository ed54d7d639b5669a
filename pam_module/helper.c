/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running the helper from inside a login program. The host must not notice: no signal, no child of its own
 * that appears or vanishes, no descriptor that stays. The helper's path and (empty) environment are constant
 * (pam_namespace, CVE-2010-3853).
 */
#include "pam_module/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>

static const char helper_path[] = LIBEXECDIR "/sandbox-helper";

enum {
	ANSWER_TIMEOUT_MS = 15000,
	BYE_TIMEOUT_MS = 2000,
	HELPER_SOCKET = 3,
	EXIT_NO_HELPER = 127,
};

/* --- the processes --- */

/* A child whose end raises no signal and which wait(2) of the host does not see (clone(2), exit signal 0): so
 * it cannot matter whether SIGCHLD is ignored, handled or blocked, and the host's wait loops count right. */
static pid_t quiet_fork(void)
{
	struct clone_args args = {.exit_signal = 0};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 && errno == ENOSYS ? fork() : (pid_t)pid;
}

static void reap(pid_t pid)
{
	int status;

	/* ECHILD after the fallback to fork: somebody else took it, which is as good. */
	while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL); /* SIGKILL, SIGSTOP and libc's own refuse, and need none */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The host may have closed any of 0 to 2, so that the socket itself can be one of them. */
static bool arrange_descriptors(int socket)
{
	int safe = fcntl(socket, F_DUPFD_CLOEXEC, HELPER_SOCKET + 1);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (safe < 0 || null < 0)
		return false;
	for (int fd = 0; fd < HELPER_SOCKET; fd++)
		if (null == fd ? fcntl(fd, F_SETFD, 0) < 0 : dup2(null, fd) < 0)
			return false;
	if (dup2(safe, HELPER_SOCKET) < 0)
		return false;
	/* The helper closes all others again, also on kernels without this call. */
	return syscall(SYS_close_range, HELPER_SOCKET + 1, ~0U, 0) == 0 || errno == ENOSYS;
}

static void tell_failure(const char *what, int error)
{
	char text[256];
	struct message message = {.kind = MESSAGE_BROKEN, .text = text};

	snprintf(text, sizeof(text), "%s %s: %s", what, helper_path, strerror(error));
	message.length = (uint32_t)strlen(text);
	int result = message_send(HELPER_SOCKET, &message);
	(void)result; /* the end of file says enough */
}

/* In the grandchild. An own session: keys typed at the terminal must not reach the sandbox's supervisor. */
static void become_helper(int socket)
{
	static const char *const arguments[] = {"sandbox-helper", "session", NULL};
	static const char *const environment[] = {NULL};
	char *argv[3], *envp[1];

	/* execve(2) takes pointers without const for historical reasons and writes through none. */
	memcpy(argv, arguments, sizeof(argv));
	memcpy(envp, environment, sizeof(envp));
	if (!arrange_descriptors(socket))
		_exit(EXIT_NO_HELPER);
	reset_signals();
	/* su opens the session with its caller's real uid: the helper is to be root's alone, also to signal. */
	if (setgroups(0, NULL) != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0)
		tell_failure("cannot become root for", errno);
	else if (setsid() < 0 || chdir("/") != 0)
		tell_failure("cannot prepare for", errno);
	else if (execve(helper_path, argv, envp) != 0)
		tell_failure("cannot execute", errno);
	_exit(EXIT_NO_HELPER);
}

/* Twice forked: util-linux login waits for all its children, and the helper lives as long as the session. */
static int start_twice_removed(int socket)
{
	sigset_t all, before;

	/* A handler of the host must not run in the child. */
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &before) != 0)
		return -1;
	pid_t pid = quiet_fork();
	if (pid == 0) {
		pid_t helper = fork();
		if (helper == 0)
			become_helper(socket);
		_exit(helper < 0 ? EXIT_NO_HELPER : 0);
	}
	int error = errno;
	if (pid > 0)
		reap(pid);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid < 0 ? -1 : 0;
}

/* Returns the module's end of the line, or -1 with errno. */
static int start_helper(void)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
		return -1;
	int result = start_twice_removed(sockets[1]);
	int error = errno;
	close(sockets[1]);
	if (result != 0) {
		close(sockets[0]);
		errno = error;
		return -1;
	}
	return sockets[0];
}

/* --- the exchange --- */

static int64_t now_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return INT64_MAX; /* no clock, no waiting */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until there is something to read, signals or not. Returns false when the time is over. */
static bool wait_readable(int socket, int timeout_ms)
{
	struct pollfd poller = {.fd = socket, .events = POLLIN};
	int64_t end = now_ms() + timeout_ms;

	for (;;) {
		int64_t left = end - now_ms();
		if (left < 0)
			return false;
		int ready = poll(&poller, 1, (int)left);
		if (ready > 0)
			return true;
		if (ready == 0 || errno != EINTR)
			return false;
	}
}

static enum outcome send_request(pam_handle_t *pamh, int socket, const struct session_request *request, char *buffer)
{
	long length = session_request_write(request, buffer, MESSAGE_TEXT_MAX);

	if (length < 0) {
		char line[QUOTED_SIZE];
		pam_syslog(pamh, LOG_ERR, "what is known of \"%s\" cannot be told: %s",
		           quoted(request->person.name, line), strerror(errno));
		return errno == EMSGSIZE ? OUTCOME_REFUSED : OUTCOME_BROKEN;
	}
	struct message message = {.kind = MESSAGE_SESSION, .text = buffer, .length = (uint32_t)length};
	message.descriptors[0] = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (message.descriptors[0] < 0) {
		pam_syslog(pamh, LOG_ERR, "cannot open a descriptor of the login program: %s", strerror(errno));
		return OUTCOME_BROKEN;
	}
	message.descriptor_count = 1;
	int result = message_send(socket, &message);
	int error = errno;
	close(message.descriptors[0]);
	/* EPIPE: it is gone already, and its last word may wait in the socket. */
	if (result != 0 && error != EPIPE && error != ECONNRESET) {
		pam_syslog(pamh, LOG_ERR, "cannot ask the helper: %s", strerror(error));
		return OUTCOME_BROKEN;
	}
	return OUTCOME_OK;
}

static enum outcome receive_answer(pam_handle_t *pamh, int socket, char *buffer, struct message *ret_answer)
{
	if (!wait_readable(socket, ANSWER_TIMEOUT_MS)) {
		pam_syslog(pamh, LOG_ERR, "the helper did not answer within %d seconds", ANSWER_TIMEOUT_MS / 1000);
		return OUTCOME_BROKEN;
	}
	int got = message_receive(socket, ret_answer, buffer, MESSAGE_TEXT_MAX + 1, MSG_DONTWAIT);
	if (got == 1)
		return OUTCOME_OK;
	pam_syslog(pamh, LOG_ERR, "the helper ended without an answer: %s", got == 0 ? "end of file" : strerror(errno));
	return OUTCOME_BROKEN;
}

static void close_descriptors_of(const struct message *message)
{
	for (uint32_t i = 0; i < message->descriptor_count; i++)
		close(message->descriptors[i]);
}

/* Only a real terminal is spoken to: what sshd is told before it knows of one ("ssh" is its PAM_TTY) it
 * prints on the standard output of a command or of sftp. */
static bool has_terminal(const struct session_request *request)
{
	static const char *const prefixes[] = {"/dev/", "pts/", "tty"};

	for (size_t i = 0; request->terminal && i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(request->terminal, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* Any answer but an offer ends here, with its line in the log. */
static enum outcome understand(pam_handle_t *pamh, const struct session_request *request, int silent,
                               const struct message *answer)
{
	char line[QUOTED_SIZE];

	switch (answer->kind) {
	case MESSAGE_JOIN:
		/* The user manager sees its parent's pid and would close its session at once in a pid
		 * namespace. */
		if (strcmp(request->service, "systemd-user") != 0)
			return OUTCOME_OK;
		pam_syslog(pamh, LOG_ERR, "the helper offered a session to systemd-user");
		break;
	case MESSAGE_RESTRICT:
		if (!request->restricted && answer->descriptor_count == 1)
			return OUTCOME_OK;
		pam_syslog(pamh, LOG_ERR, "the helper asks for restrictions again");
		break;
	case MESSAGE_NOT_CONFINED:
		return OUTCOME_NOT_COVERED;
	case MESSAGE_REFUSED:
		pam_syslog(pamh, LOG_NOTICE, "session of \"%s\" refused: %s", quoted(request->person.name, line),
		           answer->text);
		if (!silent && has_terminal(request))
			pam_error(pamh, "%s", answer->text);
		return OUTCOME_REFUSED;
	case MESSAGE_BROKEN:
		pam_syslog(pamh, LOG_ERR, "no sandbox for \"%s\": %s", quoted(request->person.name, line),
		           answer->text);
		break;
	default:
		pam_syslog(pamh, LOG_ERR, "unexpected answer %u of the helper", answer->kind);
		break;
	}
	return OUTCOME_BROKEN;
}

enum outcome helper_ask(pam_handle_t *pamh, const struct session_request *request, int silent, char *buffer,
                        int *ret_socket, struct message *ret_offer)
{
	struct message answer = {0};
	int socket = start_helper();

	if (socket < 0) {
		pam_syslog(pamh, LOG_ERR, "cannot start the helper: %s", strerror(errno));
		return OUTCOME_BROKEN;
	}
	enum outcome outcome = send_request(pamh, socket, request, buffer);
	if (outcome == OUTCOME_OK)
		outcome = receive_answer(pamh, socket, buffer, &answer);
	if (outcome == OUTCOME_OK)
		outcome = understand(pamh, request, silent, &answer);
	if (outcome != OUTCOME_OK) {
		close_descriptors_of(&answer);
		close(socket);
		return outcome;
	}
	*ret_socket = socket;
	*ret_offer = answer;
	return OUTCOME_OK;
}

void helper_say_bye(int socket, int wait)
{
	if (message_send_value(socket, MESSAGE_BYE, 0) != 0)
		return; /* the helper is gone, and the sandbox with it */
	if (wait)
		wait_readable(socket, BYE_TIMEOUT_MS);
}
