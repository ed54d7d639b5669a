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

/* What a name service returns may hold anything. A colon or the end of a line would make another field or entry of it. */
static bool is_field(const char *text)
{
	return !strpbrk(text, ":\n");
}

/* Whether getpwent(3) and getgrent(3) read a line that begins with it as an entry of this name: blanks before it are skipped,
 * "#" makes a comment, "+" and "-" are left to NIS (nsswitch.conf(5)), and a comma ends the name of a group's member. */
static bool is_account_name(const char *name)
{
	for (const char *at = name; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f || *at == ',')
			return false;
	return *name && !strchr(" #+-", *name) && is_field(name);
}

/* Gives no entry to a person who would be found there as someone else, or not at all. */
static int check_person(const struct draft *draft)
{
	const struct identity *person = draft->person;
	const char *wrong = !is_account_name(person->name) ? "name"
	                    : !is_field(person->home)      ? "home directory"
	                    : !is_field(person->shell)     ? "shell"
	                                                   : NULL;
	char quoted[256];

	if (!wrong)
		return 0;
	policy_error_add(draft->errors, false, draft->profile->name, 0, 0, NULL,
	                 "%s: this %s cannot be written to passwd(5)",
	                 quote_bytes(quoted, sizeof(quoted), person->name, strlen(person->name)), wrong);
	return -1;
}

/* Nobody relies on what stands in here. */
static void put_gecos(FILE *stream, const char *gecos)
{
	for (; gecos && *gecos; gecos++)
		if (*gecos != ':' && (unsigned char)*gecos >= ' ' && *gecos != 0x7f)
			putc(*gecos, stream);
}

static void put_account(FILE *stream, const char *name, uid_t uid, gid_t gid, const char *gecos, const char *home,
                        const char *shell)
{
	fprintf(stream, "%s:x:%u:%u:", name, uid, gid);
	put_gecos(stream, gecos);
	fprintf(stream, ":%s:%s\n", home, shell);
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

/* A group without a name, or with one that would not be read as it, is listed by its number: a login program that reads its
 * groups here, for initgroups(3), would else lose it, and with it what it is used to bar. */
static void put_group(FILE *stream, const char *name, gid_t gid, const char *member)
{
	if (name && is_account_name(name))
		fprintf(stream, "%s:x:%u:%s\n", name, gid, member);
	else
		fprintf(stream, "%u:x:%u:%s\n", gid, gid, member);
}

static bool is_listed(const struct identity *person, gid_t gid)
{
	if (gid == person->gid)
		return person->primary_group_name != NULL;
	for (size_t i = 0; i < person->group_count; i++)
		if (person->groups[i].gid == gid)
			return true;
	return false;
}

static plan_ref group_text(struct draft *draft)
{
	const struct identity *person = &draft->inside;
	const struct identity_group always[] = {
	        {0,               "root"   },
                {person->tty_gid, "tty"    },
                {65534,           "nogroup"}
        };
	struct text text;

	if (!text_open(&text, draft))
		return 0;
	if (person->primary_group_name)
		put_group(text.stream, person->primary_group_name, person->gid, "");
	/* All of them, also where only one is in force. */
	for (size_t i = 0; i < person->group_count; i++)
		if (person->groups[i].gid != person->gid)
			put_group(text.stream, person->groups[i].name, person->groups[i].gid, person->name);
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (always[i].gid != (gid_t)-1 && !is_listed(person, always[i].gid))
			put_group(text.stream, always[i].name, always[i].gid, "");
	return text_close(&text);
}

static struct plan_step *add_step(struct draft *draft, struct draft_vector *steps, enum plan_step_kind kind,
                                  const char *name)
{
	plan_ref target = draft_format(draft, "/etc/%s", name);
	struct etc_step *added = draft_add(draft, steps, sizeof(*added));

	*added = (struct etc_step){
	        .step = {.kind = kind, .target = target},
                  .origin = {.key = KEY_Etc           }
        };
	return &added->step;
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
		plan_ref image = draft_string(draft, root);
		struct etc_step *added = draft_add(draft, steps, sizeof(*added));
		struct plan_step *step = &added->step;
		added->origin = (struct plan_origin){KEY_EtcFiles, (uint16_t)i};
		step->kind = STEP_COPY;
		step->source = step->target = path;
		step->text = image;
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
	if (check_person(draft) != 0)
		return -1;
	plan_ref name = draft_format(draft, "%s\n", shown ? shown : "localhost");

	plan_ref directory = draft_string(draft, "/etc");
	*(struct etc_step *)draft_add(draft, ret_steps, sizeof(struct etc_step)) = (struct etc_step){
	        .step = {.kind = STEP_DIRECTORY, .target = directory, .mode = 0755},
	        .origin = {.key = KEY_Etc         },
	};
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
