/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the translator of addresses of PrivateNetwork=outbound sees: the system's programs and libraries as the host has
 * them, whatever the policy or a caller binds into the sandbox's view; the name servers; the device it needs. Nothing else:
 * what it sees can be read in its /proc/PID/mounts from inside.
 */
#include "config/draft.h"

#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/policy.h"

static struct plan_step *add_step(struct draft *draft, enum plan_step_kind kind, const char *source, const char *target)
{
	plan_ref from = draft_string(draft, source), to = draft_string(draft, target);
	struct plan_step *step = draft_add(draft, &draft->translator_steps, sizeof(*step));

	step->kind = kind;
	step->source = from;
	step->target = to;
	step->flags = STEP_BY_NAME;
	step->attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	return step;
}

static bool is_system(const char *name)
{
	static const char *const names[] = {"usr", "bin", "lib", "lib32", "lib64", "libx32"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void add_entry(struct draft *draft, const struct root_entry *entry)
{
	char path[512];

	if (snprintf(path, sizeof(path), "/%s", entry->name) >= (int)sizeof(path))
		return;
	if (entry->kind == ROOT_SYMLINK) {
		add_step(draft, STEP_SYMLINK, entry->target, path);
		return;
	}
	struct plan_step *step = add_step(draft, STEP_BIND, path, path);
	step->mode = S_IFDIR | 0755;
	step->flags |= STEP_RECURSIVE;
}

int plan_outbound(struct draft *draft)
{
	static const char *const copies[] = {"/etc/resolv.conf", "/etc/ld.so.cache"};
	const struct host_facts *facts = draft->facts;

	if (!(draft->head.flags & PLAN_OUTBOUND))
		return 0;
	if (facts->root_directory) {
		const struct value *value = profile_value(draft->profile, KEY_PrivateNetwork);
		policy_error_add(draft->errors, false, value->file, value->line, 0, NULL,
		                 "PrivateNetwork=outbound: not together with RootDirectory=");
		return -1;
	}
	for (size_t i = 0; i < facts->root_entry_count; i++)
		if (is_system(facts->root_entries[i].name))
			add_entry(draft, &facts->root_entries[i]);
	add_step(draft, STEP_DIRECTORY, "", "/etc")->mode = 0755;
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
		add_step(draft, STEP_COPY, copies[i], copies[i])->flags |= STEP_IF_EXISTS;
	struct plan_step *device = add_step(draft, STEP_BIND, "/dev/net/tun", "/dev/net/tun");
	device->mode = S_IFREG | 0644;
	device->attributes = 0;
	add_step(draft, STEP_PROC, "", "/proc")->attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	return 0;
}
