/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts that only some profiles ask for, so that nobody else's start pays for them. */
#include "helper/outside/facts.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/policy.h"
#include "helper/die.h"
#include "helper/io.h"
#include "helper/privs.h"

enum { SUBORDINATE_MAX = 1 << 30 };

static bool read_decimal(const char *text, uint32_t least, uint32_t most, uint32_t *ret_number)
{
	char *end;

	errno = 0;
	unsigned long number = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || errno || (*end && *end != '\n') || number < least || number > most)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

/* "NAME or UID:START:COUNT" (subuid(5)); the first line of the person counts. */
static struct id_range read_subordinate(const char *path, const struct identity *person)
{
	char line[1024], uid[16];
	struct id_range range = {0};
	FILE *file = fopen(path, "re");

	snprintf(uid, sizeof(uid), "%u", person->uid);
	while (file && range.count == 0 && fgets(line, sizeof(line), file)) {
		char *start = strchr(line, ':'), *count = start ? strchr(start + 1, ':') : NULL;
		if (!count)
			continue;
		*start++ = *count++ = '\0';
		if (strcmp(line, person->name) != 0 && strcmp(line, uid) != 0)
			continue;
		if (!read_decimal(start, 1, UINT32_MAX - SUBORDINATE_MAX - 1, &range.start) ||
		    !read_decimal(count, 1, SUBORDINATE_MAX, &range.count))
			die("%s: the range of %s is not usable", path, person->name);
	}
	if (file)
		fclose(file);
	return range;
}

/* The administrator may have taken the action out (seccomp(2), "/proc interfaces"). */
static bool logs_system_calls(void)
{
	char text[256], *position = NULL;

	if (read_text(AT_FDCWD, "/proc/sys/kernel/seccomp/actions_logged", text, sizeof(text)) < 0)
		return false;
	for (char *word = strtok_r(text, " \n", &position); word; word = strtok_r(NULL, " \n", &position))
		if (strcmp(word, "log") == 0)
			return true;
	return false;
}

static const char *copy(const char *text)
{
	char *result = strdup(text ? text : "");

	if (!result)
		die("out of memory");
	return result;
}

static bool find_account(const char *name, struct account *ret_account)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry = NULL;

	while (file && (entry = fgetpwent(file)) && strcmp(entry->pw_name, name) != 0)
		;
	if (entry)
		*ret_account = (struct account){.uid = entry->pw_uid,
		                                .gid = entry->pw_gid,
		                                .name = copy(entry->pw_name),
		                                .gecos = copy(entry->pw_gecos),
		                                .home = copy(entry->pw_dir),
		                                .shell = copy(entry->pw_shell)};
	if (file)
		fclose(file);
	return entry;
}

static void read_accounts(struct host_facts *facts, const struct value *names)
{
	struct account *accounts = calloc(names->word_count, sizeof(*accounts));

	if (!accounts)
		die("out of memory");
	for (size_t i = 0; i < names->word_count; i++)
		if (!find_account(names->words[i].text, &accounts[i]))
			die("EtcUsers: %s is not in /etc/passwd", names->words[i].text);
	facts->accounts = accounts;
	facts->account_count = names->word_count;
}

void facts_for_profile(struct host_facts *facts, const struct profile *profile, const struct identity *person)
{
	if (profile_value(profile, KEY_IDMap)->number == 2) { /* subid */
		facts->subordinate_uids = read_subordinate("/etc/subuid", person);
		facts->subordinate_gids = read_subordinate("/etc/subgid", person);
	}
	facts->seccomp_log = profile_value(profile, KEY_SystemCallLog)->word_count > 0 && logs_system_calls();
	if (profile_value(profile, KEY_EtcUsers)->word_count > 0)
		read_accounts(facts, profile_value(profile, KEY_EtcUsers));
	const struct value *root = profile_value(profile, KEY_RootDirectory);
	if (root->text && strcmp(root->text, "/") != 0) {
		struct policy_errors errors = {0};
		facts->root_directory = specifiers_expand(root->text, person, &errors);
		if (!facts->root_directory)
			die("RootDirectory: %s cannot be expanded", root->text);
		/* As the person, who may have the say about what is found under this name. */
		if (geteuid() == 0)
			privs_file_ids(person->uid, person->gid);
		facts_read_root(facts, facts->root_directory);
		privs_file_ids(geteuid(), getegid());
	}
}
