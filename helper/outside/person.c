/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking people up. The results live as long as the process.
 */
#include "helper/outside/person.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"
#include "helper/privs.h"
#include "protocol/message.h"
#include "protocol/session.h"

enum { LOOKUP_TIMEOUT_MS = 10000, ENTRY_BYTES = 1 << 16, GROUPS_MAX = 65536 };

static char *copy(const char *text)
{
	char *result = strdup(text ? text : "");

	if (!result)
		die("out of memory");
	return result;
}

static void *zeroed(size_t count, size_t size)
{
	void *result = calloc(count ? count : 1, size);

	if (!result)
		die("out of memory");
	return result;
}

static void account_fill(struct identity *person, const struct passwd *entry)
{
	person->name = copy(entry->pw_name);
	person->gecos = copy(entry->pw_gecos);
	person->home = copy(entry->pw_dir && entry->pw_dir[0] == '/' ? entry->pw_dir : "/");
	person->shell = copy(entry->pw_shell && entry->pw_shell[0] == '/' ? entry->pw_shell : "/bin/sh");
}

/* The account of a uid in /etc/passwd. Returns whether it is there. */
static bool account_from_file(struct identity *person)
{
	static char buffer[ENTRY_BYTES];
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd entry, *found = NULL;
	bool is_found = false;

	if (!file)
		return false;
	while (!is_found && fgetpwent_r(file, &entry, buffer, sizeof(buffer), &found) == 0)
		if (found->pw_uid == person->uid) {
			account_fill(person, found);
			is_found = true;
		}
	fclose(file);
	return is_found;
}

/* Names of the groups a person has, and the gid of "tty". Returns how many of the person's groups stayed without. */
static size_t group_names_from_file(struct identity *person, struct identity_group *groups)
{
	static char buffer[ENTRY_BYTES];
	FILE *file = fopen("/etc/group", "re");
	struct group entry, *found = NULL;
	size_t missing = 0;

	while (file && fgetgrent_r(file, &entry, buffer, sizeof(buffer), &found) == 0) {
		if (strcmp(found->gr_name, "tty") == 0)
			person->tty_gid = found->gr_gid;
		if (found->gr_gid == person->gid && !person->primary_group_name)
			person->primary_group_name = copy(found->gr_name);
		for (size_t i = 0; i < person->group_count; i++)
			if (groups[i].gid == found->gr_gid && !groups[i].name)
				groups[i].name = copy(found->gr_name);
	}
	if (file)
		fclose(file);
	missing += !person->primary_group_name;
	for (size_t i = 0; i < person->group_count; i++)
		missing += !groups[i].name;
	return missing;
}

static struct identity_group *caller_groups(struct identity *person)
{
	int count = getgroups(0, NULL);

	if (count < 0 || count > GROUPS_MAX)
		die_errno("read groups");
	gid_t *gids = zeroed((size_t)count, sizeof(*gids));
	struct identity_group *groups = zeroed((size_t)count, sizeof(*groups));
	if (getgroups(count, gids) != count)
		die_errno("read groups");
	for (int i = 0; i < count; i++)
		groups[i].gid = gids[i];
	free(gids);
	person->groups = groups;
	person->group_count = (size_t)count;
	return groups;
}

/* --- the name service, asked by a program of its own ---------------------------------------------------------------------*/

/* Beside a helper that is run from where it was built; a set-uid one was perhaps put somewhere else by its caller, and
 * takes the installed program only. */
static const char *lookup_program(char *path, size_t size)
{
	static const char name[] = "sandbox-lookup";
	ssize_t length = geteuid() != getuid() ? -1 : readlink("/proc/self/exe", path, size - sizeof(name));

	if (length > 0) {
		path[length] = '\0';
		char *slash = strrchr(path, '/');
		if (slash) {
			memcpy(slash + 1, name, sizeof(name));
			if (access(path, X_OK) == 0)
				return path;
		}
	}
	return LIBEXECDIR "/sandbox-lookup";
}

