/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Look-ups of the person, through pam_modutil: its results belong to the handle, so that the host's own
 * getpwnam(3) buffers stay as they are. PAM_USER is what a remote client typed and is treated so (threats
 * E1).
 */
#include "pam_module/person.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>
#include <security/pam_modutil.h>

static const char exempt_group[] = "sandbox-exempt";

enum {
	NAME_LENGTH_MAX = 255,
	ITEM_LENGTH_MAX = 1024,
	GROUPS_FIRST_TRY = 64,
	GROUPS_MAX = 65536, /* NGROUPS_MAX of the kernel */
};

/* Look-ups tell "none" and "could not look" alike but for errno, which is to be cleared before (getgrnam(3)). A group that is
 * left out would open what it bars. */
static bool look_up_failed(void)
{
	return errno == EIO || errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

/* What no account can be called: passwd(5) ends the name at ":", and "/" would make it a path. */
static bool plausible_name(const char *name)
{
	size_t length = strnlen(name, NAME_LENGTH_MAX + 1);

	if (length == 0 || length > NAME_LENGTH_MAX || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f || name[i] == ':' || name[i] == '/')
			return false;
	return true;
}

static gid_t *group_list(const struct passwd *account, size_t *ret_count)
{
	int room = GROUPS_FIRST_TRY;
	gid_t *gids = NULL;

	for (;;) {
		gid_t *larger = reallocarray(gids, (size_t)room, sizeof(*gids));
		int count = room;
		if (!larger)
			break;
		gids = larger;
		errno = 0;
		int result = getgrouplist(account->pw_name, account->pw_gid, gids, &count);
		if (look_up_failed())
			break;
		if (result >= 0) {
			*ret_count = (size_t)count;
			return gids;
		}
		/* getgrouplist(3): count is now the room needed; the database may grow meanwhile. */
		if (room >= GROUPS_MAX)
			break;
		room = count > room ? count : room * 2;
		room = room > GROUPS_MAX ? GROUPS_MAX : room;
	}
	free(gids);
	return NULL;
}

static const char *group_name(pam_handle_t *pamh, gid_t gid, bool *failed)
{
	errno = 0;
	const struct group *group = pam_modutil_getgrgid(pamh, gid);

	*failed |= !group && look_up_failed();
	return group ? group->gr_name : NULL;
}

static gid_t tty_group(pam_handle_t *pamh, bool *failed)
{
	errno = 0;
	const struct group *tty = pam_modutil_getgrnam(pamh, "tty");

	*failed |= !tty && look_up_failed();
	return tty ? tty->gr_gid : (gid_t)-1;
}

static void look_up_groups(pam_handle_t *pamh, const struct passwd *account, struct session_request *request,
                           bool *failed)
{
	size_t count = 0;
	gid_t *gids = group_list(account, &count);
	struct identity_group *groups = gids ? calloc(count ? count : 1, sizeof(*groups)) : NULL;

	if (groups)
		for (size_t i = 0; i < count; i++)
			groups[i] = (struct identity_group){.gid = gids[i], .name = group_name(pamh, gids[i], failed)};
	free(gids);
	request->memory = groups;
	request->person.groups = groups;
	request->person.group_count = groups ? count : 0;
	*failed |= !groups;
}

static const char *or_if_empty(const char *path, const char *fallback)
{
	return path && path[0] != '\0' ? path : fallback;
}

enum outcome person_look_up(pam_handle_t *pamh, struct session_request *ret_request)
{
	struct session_request request = {0};
	const void *item = NULL;
	char line[QUOTED_SIZE];

	const struct passwd *account = NULL;
	if (pam_get_item(pamh, PAM_USER, &item) == PAM_SUCCESS && item && plausible_name(item))
		account = pam_modutil_getpwnam(pamh, item);
	if (!account || account->pw_uid == (uid_t)-1 || account->pw_gid == (gid_t)-1) {
		pam_syslog(pamh, LOG_NOTICE, "no such person: \"%s\"", quoted(item, line));
		return OUTCOME_UNKNOWN_PERSON;
	}
	bool failed = false;
	request.person = (struct identity){
	        .uid = account->pw_uid,
	        .gid = account->pw_gid,
	        .name = account->pw_name,
	        .primary_group_name = group_name(pamh, account->pw_gid, &failed),
	        .gecos = account->pw_gecos ? account->pw_gecos : "",
	        .home = or_if_empty(account->pw_dir, "/"),
	        .shell = or_if_empty(account->pw_shell, "/bin/sh"), /* passwd(5): an empty field */
	        .tty_gid = tty_group(pamh, &failed),
	};
	/* Root needs no group, and is let in also where there is no memory for them. */
	if (account->pw_uid != 0)
		look_up_groups(pamh, account, &request, &failed);
	if (failed && !person_exempt(pamh, &request.person)) {
		pam_syslog(pamh, LOG_ERR, "cannot look up the groups of \"%s\"", quoted(account->pw_name, line));
		session_request_free(&request);
		return OUTCOME_BROKEN;
	}
	*ret_request = request;
	return OUTCOME_OK;
}

bool person_exempt(pam_handle_t *pamh, const struct identity *person)
{
	if (person->uid == 0)
		return true;
	const struct group *exempt = pam_modutil_getgrnam(pamh, exempt_group);
	for (size_t i = 0; i < person->group_count; i++) {
		const struct identity_group *group = &person->groups[i];
		if ((exempt && group->gid == exempt->gr_gid) || (group->name && strcmp(group->name, exempt_group) == 0))
			return true;
	}
	return false;
}

/* An item is told, never used for a decision; one of absurd length is left out. */
static const char *told_item(pam_handle_t *pamh, int type)
{
	const void *item = NULL;

	if (pam_get_item(pamh, type, &item) != PAM_SUCCESS || !item ||
	    strnlen(item, ITEM_LENGTH_MAX) == ITEM_LENGTH_MAX)
		return NULL;
	return item;
}

enum outcome person_add_login(pam_handle_t *pamh, struct session_request *request)
{
	const struct identity *person = &request->person;
	char line[QUOTED_SIZE];

	request->service = told_item(pamh, PAM_SERVICE);
	request->terminal = told_item(pamh, PAM_TTY);
	request->remote_host = told_item(pamh, PAM_RHOST);
	request->remote_user = told_item(pamh, PAM_RUSER);
	if (!request->service) {
		pam_syslog(pamh, LOG_ERR, "the login program names no service");
		return OUTCOME_BROKEN;
	}
	if (person->home[0] != '/' || person->shell[0] != '/') {
		pam_syslog(pamh, LOG_ERR, "the account \"%s\" has a home or shell that is not an absolute path",
		           quoted(person->name, line));
		return OUTCOME_REFUSED;
	}
	return OUTCOME_OK;
}
