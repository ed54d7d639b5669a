/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The generated /etc. passwd and group list the person, root and nobody; the files of EtcFiles= are copied by the executor
 * with the person's rights, so that what the person may not read is not there.
 */
#include "config/etc_files.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/mount.h>

#include "config/policy.h"

struct text {
	char *bytes;
	size_t length;
	FILE *stream;
	struct draft *draft;
};

static bool text_open(struct text *text, struct draft *draft)
{
	*text = (struct text){.draft = draft};
	text->stream = open_memstream(&text->bytes, &text->length);
	if (!text->stream)
		draft->failed = true;
	return text->stream != NULL;
}

static plan_ref text_close(struct text *text)
{
	if (fclose(text->stream) != 0)
		text->draft->failed = true;
	plan_ref ref = draft_bytes(text->draft, text->bytes, text->length);
	free(text->bytes);
	return ref;
}

/* A field of passwd(5): what a name service returns may hold anything, a colon or a newline would make another entry. */
static void put_field(FILE *stream, const char *field, char end)
{
	for (; field && *field; field++)
		if (*field != ':' && (unsigned char)*field >= ' ' && *field != 0x7f)
			putc(*field, stream);
	putc(end, stream);
}

static void put_account(FILE *stream, const char *name, uid_t uid, gid_t gid, const char *gecos, const char *home,
                        const char *shell)
{
	put_field(stream, name, ':');
	fprintf(stream, "x:%u:%u:", uid, gid);
	put_field(stream, gecos, ':');
	put_field(stream, home, ':');
	put_field(stream, shell, '\n');
}

static plan_ref passwd_text(struct draft *draft)
{
	const struct identity *person = &draft->inside;
	struct text text;

	if (!text_open(&text, draft))
		return 0;
	if (person->uid != 0)
		put_account(text.stream, "root", 0, 0, "root", "/root", "/usr/sbin/nologin");
	put_account(text.stream, person->name, person->uid, person->gid, person->gecos, person->home, person->shell);
	for (size_t i = 0; i < draft->facts->account_count; i++) {
		const struct account *account = &draft->facts->accounts[i];
		if (account->uid != 0 && account->uid != 65534 && account->uid != draft->person->uid)
			put_account(text.stream, account->name, account->uid, account->gid, account->gecos,
			            account->home, account->shell);
	}
	if (person->uid != 65534)
		put_account(text.stream, "nobody", 65534, 65534, "nobody", "/nonexistent", "/usr/sbin/nologin");
	return text_close(&text);
}

static void put_group(FILE *stream, const char *name, gid_t gid, const char *member)
{
	put_field(stream, name, ':');
	fprintf(stream, "x:%u:", gid);
	put_field(stream, member, '\n');
}

static plan_ref group_text(struct draft *draft)
{
	const struct identity *person = &draft->inside;
	bool root = person->gid == 0, nogroup = person->gid == 65534, tty = person->tty_gid == (gid_t)-1;
	struct text text;

	if (!text_open(&text, draft))
		return 0;
	if (person->primary_group_name)
		put_group(text.stream, person->primary_group_name, person->gid, NULL);
	/* All of them, also where only one is in force: a login program reads them here for initgroups(3). */
	for (size_t i = 0; i < person->group_count; i++) {
		const struct identity_group *group = &person->groups[i];
		if (group->gid == person->gid && group->name)
			continue;
		root |= group->gid == 0;
		nogroup |= group->gid == 65534;
		tty |= group->gid == person->tty_gid;
		if (group->name)
			put_group(text.stream, group->name, group->gid, person->name);
	}
	if (!root)
		put_group(text.stream, "root", 0, NULL);
	if (!tty)
		put_group(text.stream, "tty", person->tty_gid, NULL);
	if (!nogroup)
		put_group(text.stream, "nogroup", 65534, NULL);
	return text_close(&text);
}

static struct plan_step *add_step(struct draft *draft, struct draft_vector *steps, enum plan_step_kind kind,
                                  const char *name)
{
	plan_ref target = draft_format(draft, "/etc/%s", name);
	struct plan_step *step = draft_add(draft, steps, sizeof(*step));

	step->kind = kind;
	step->target = target;
	return step;
}

