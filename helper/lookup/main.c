/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox-lookup: asks the name service for the helper, which has dropped its privilege before it executes this program and
 * is linked statically, so that no module of a name service is ever loaded into it. Answers with one message of
 * protocol/session.h on descriptor 1.
 *
 *	sandbox-lookup name NAME               an account with all its groups
 *	sandbox-lookup ids UID GID [GID ...]   names for a uid, its group and supplementary groups
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/message.h"
#include "protocol/session.h"

enum { GROUPS_MAX = 65536 };

static char *copy(const char *text)
{
	char *result = text ? strdup(text) : NULL;

	if (text && !result)
		_exit(EXIT_FAILURE);
	return result;
}

static void *zeroed(size_t count, size_t size)
{
	void *result = calloc(count ? count : 1, size);

	if (!result)
		_exit(EXIT_FAILURE);
	return result;
}

/* An account without a name service entry still is somebody: its number, no home, the plainest shell. */
static void fill_account(struct identity *person, const struct passwd *entry)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", person->uid);
	person->name = copy(entry ? entry->pw_name : number);
	person->gecos = copy(entry ? entry->pw_gecos : "");
	person->home = copy(entry && entry->pw_dir && entry->pw_dir[0] == '/' ? entry->pw_dir : "/");
	person->shell = copy(entry && entry->pw_shell && entry->pw_shell[0] == '/' ? entry->pw_shell : "/bin/sh");
}

static const char *group_name(gid_t gid)
{
	const struct group *entry = getgrgid(gid);

	return entry ? copy(entry->gr_name) : NULL;
}

static void answer(struct identity *person, struct identity_group *groups)
{
	static char text[MESSAGE_TEXT_MAX];
	const struct group *tty = getgrnam("tty");

	person->tty_gid = tty ? tty->gr_gid : (gid_t)-1;
	for (size_t i = 0; i < person->group_count; i++)
		groups[i].name = group_name(groups[i].gid);
	person->groups = groups;
	person->primary_group_name = group_name(person->gid);
	const struct session_request request = {.person = *person, .service = "-"};
	long length = session_request_write(&request, text, sizeof(text));
	const struct message message = {.kind = MESSAGE_SESSION, .text = text, .length = (uint32_t)length};
	if (length < 0 || message_send(STDOUT_FILENO, &message) != 0)
		_exit(EXIT_FAILURE);
}

static int by_name(const char *name)
{
	const struct passwd *entry = getpwnam(name);
	int count = GROUPS_MAX;

	if (!entry)
		return message_send_value(STDOUT_FILENO, MESSAGE_NOT_CONFINED, 0) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	struct identity person = {.uid = entry->pw_uid, .gid = entry->pw_gid};
	fill_account(&person, entry);
	gid_t *gids = zeroed(GROUPS_MAX, sizeof(*gids));
	if (getgrouplist(person.name, person.gid, gids, &count) < 0)
		_exit(EXIT_FAILURE);
	struct identity_group *groups = zeroed((size_t)count, sizeof(*groups));
	for (int i = 0; i < count; i++)
		groups[i].gid = gids[i];
	free(gids);
	person.group_count = (size_t)count;
	answer(&person, groups);
	return EXIT_SUCCESS;
}

static int by_ids(int count, char **numbers)
{
	struct identity person = {.uid = (uid_t)strtoul(numbers[0], NULL, 10),
	                          .gid = (gid_t)strtoul(numbers[1], NULL, 10)};
	struct identity_group *groups = zeroed((size_t)count, sizeof(*groups));

	fill_account(&person, getpwuid(person.uid));
	person.group_count = (size_t)count - 2;
	for (size_t i = 0; i < person.group_count; i++)
		groups[i].gid = (gid_t)strtoul(numbers[i + 2], NULL, 10);
	answer(&person, groups);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "name") == 0)
		return by_name(argv[2]);
	if (argc >= 4 && strcmp(argv[1], "ids") == 0)
		return by_ids(argc - 2, argv + 2);
	fputs("sandbox-lookup: called by sandbox-helper only\n", stderr);
	return EXIT_FAILURE;
}
