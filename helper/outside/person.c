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

/* --- the name service, asked by a child -------------------------------------------------------------------------------*/

static void name_group(struct identity_group *group)
{
	struct group *entry = getgrgid(group->gid);

	group->name = entry ? copy(entry->gr_name) : NULL;
}

static void account_groups(struct identity *person)
{
	int count = 256;
	gid_t *gids = zeroed(GROUPS_MAX, sizeof(*gids));

	count = GROUPS_MAX;
	if (getgrouplist(person->name, person->gid, gids, &count) < 0)
		die("too many groups");
	struct identity_group *groups = zeroed((size_t)count, sizeof(*groups));
	for (int i = 0; i < count; i++)
		groups[i].gid = gids[i];
	free(gids);
	person->groups = groups;
	person->group_count = (size_t)count;
}

/* Runs in the child. by_name NULL: complete what is missing of a person known by ids. */
static void ask_name_service(struct identity *person, const char *by_name, int socket)
{
	static char text[MESSAGE_TEXT_MAX];
	struct passwd *entry = by_name ? getpwnam(by_name) : person->name ? NULL : getpwuid(person->uid);

	if (entry) {
		account_fill(person, entry);
		person->uid = entry->pw_uid;
		if (by_name)
			person->gid = entry->pw_gid;
	} else if (by_name) {
		message_send_value(socket, MESSAGE_NOT_CONFINED, 0); /* no such account */
		return;
	}
	if (!person->name) {
		char number[16];
		snprintf(number, sizeof(number), "%u", person->uid);
		person->name = copy(number);
		person->home = "/";
		person->shell = "/bin/sh";
	}
	if (by_name)
		account_groups(person);
	struct identity_group *groups = zeroed(person->group_count, sizeof(*groups));
	memcpy(groups, person->groups, person->group_count * sizeof(*groups));
	for (size_t i = 0; i < person->group_count; i++)
		if (!groups[i].name)
			name_group(&groups[i]);
	person->groups = groups;
	struct identity_group primary = {.gid = person->gid, .name = person->primary_group_name};
	if (!primary.name)
		name_group(&primary);
	person->primary_group_name = primary.name;
	struct group *tty = person->tty_gid == (gid_t)-1 ? getgrnam("tty") : NULL;
	if (tty)
		person->tty_gid = tty->gr_gid;

	struct session_request request = {.person = *person, .service = "-"};
	long length = session_request_write(&request, text, sizeof(text));
	struct message message = {.kind = MESSAGE_SESSION, .text = text, .length = (uint32_t)length};
	if (length < 0 || message_send(socket, &message) != 0)
		_exit(1);
}

static void child_hook(const char *text, int error)
{
	(void)text;
	(void)error; /* the parent says that the look-up failed */
}

/* Returns the person, NULL for "no such account". */
static const struct identity *lookup(struct identity *person, const char *by_name, bool privileged, uid_t uid, gid_t gid)
{
	static char buffer[MESSAGE_TEXT_MAX + 1];
	struct session_request request;
	struct message message;
	int pair[2], status;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		die_errno("name service look-up");
	pid_t child = fork();
	if (child < 0)
		die_errno("name service look-up");
	if (child == 0) {
		die_hook = child_hook;
		if (privileged)
			privs_become(uid, gid, NULL, 0);
		ask_name_service(person, by_name, pair[1]);
		_exit(0);
	}
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
		return NULL;
	if (got != 1 || message.kind != MESSAGE_SESSION ||
	    session_request_read(message.text, message.length, &request) != 0)
		die("the name service did not answer for %s", by_name ? by_name : "the caller");
	*person = request.person; /* its memory lives as long as the process */
	return person;
}

const struct identity *person_caller(void)
{
	static struct identity person;

	person = (struct identity){.uid = getuid(), .gid = getgid(), .tty_gid = (gid_t)-1};
	struct identity_group *groups = caller_groups(&person);
	bool known = account_from_file(&person);
	if (group_names_from_file(&person, groups) == 0 && known)
		return &person;
	struct identity asked = person;
	bool privileged = geteuid() == 0 && person.uid != 0;
	lookup(&asked, NULL, privileged, person.uid, person.gid);
	/* Ids and groups are the kernel's word; only names and the account may come from a child the caller could disturb. */
	asked.uid = person.uid;
	asked.gid = person.gid;
	if (asked.group_count != person.group_count)
		die("the name service changed the caller's groups");
	for (size_t i = 0; i < person.group_count; i++)
		groups[i].name = asked.groups[i].gid == groups[i].gid ? asked.groups[i].name : NULL;
	asked.groups = groups;
	person = asked;
	return &person;
}

const struct identity *person_by_name(const char *name, bool privileged)
{
	static struct identity person;

	person = (struct identity){.tty_gid = (gid_t)-1};
	return lookup(&person, name, privileged, 65534, 65534);
}
