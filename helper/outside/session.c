/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a login's sandbox. It is built as a command's is; then the login program joins it, people come in by the
 * door, and it ends with the opener: when the module says so, when that process ends (its pidfd; a socket's end of file is
 * no sign, sshd's child inherits every descriptor), or when PID 1 ends.
 */
#include "helper/outside/session.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "config/plan.h"
#include "helper/die.h"
#include "helper/inside/enter.h"
#include "helper/inside/landlock.h"
#include "helper/io.h"
#include "helper/outside/cgroup.h"
#include "helper/outside/facts.h"
#include "helper/outside/registry.h"
#include "helper/outside/rules.h"
#include "helper/outside/spawn.h"
#include "helper/outside/supervise.h"
#include "helper/own_filter.h"
#include "helper/privs.h"
#include "protocol/message.h"
#include "protocol/session.h"

enum { ANSWER_TIMEOUT_MS = 10000, OPENER_TIMEOUT_MS = 30000 };

static struct registry_entry entry;
static struct cgroup session_cgroup;
static struct spawned spawned;
static int module_socket = -1;

static void clean_up(void)
{
	spawn_abandon(&spawned);
	if (session_cgroup.count && cgroup_remove(&session_cgroup) != 0)
		errno = 0; /* a dying process may hold it: left to gc */
	session_cgroup.count = 0;
	registry_remove(&entry);
}

static void answer(enum message_kind kind, const char *text)
{
	struct message message = {.kind = kind, .text = text, .length = (uint32_t)strlen(text)};
	int result = message_send(module_socket, &message);

	(void)result; /* a module that is gone refuses the login by itself */
}

static void answer_broken(const char *text, int error)
{
	(void)error;
	answer(MESSAGE_BROKEN, text);
}

/* The next message within the bound. Its text is in static memory. */
static struct message receive(int socket, const char *from)
{
	static char text[MESSAGE_TEXT_MAX + 1];
	struct pollfd poller = {.fd = socket, .events = POLLIN};
	struct message message;
	int ready;

	do
		ready = poll(&poller, 1, ANSWER_TIMEOUT_MS);
	while (ready < 0 && errno == EINTR);
	if (ready != 1)
		die("%s did not answer within 10 seconds", from);
	if (message_receive(socket, &message, text, sizeof(text), MSG_DONTWAIT) != 1)
		die("%s ended early", from);
	if (message.kind == MESSAGE_FAILED)
		die("%s", message.text);
	return message;
}

static struct message expect(int socket, enum message_kind kind, const char *from)
{
	struct message message = receive(socket, from);

	if (message.kind != kind)
		die("unexpected message %u from %s", message.kind, from);
	return message;
}

/* PID 1 is ready, and its child offers itself to be joined: two processes, either may be first. Returns the pidfd. */
static int wait_for_offer(void)
{
	int pidfd = -1;

	for (bool ready = false; !ready || pidfd < 0;) {
		struct message message = receive(spawned.control, "the sandbox's first process");
		if (message.kind == MESSAGE_READY && !ready)
			ready = true;
		else if (message.kind == MESSAGE_JOIN && pidfd < 0 && message.descriptor_count == 1)
			pidfd = message.descriptors[0];
		else
			die("unexpected message %u from the sandbox's first process", message.kind);
	}
	return pidfd;
}

/* The profile that holds for this login. Does not return where the person is not confined or refused. */
static struct profile *decide(const struct session_request *login)
{
	struct policy_errors errors = {0};
	struct profile *profile = NULL;

	if (login_is_exempt(&login->person)) {
		answer(MESSAGE_NOT_CONFINED, "");
		_exit(0);
	}
	struct policy *policy = rules_read(NULL, true);
	switch (policy_select_login(policy, &login->person, login->service, &profile, &errors)) {
	case LOGIN_NOT_CONFINED:
		answer(MESSAGE_NOT_CONFINED, "");
		_exit(0);
	case LOGIN_CONFINED:
		if (!profile)
			die("the policy gives no profile");
		if (profile_check_enforced(profile, &errors) != 0)
			rules_check(&errors);
		return profile;
	case LOGIN_VOID:
		break;
	}
	answer(MESSAGE_REFUSED, errors.count ? errors.list[0].text : "refused by policy");
	_exit(EXIT_REFUSED);
}

static struct plan *make_plan(const struct session_request *login, pid_t opener)
{
	struct profile *profile = decide(login);
	const struct request request = {.kind = REQUEST_SESSION, .service = login->service};
	struct host_facts *facts = facts_read(true, REQUEST_SESSION, opener);
	struct policy_errors errors = {0};
	struct plan *plan = NULL;

	facts_for_profile(facts, profile, &login->person);
	if (plan_make(profile, &login->person, &request, facts, &plan, &errors) != 0 || !plan) {
		rules_check(&errors);
		die("no plan could be made");
	}
	profile_free(profile);
	return plan;
}

/*
 * Forwarding runs in the login program, which therefore is under the rules of ports as well. A process under Landlock may look
 * only at others that are under the same rules (landlock(7), "Ptrace restrictions"), and the door must look at PID 1: so the
 * login program restricts itself first, and a second helper, which it starts after that, builds the session.
 */
static void restrict_login_program(const struct plan *plan)
{
	struct message message = {
	        .kind = MESSAGE_RESTRICT, .descriptor_count = 1, .descriptors = {landlock_network(plan)}};

	if (message_send(module_socket, &message) != 0)
		die_errno("answer the login program");
	_exit(0);
}

static int take_mount(int directory, const char *path)
{
	return (int)syscall(SYS_open_tree, directory, path,
	                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (*path ? 0 : AT_EMPTY_PATH));
}

/* optional: the policy may have hidden the place; the login program then goes without. */
static void add_mount(struct login_mounts *login, int mount, const char *target, bool optional)
{
	if (mount < 0)
		die_errno("take a mount for %s", target);
	if (login->count == LOGIN_MOUNTS_MAX)
		die("too many mounts for the login program's view");
	login->mounts[login->count].mount = mount;
	login->mounts[login->count].optional = optional;
	snprintf(login->mounts[login->count++].target, sizeof(login->mounts[0].target), "%s", target);
}

/* The door must be root's and nobody else's to write: it will run with euid 0. */
static int take_door(void)
{
	struct stat status;
	CLEANUP_FD door = open(LIBEXECDIR "/door/sandbox-door", O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (door < 0 || fstat(door, &status) != 0)
		die_errno("open %s/door/sandbox-door", LIBEXECDIR);
	if (!S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & 022) || !(status.st_mode & S_ISUID))
		die("%s/door/sandbox-door must be a file of root, set-uid, and writable by root only", LIBEXECDIR);
	int mount = take_mount(door, "");
	if (mount < 0)
		die_errno("take a mount of the door");
	return mount;
}

static void take_login_mounts(struct login_mounts *login)
{
	/* What sshd and login write after the session is open. Paths of root, in directories of root. */
	static const char *const host[] = {"/run/utmp", "/var/log/wtmp", "/var/log/lastlog", "/dev/log"};

	login->door = take_door();
	add_mount(login, take_mount(entry.directory, ""), "/run/sandbox-run/session", false);
	for (size_t i = 0; i < session_cgroup.count; i++) {
		char target[64];
		snprintf(target, sizeof(target), "/run/sandbox-run/cgroup%zu", i);
		add_mount(login, take_mount(session_cgroup.handles[i].payload, ""), target, false);
	}
	for (size_t i = 0; i < sizeof(host) / sizeof(host[0]); i++) {
		int mount = take_mount(AT_FDCWD, host[i]);
		if (mount < 0 && (errno == ENOENT || errno == ENOTDIR))
			continue;
		add_mount(login, mount, host[i], true);
	}
}

/* Descriptors into which the module writes "0": the login leaf of every hierarchy. */
static void open_login_leaves(struct message *message)
{
	for (size_t i = 0; i < session_cgroup.count; i++) {
		const struct cgroup_handle *handle = &session_cgroup.handles[i];
		int fd = openat(handle->login, handle->version == 1 ? "tasks" : "cgroup.procs",
		                O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 || message->descriptor_count == MESSAGE_DESCRIPTORS)
			die_errno("open the login program's cgroup");
		message->descriptors[message->descriptor_count++] = fd;
	}
}

static void offer_session(const struct plan *plan, const char *id)
{
	struct message message = {
	        .kind = MESSAGE_JOIN,
	        /* Not the user namespace: the login program keeps its real root. Not the cgroup namespace: from within it,
		 * rooted at the payload's leaf, the door could not come in from the login program's (cgroups(7),
		 * nsdelegate); the door joins it once it is there. */
	        .value = (int32_t)(plan->namespaces & ~(uint64_t)(CLONE_NEWUSER | CLONE_NEWCGROUP | CLONE_NEWTIME)),
	        .text = id,
	        .length = (uint32_t)strlen(id),
	        .descriptor_count = 2,
	        .descriptors = {spawned.pidfd},
	};

	message.descriptors[1] = wait_for_offer();
	open_login_leaves(&message);
	if (message_send(module_socket, &message) != 0)
		die_errno("answer the login program");
	for (uint32_t i = 1; i < message.descriptor_count; i++)
		close(message.descriptors[i]);
	expect(module_socket, MESSAGE_JOINED, "the login program");
	if (message_send_value(spawned.control, MESSAGE_JOINED, 0) != 0)
		die_errno("report to the sandbox's first process");
}

static bool module_says_bye(void)
{
	char text[256];
	struct message message;
	int got = message_receive(module_socket, &message, text, sizeof(text), MSG_DONTWAIT);

	return got == 1 && message.kind == MESSAGE_BYE;
}

static int64_t now_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		die_errno("read the clock");
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A moment from now in milliseconds, -1 for never. */
static int64_t moment_after(uint64_t microseconds)
{
	return microseconds == UINT64_MAX ? -1 : now_ms() + (int64_t)(microseconds / 1000);
}

/* For poll(2): until a moment, at most a day at a time. */
static int remaining(int64_t moment)
{
	int64_t left = moment - now_ms();

	return moment < 0 ? -1 : left < 0 ? 0 : left > 86400000 ? 86400000 : (int)left;
}

/* RuntimeMaxSec= is over: KillSignal= to everybody inside. Returns when they are killed all the same. */
static int64_t end_in_time(const struct plan *plan)
{
	int result = message_send_value(spawned.control, MESSAGE_SIGNAL_ALL, (int32_t)plan->kill_signal);

	if (result == 0) /* what is stopped could not act on it */
		result = message_send_value(spawned.control, MESSAGE_SIGNAL_ALL, SIGCONT);
	(void)result; /* gone: its pidfd says so */
	return moment_after(plan->timeout_stop);
}

static void wait_for_end(const struct plan *plan, int opener)
{
	int64_t limit = moment_after(plan->runtime_max ? plan->runtime_max : UINT64_MAX);
	bool ending = false;
	bool watch_memory = session_cgroup.count && (plan->flags & PLAN_OOM_KILL);
	struct pollfd watched[] = {
	        {.fd = opener,	                                                              .events = POLLIN },
	        {.fd = spawned.pidfd,	                                                       .events = POLLIN },
	        {.fd = module_socket,	                                                       .events = POLLIN },
	        {.fd = watch_memory ? session_cgroup.oom_event : -1,                                .events = POLLIN },
	        {.fd = watch_memory && session_cgroup.oom_event < 0 ? session_cgroup.oom_file : -1, .events = POLLPRI},
	};

	for (;;) {
		int ready = poll(watched, sizeof(watched) / sizeof(watched[0]), remaining(limit));
		if (ready < 0 && errno != EINTR)
			return;
		if (ready == 0 && remaining(limit) == 0) {
			if (ending)
				return;
			ending = true;
			limit = end_in_time(plan);
		}
		if (ready <= 0)
			continue;
		if (watched[0].revents || watched[1].revents)
			return;
		if ((watched[3].revents || watched[4].revents) && cgroup_oom_kills(&session_cgroup) > 0)
			return; /* OOMPolicy=kill */
		if (watched[2].revents) {
			if (module_says_bye())
				return;
			if (watched[2].revents & (POLLHUP | POLLERR))
				watched[2].fd = -1; /* closed: the opener's pidfd still tells */
		}
	}
}

static void kill_and_reap(void)
{
	/* The module waits for this end of file. Not for the reaping below: what the login program has yet to reap keeps
	 * PID 1 from being gone (pid_namespaces(7)), and it cannot reap while it waits for us. */
	int result = kill(spawned.pid, SIGKILL);
	close_fd(&module_socket);
	if (result == 0)
		spawn_reap(&spawned, OPENER_TIMEOUT_MS);
}

/* The login program itself is in the session's cgroup until it ends. */
static void wait_for_opener(int opener)
{
	struct pollfd poller = {.fd = opener, .events = POLLIN};

	while (poll(&poller, 1, OPENER_TIMEOUT_MS) < 0 && errno == EINTR)
		;
}

static pid_t pid_of(int pidfd, int proc)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "self/fdinfo/%d", pidfd);
	if (read_text(proc, path, text, sizeof(text)) < 0)
		die_errno("look at the opener");
	const char *line = strstr(text, "\nPid:");
	long pid = line ? strtol(line + 5, NULL, 10) : 0;
	if (pid <= 0)
		die("the opener of the session is gone");
	return (pid_t)pid;
}