static void add_file(struct draft *draft, struct draft_vector *steps, const char *name, plan_ref bytes)
{
	struct plan_step *step = add_step(draft, steps, STEP_FILE, name);

	step->text = bytes;
	step->mode = 0644;
}

/* Whether the host's network can be reached, directly or translated. */
static bool has_network(const struct draft *draft)
{
	return !(draft->head.flags & PLAN_LOOPBACK) || (draft->head.flags & PLAN_OUTBOUND);
}

static bool is_generated(const struct draft *draft, const char *name)
{
	static const char *const always[] = {"passwd", "group", "hostname", "mtab"};

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (strcmp(name, always[i]) == 0)
			return true;
	/* the host's own table of hosts is of use only where its network is */
	return strcmp(name, "hosts") == 0 ? !has_network(draft)
	                                  : strcmp(name, "resolv.conf") == 0 && (draft->head.flags & PLAN_OUTBOUND);
}

/* Of use only to whoever reaches a network. */
static bool is_of_network(const char *name)
{
	static const char *const names[] = {"resolv.conf", "gai.conf"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strncmp(name, "ssh/", 4) == 0;
}

static int add_copies(struct draft *draft, struct draft_vector *steps)
{
	const struct value *files = profile_value(draft->profile, KEY_EtcFiles);
	const char *root = draft->facts->root_directory;

	for (size_t i = 0; i < files->word_count; i++) {
		const char *name = files->words[i].text;
		name += *name == '-';
		if (strncmp(name, "/etc/", 5) == 0)
			name += 5;
		if (is_generated(draft, name) || (!has_network(draft) && is_of_network(name)))
			continue;
		size_t length = strlen(name);
		if (length == 0 || *name == '/' || strstr(name, "..")) {
			policy_error_add(draft->errors, false, files->words[i].file, files->words[i].line, 0, NULL,
			                 "EtcFiles: names are relative to /etc, without ..");
			return -1;
		}
		bool files_of_directory = name[length - 1] == '/';
		plan_ref path = draft_format(draft, "/etc/%.*s", (int)(length - files_of_directory), name);
		plan_ref source = root ? draft_format(draft, "%s%s", root, draft_text(draft, path)) : path;
		struct plan_step *step = draft_add(draft, steps, sizeof(*step));
		step->kind = STEP_COPY;
		step->source = source;
		step->target = path;
		step->flags = STEP_IF_EXISTS | STEP_IF_ALLOWED | (files_of_directory ? STEP_RECURSIVE : 0) |
		              (root ? 0 : STEP_BY_NAME);
		step->attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	}
	return 0;
}

int etc_files_plan(struct draft *draft, struct draft_vector *ret_steps)
{
	const char *host_name = draft_text(draft, draft->head.host_name);
	const char *shown = *host_name ? host_name : draft->facts->host_name;
	plan_ref name = draft_format(draft, "%s\n", shown ? shown : "localhost");

	plan_ref directory = draft_string(draft, "/etc");
	*(struct plan_step *)draft_add(draft, ret_steps, sizeof(struct plan_step)) =
	        (struct plan_step){.kind = STEP_DIRECTORY, .target = directory, .mode = 0755};
	add_file(draft, ret_steps, "passwd", passwd_text(draft));
	add_file(draft, ret_steps, "group", group_text(draft));
	add_file(draft, ret_steps, "hostname", name);
	if (is_generated(draft, "hosts"))
		add_file(draft, ret_steps, "hosts",
		         draft_format(draft, "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s",
		                      draft_text(draft, name)));
	if (is_generated(draft, "resolv.conf")) /* slirp4netns(1), the name server it offers */
		add_file(draft, ret_steps, "resolv.conf", draft_string(draft, "nameserver 10.0.2.3\n"));
	plan_ref mounts = draft_string(draft, "/proc/self/mounts");
	add_step(draft, ret_steps, STEP_SYMLINK, "mtab")->source = mounts;
	return add_copies(draft, ret_steps);
}