/* In the child: nothing of ours but the socket, as descriptor 1. */
static noreturn void execute_lookup(bool privileged, uid_t uid, gid_t gid, int socket, char **arguments)
{
	char path[4096], *const environment[] = {NULL};
	const char *program = lookup_program(path, sizeof(path));

	if (privileged)
		privs_become(uid, gid, NULL, 0);
	if (dup2(socket, STDOUT_FILENO) < 0)
		_exit(EXIT_REFUSED);
	execve(program, arguments, environment);
	_exit(EXIT_NOT_FOUND);
}

/* Returns whether there is such an account; fills *ret_request, whose memory lives as long as the process. */
static bool lookup(char **arguments, bool privileged, uid_t uid, gid_t gid, struct session_request *ret_request)
{
	static char buffer[MESSAGE_TEXT_MAX + 1];
	struct message message;
	int pair[2], status;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		die_errno("name service look-up");
	pid_t child = fork();
	if (child < 0)
		die_errno("name service look-up");
	if (child == 0)
		execute_lookup(privileged, uid, gid, pair[1], arguments);
	close(pair[1]);
	struct pollfd poller = {.fd = pair[0], .events = POLLIN};
	int ready;
	do
		ready = poll(&poller, 1, LOOKUP_TIMEOUT_MS);
	while (ready < 0 && errno == EINTR);
	int got = ready == 1 ? message_receive(pair[0], &message, buffer, sizeof(buffer), MSG_DONTWAIT) : -1;
	kill(child, SIGKILL); /* not reaped yet, so the number is still its own */
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	close(pair[0]);
	if (got == 1 && message.kind == MESSAGE_NOT_CONFINED)
		return false;
	if (got != 1 || message.kind != MESSAGE_SESSION ||
	    session_request_read(message.text, message.length, ret_request) != 0)
		die("the name service did not answer");
	return true;
}

/* Asks for what the files do not say of the caller. Ids and groups are the kernel's word; only names and the account come
 * from a program that the caller can disturb. */
static void complete_caller(struct identity *person, struct identity_group *groups, bool known)
{
	char **arguments = zeroed(person->group_count + 5, sizeof(*arguments));
	size_t next = 0;
	struct session_request request;

	arguments[next++] = copy("sandbox-lookup");
	arguments[next++] = copy("ids");
	for (size_t i = 0; i < person->group_count + 2; i++) {
		char number[16];
		unsigned id = i == 0 ? person->uid : i == 1 ? person->gid : groups[i - 2].gid;
		snprintf(number, sizeof(number), "%u", id);
		arguments[next++] = copy(number);
	}
	if (!lookup(arguments, geteuid() == 0 && person->uid != 0, person->uid, person->gid, &request) ||
	    request.person.group_count != person->group_count)
		die("the name service did not answer");
	if (!known) {
		person->name = request.person.name;
		person->gecos = request.person.gecos;
		person->home = request.person.home;
		person->shell = request.person.shell;
	}
	if (!person->primary_group_name)
		person->primary_group_name = request.person.primary_group_name;
	if (person->tty_gid == (gid_t)-1)
		person->tty_gid = request.person.tty_gid;
	for (size_t i = 0; i < person->group_count; i++)
		if (!groups[i].name)
			groups[i].name = request.person.groups[i].name;
}

const struct identity *person_caller(void)
{
	static struct identity person;

	person = (struct identity){.uid = getuid(), .gid = getgid(), .tty_gid = (gid_t)-1};
	struct identity_group *groups = caller_groups(&person);
	bool known = account_from_file(&person);
	if (group_names_from_file(&person, groups) != 0 || !known)
		complete_caller(&person, groups, known);
	return &person;
}

const struct identity *person_by_name(const char *name, bool privileged)
{
	static struct session_request request;
	static char program[] = "sandbox-lookup", kind[] = "name";
	char *arguments[] = {program, kind, (char *)(uintptr_t)name, NULL};

	if (!lookup(arguments, privileged, 65534, 65534, &request))
		return NULL;
	return &request.person;
}