int session_run(int socket, const struct caller_state *caller, int proc, bool privileged)
{
	struct session_request login;
	struct login_mounts mounts = {.count = 0};
	char id[64], why[512];

	if (getuid() != 0)
		die("session: only the PAM module, as root, may ask for this");
	module_socket = socket;
	die_hook = answer_broken;
	if (!privileged)
		die("no host privilege here: a login inside a container or a user namespace cannot be confined");
	struct message asked = expect(module_socket, MESSAGE_SESSION, "the login program");
	if (asked.descriptor_count != 1 || session_request_read(asked.text, asked.length, &login) != 0)
		die("malformed request from the login program");
	int opener = asked.descriptors[0];
	struct plan *plan = make_plan(&login, pid_of(opener, proc));
	if (plan->landlock_handled_net && !login.restricted)
		restrict_login_program(plan);

	supervise_prepare();
	registry_id(id, sizeof(id));
	die_cleanup = clean_up;
	registry_create(&entry, id, plan);
	if ((plan->flags & PLAN_CGROUP) && cgroup_create(plan, id, &session_cgroup, why, sizeof(why)) != 0)
		die("%s", why);
	take_login_mounts(&mounts);
	const struct spawn_request request = {
	        .plan = plan,
	        .cgroup = session_cgroup.count ? &session_cgroup : NULL,
	        .caller = caller,
	        .proc = proc,
	        .relay = -1,
	        .login = &mounts,
	};
	spawn_sandbox(&request, &spawned);
	spawn_verify(&request, &spawned);
	privs_become_supervisor(true);
	own_filter_supervisor();
	spawn_admit(&spawned);
	offer_session(plan, id);
	die_hook = NULL;
	wait_for_end(plan, opener);
	kill_and_reap();
	wait_for_opener(opener);
	clean_up();
	return 0;
}
