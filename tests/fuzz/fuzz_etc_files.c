/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A person with any names at all, groups too: fgetpwent(3) and fgetgrent(3) find in the generated passwd and group exactly
 * the accounts that are meant, or the person is refused.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

#include "config/etc_files.h"

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>

enum { GROUPS_MAX = 8 };

/* --- what the readers take --- */

static FILE *open_text(const char *text)
{
	FILE *stream = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	HOLDS(stream);
	return stream;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

/* The name in an entry of its own is read as it. "+" and "-" in front are passed over by who looks names up (nss_files). */
static bool reads_as_name(const char *name)
{
	char *line = NULL;

	HOLDS(asprintf(&line, "%s:x:1:1:::\n", name) > 0);
	FILE *stream = open_text(line);
	const struct passwd *entry = fgetpwent(stream);
	bool same = entry && strcmp(entry->pw_name, name) == 0 && entry->pw_uid == 1 && *name != '+' && *name != '-' &&
	            *name != '\0';
	same = same && !fgetpwent(stream);
	fclose(stream);
	free(line);
	return same;
}

/* A member's name is read as it. */
static bool reads_as_member(const char *name)
{
	char *line = NULL;

	HOLDS(asprintf(&line, "g:x:1:%s\n", name) > 0);
	FILE *stream = open_text(line);
	const struct group *entry = fgetgrent(stream);
	bool same = entry && entry->gr_mem[0] && strcmp(entry->gr_mem[0], name) == 0 && !entry->gr_mem[1];
	fclose(stream);
	free(line);
	return same;
}

static bool is_kept(const char *name)
{
	return name && reads_as_name(name) && reads_as_member(name) && !has_control(name);
}

/* --- what is meant --- */

static void expect_account(FILE *stream, const char *name, uid_t uid, gid_t gid, const char *home, const char *shell)
{
	const struct passwd *entry = fgetpwent(stream);

	HOLDS(entry && strcmp(entry->pw_name, name) == 0 && entry->pw_uid == uid && entry->pw_gid == gid);
	HOLDS(strcmp(entry->pw_dir, home) == 0 && strcmp(entry->pw_shell, shell) == 0);
	HOLDS(strcmp(entry->pw_passwd, "x") == 0);
}

static void check_passwd(const struct identity *person, const char *text)
{
	FILE *stream = open_text(text);

	if (person->uid != 0)
		expect_account(stream, "root", 0, 0, "/root", "/usr/sbin/nologin");
	expect_account(stream, person->name, person->uid, person->gid, person->home, person->shell);
	if (person->uid != 65534)
		expect_account(stream, "nobody", 65534, 65534, "/nonexistent", "/usr/sbin/nologin");
	HOLDS(!fgetpwent(stream));
	fclose(stream);
}

static void expect_group(FILE *stream, const char *name, gid_t gid, const char *member)
{
	bool kept = is_kept(name); /* before: there is one static struct group */
	const struct group *entry = fgetgrent(stream);
	char number[16];

	HOLDS(entry && entry->gr_gid == gid);
	snprintf(number, sizeof(number), "%u", gid);
	HOLDS(strcmp(entry->gr_name, kept ? name : number) == 0);
	if (!member)
		HOLDS(!entry->gr_mem[0]);
	else
		HOLDS(entry->gr_mem[0] && strcmp(entry->gr_mem[0], member) == 0 && !entry->gr_mem[1]);
}

static bool has_group(const struct identity *person, gid_t gid)
{
	bool found = gid == person->gid && person->primary_group_name;

	for (size_t i = 0; i < person->group_count; i++)
		found |= person->groups[i].gid == gid && gid != person->gid;
	return found;
}

static void check_group(const struct identity *person, const char *text)
{
	FILE *stream = open_text(text);

	if (person->primary_group_name)
		expect_group(stream, person->primary_group_name, person->gid, NULL);
	for (size_t i = 0; i < person->group_count; i++)
		if (person->groups[i].gid != person->gid)
			expect_group(stream, person->groups[i].name, person->groups[i].gid, person->name);
	if (!has_group(person, 0))
		expect_group(stream, "root", 0, NULL);
	if (person->tty_gid != (gid_t)-1 && !has_group(person, person->tty_gid))
		expect_group(stream, "tty", person->tty_gid, NULL);
	if (!has_group(person, 65534))
		expect_group(stream, "nogroup", 65534, NULL);
	HOLDS(!fgetgrent(stream));
	fclose(stream);
}

/* --- making them --- */

static const struct profile *profile(void)
{
	static struct profile *made;
	struct policy_errors errors = {0};
	struct policy *policy = NULL;

	if (made)
		return made;
	HOLDS(policy_parse(&policy_builtin, 1, &policy, &errors) == 0);
	HOLDS(policy_select_run(policy, "default", true, &made, &errors) == 0);
	policy_free(policy);
	return made;
}

static const char *file_text(const struct draft *draft, const struct draft_vector *steps, const char *path)
{
	const struct etc_step *list = steps->items;

	for (uint32_t i = 0; i < steps->count; i++)
		if (list[i].step.kind == STEP_FILE && strcmp(draft_text(draft, list[i].step.target), path) == 0)
			return draft_text(draft, list[i].step.text);
	holds_not("the file is there", __FILE__, __LINE__);
	return "";
}

static void try(const struct identity *person)
{
	struct policy_errors errors = {0};
	struct draft draft = {.profile = profile(),
	                      .person = person,
	                      .inside = *person,
	                      .facts = &machines[0],
	                      .errors = &errors};
	struct draft_vector steps = {0};

	if (etc_files_plan(&draft, &steps) == 0) {
		HOLDS(!draft.failed && errors.errors == 0);
		check_passwd(person, file_text(&draft, &steps, "/etc/passwd"));
		check_group(person, file_text(&draft, &steps, "/etc/group"));
	} else {
		HOLDS(errors.errors == 1);
		HOLDS(!is_kept(person->name) || strpbrk(person->home, ":\n") || strpbrk(person->shell, ":\n"));
	}
	policy_errors_clear(&errors);
	free(steps.items);
	free(draft.strings.items);
}

/* Ids, then the names, each ended by a byte 0x01; group names that are empty are unknown. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const uint32_t ids[] = {0, 5, 1000, 65534, 4294967294u, (uint32_t)-1};
	struct input input = {data, data + size};
	struct identity_group groups[GROUPS_MAX];
	char *texts[5 + GROUPS_MAX];
	struct identity person = {.groups = groups, .group_count = take(&input, 1) % (GROUPS_MAX + 1)};

	person.uid = ids[take(&input, 1) % 5];
	person.gid = ids[take(&input, 1) % 5];
	person.tty_gid = ids[take(&input, 1) % 6];
	for (size_t i = 0; i < person.group_count; i++) {
		uint32_t kind = take(&input, 1);
		groups[i].gid = kind < 5 ? ids[kind] : 2000 + kind;
	}
	for (size_t i = 0; i < COUNT(texts); i++)
		texts[i] = take_text(&input, NULL);
	person.name = texts[0];
	person.home = texts[1];
	person.shell = texts[2];
	person.gecos = texts[3];
	person.primary_group_name = *texts[4] ? texts[4] : NULL;
	for (size_t i = 0; i < person.group_count; i++)
		groups[i].name = *texts[5 + i] ? texts[5 + i] : NULL;
	/* What config/identity.h promises of a person. */
	if (*person.name && *person.home == '/' && *person.shell == '/')
		try(&person);
	for (size_t i = 0; i < COUNT(texts); i++)
		free(texts[i]);
	return 0;
}
