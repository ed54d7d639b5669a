/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a fork of PID 1 to the command's execve. Already the person, without capabilities; what remains is its own process
 * group, the caller's limits, and the restrictions of helper/inside/finish.h.
 */
#include "helper/inside/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/inside/finish.h"
#include "helper/inside/terminal.h"
#include "helper/schedule.h"
#include "protocol/message.h"

static volatile bool *not_executed;
static int control_socket = -1;

static void report(const char *text, int error)
{
	struct message message = {
	        .kind = MESSAGE_FAILED, .value = error, .text = text, .length = (uint32_t)strlen(text)};
	int result = message_send(control_socket, &message);

	(void)result; /* whoever is gone needs no telling; the exit status says the same */
	*not_executed = true;
}

static noreturn void fail(int status, const char *command, int error)
{
	char text[512];

	snprintf(text, sizeof(text), "%.400s: %s", command, strerrordesc_np(error));
	report(text, error);
	_exit(status);
}

/* Group signals from inside must not reach the caller's process group (threats B1.2). With a terminal a group of its own
 * in the caller's session, so that job control works; without one a session of its own. */
static void own_group(void)
{
	int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (terminal >= 0) {
		close(terminal);
		if (setpgid(0, 0) != 0)
			die_errno("make a process group");
	} else if (setsid() < 0) {
		die_errno("make a session");
	}
}

static void default_signals(void)
{
	sigset_t none;

	if (signal(SIGPIPE, SIG_DFL) == SIG_ERR || signal(SIGXFSZ, SIG_DFL) == SIG_ERR)
		die_errno("reset signals");
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		die_errno("unblock signals");
}

static char **string_list(const struct plan *plan, struct plan_array array)
{
	const plan_ref *refs = plan_array(plan, array);
	char **list = calloc((size_t)array.count + 1, sizeof(*list));

	if (!list)
		die("out of memory");
	for (uint32_t i = 0; i < array.count; i++)
		list[i] = (char *)(uintptr_t)plan_string(plan, refs[i]);
	return list;
}

static const char *search_path(char **environment)
{
	for (char **entry = environment; *entry; entry++)
		if (strncmp(*entry, "PATH=", 5) == 0)
			return *entry + 5;
	return "/usr/local/bin:/usr/bin:/bin";
}

/* As execvp(3), but without its way of giving a text file without "#!" to a shell: that is 126 here. */
static noreturn void execute(const char *command, char **arguments, char **environment)
{
	int error = ENOENT;

	if (strchr(command, '/') || !*command) {
		execve(command, arguments, environment);
		error = errno;
	} else {
		for (const char *path = search_path(environment); path;
		     path = strchr(path, ':') ? strchr(path, ':') + 1 : NULL) {
			char file[4096];
			int length = (int)strcspn(path, ":");
			if (length == 0 ||
			    snprintf(file, sizeof(file), "%.*s/%s", length, path, command) >= (int)sizeof(file))
				continue; /* an empty entry would be the current directory */
			execve(file, arguments, environment);
			if (errno != ENOENT && errno != ENOTDIR) {
				error = errno;
				if (errno != EACCES)
					break;
			}
		}
	}
	fail(error == ENOENT || error == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE, command, error);
}

void payload_main(const struct inside *inside, int terminal, volatile bool *failed)
{
	const struct plan *plan = inside->plan;
	char **environment = string_list(plan, plan->environment);
	char **arguments = string_list(plan, plan->arguments);
	char login_name[256];

	not_executed = failed;
	control_socket = inside->control;
	die_hook = report;
	if (!arguments[0])
		die("there is no command");
	const char *command = arguments[0];
	if (plan->flags & PLAN_LOGIN_SHELL) {
		const char *base = strrchr(command, '/');
		snprintf(login_name, sizeof(login_name), "-%s", base ? base + 1 : command);
		arguments[0] = login_name;
	}
	if (plan->flags & PLAN_NEW_TERMINAL)
		terminal_take(terminal);
	else
		own_group();
	finish_keyring(plan);
	finish_directory(plan, "");
	schedule_apply(plan);
	limits_restore(inside->caller);
	umask(inside->caller->mask);
	default_signals();
	finish_restrict(plan);
	execute(command, arguments, environment);
}
