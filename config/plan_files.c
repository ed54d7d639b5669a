/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans what the sandbox sees: a new root in which only what is listed here appears. Every part of the view is a rule
 * (a step and its target). They come in phases: the base, which no policy path names; what the policy brings in; what may be
 * written; what may be executed; what is hidden. So a restriction holds for everything that is brought below it, and a
 * hidden path is looked up in the complete view, whatever links lead there. Within a phase a directory comes before what is
 * in it and, on one path, the more restrictive later and therefore on top; of what is hidden, what is in a directory comes
 * before it, since it cannot be found there later.
 */
#include "config/draft.h"

#include "config/etc_files.h"
#include "config/path_word.h"
#include "config/policy.h"

#include <linux/landlock.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* On one path the later rank lies on top. */
enum rank {
	RANK_BASE,      /* the tree itself */
	RANK_TEMPORARY, /* TemporaryFileSystem */
	RANK_OVERLAY,   /* OverlayPaths */
	RANK_BIND,      /* BindPaths */
	RANK_BIND_ONLY, /* BindReadOnlyPaths */
	RANK_READ_WRITE,
	RANK_READ_ONLY,
	RANK_EXEC,
	RANK_NO_EXEC,
	RANK_SECRET,
	RANK_INACCESSIBLE,
};

struct rule {
	struct plan_step step;
	struct plan_origin origin;
	enum rank rank;
	uint32_t sequence;
	bool writable; /* Landlock allows writing below */
};

struct view {
	struct draft *draft;
	struct draft_vector rules;
	struct plan_origin origin; /* of the rules that are added next */
	const char *
	        hidden_directory; /* the caller's; it may be part of what is shown anyway: the home, the system. NULL: none */
};

enum { SAFE = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };

static bool path_is_below(const char *path, const char *parent)
{
	size_t length = strlen(parent);

	if (strcmp(parent, "/") == 0)
		return true;
	return strncmp(path, parent, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The key that what is added next is made by; KEY_COUNT: none, it always is there. */
static void begin_key(struct view *view, enum key_id key)
{
	view->origin = (struct plan_origin){.key = (uint16_t)key};
}

static struct rule *add_rule(struct view *view, enum rank rank, enum plan_step_kind kind, const char *target)
{
	plan_ref ref = draft_string(view->draft, target);
	struct rule *rule = draft_add(view->draft, &view->rules, sizeof(struct rule));

	rule->rank = rank;
	rule->origin = view->origin;
	rule->sequence = view->rules.count;
	rule->step.kind = kind;
	rule->step.target = ref;
	return rule;
}

static struct rule *add_bind(struct view *view, enum rank rank, const char *source, const char *target, bool writable)
{
	plan_ref ref = draft_string(view->draft, source);
	struct rule *rule = add_rule(view, rank, STEP_BIND, target);

	rule->step.source = ref;
	rule->step.flags = STEP_RECURSIVE;
	rule->step.attributes = SAFE | (writable ? 0 : MOUNT_ATTR_RDONLY);
	rule->writable = writable;
	return rule;
}

/* Of a file that the system keeps. */
static struct rule *add_mask(struct view *view, const char *target)
{
	struct rule *rule = add_rule(view, RANK_INACCESSIBLE, STEP_MASK, target);

	rule->step.flags = STEP_IF_EXISTS | STEP_BY_NAME;
	rule->step.mode = S_IFREG;
	return rule;
}

static struct rule *add_read_only(struct view *view, const char *target)
{
	struct rule *rule = add_rule(view, RANK_READ_ONLY, STEP_ATTRIBUTES, target);

	rule->step.flags = STEP_IF_EXISTS | STEP_RECURSIVE;
	rule->step.attributes = MOUNT_ATTR_RDONLY;
	return rule;
}

static struct rule *add_tmpfs(struct view *view, enum rank rank, const char *target, uint32_t mode, uint64_t size,
                              uint64_t inodes)
{
	struct rule *rule = add_rule(view, rank, STEP_TMPFS, target);

	rule->step.attributes = SAFE;
	rule->step.mode = mode;
	rule->step.size = size;
	rule->step.inodes = inodes;
	rule->writable = true;
	return rule;
}

/* A limit on what a private file system may hold; without one the kernel's default, half of memory, is no promise. */
static uint64_t temporary_size(const struct draft *draft)
{
	const struct value *size = profile_value(draft->profile, KEY_TmpSize);

	if (size->infinity)
		return 0;
	if (size->percent)
		return draft->facts->memory_total / 10000 * (uint64_t)size->number;
	return (uint64_t)size->number;
}

static uint64_t temporary_inodes(const struct draft *draft)
{
	const struct value *inodes = profile_value(draft->profile, KEY_TmpInodes);

	return inodes->infinity ? 0 : (uint64_t)inodes->number;
}

static struct rule *add_overlay(struct view *view, enum rank rank, const char *path)
{
	plan_ref source = draft_string(view->draft, path);
	struct rule *rule =
	        add_tmpfs(view, rank, path, 0700, temporary_size(view->draft), temporary_inodes(view->draft));

	rule->step.kind = STEP_OVERLAY;
	rule->step.source = source;
	return rule;
}

static void add_link(struct view *view, const char *target, const char *content)
{
	plan_ref ref = draft_string(view->draft, content);

	add_rule(view, RANK_BASE, STEP_SYMLINK, target)->step.source = ref;
}

/* --- the system ------------------------------------------------------------------------------------------------------*/

/* Directories of the host's root that are never taken as they are: made anew, private, or nobody's business inside. */
static bool is_special_root(const char *name)
{
	static const char *const names[] = {"proc", "sys", "dev",  "run",        "tmp",    "home",
	                                    "root", "etc", "boot", "lost+found", ".hidden"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* ProtectSystem= as in systemd.exec(5): yes /usr (and what usually links there), full also /etc, strict everything. */
static bool is_system_read_only(const struct profile *profile, const char *name)
{
	static const char *const system[] = {"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"};
	int64_t level = profile_value(profile, KEY_ProtectSystem)->number;

	if (level == 3)
		return true;
	for (size_t i = 0; level > 0 && i < sizeof(system) / sizeof(system[0]); i++)
		if (strcmp(name, system[i]) == 0)
			return true;
	return false;
}

/* What lies in another root directory may be anybody's. */
static uint32_t system_flags(const struct view *view)
{
	return view->draft->facts->root_directory ? 0 : STEP_BY_NAME;
}

/* From that root directory, where there is one. */
static struct rule *add_system_bind(struct view *view, const char *path, bool writable)
{
	plan_ref image = draft_string(view->draft, view->draft->facts->root_directory);
	struct rule *rule = add_bind(view, RANK_BASE, path, path, writable);

	rule->step.text = image;
	return rule;
}

static void add_system(struct view *view)
{
	const struct host_facts *facts = view->draft->facts;
	static const char *const made[] = {"/run", "/sys", "/home"};
	static const char *const private[] = {"/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog",
	                                      "/var/lib/dbus/machine-id"};

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		begin_key(view, strcmp(made[i], "/home") == 0 ? KEY_ProtectHome : KEY_COUNT);
		add_rule(view, RANK_BASE, STEP_DIRECTORY, made[i])->step.mode = 0755;
	}
	begin_key(view, KEY_ProtectSystem);
	for (size_t i = 0; i < facts->root_entry_count; i++) {
		const struct root_entry *entry = &facts->root_entries[i];
		char path[512];
		if (is_special_root(entry->name) ||
		    snprintf(path, sizeof(path), "/%s", entry->name) >= (int)sizeof(path))
			continue;
		if (entry->kind == ROOT_SYMLINK) {
			add_link(view, path, entry->target);
			continue;
		}
		struct rule *rule =
		        add_system_bind(view, path, !is_system_read_only(view->draft->profile, entry->name));
		rule->step.flags |= system_flags(view) | STEP_IF_ALLOWED | STEP_IF_EXISTS;
		rule->step.mode = S_IFDIR | 0755;
	}
	/* Who logged in when, and which machine this is, is not the sandbox's business (threats B2.1). */
	begin_key(view, KEY_COUNT);
	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
		add_mask(view, private[i])->step.flags = STEP_IF_EXISTS | system_flags(view);
}

static void add_proc(struct view *view)
{
	static const char *const hide_pid[] = {"", "hidepid=noaccess", "hidepid=invisible", "hidepid=ptraceable"};
	static const char *const hidden[] = {"/proc/keys", "/proc/kallsyms", "/proc/interrupts", "/proc/config.gz"};
	/* Of kuid 0 and closed to everyone else by mode: covered where the person is root. */
	static const char *const hidden_from_root[] = {
	        "/proc/kcore",         "/proc/kmsg",        "/proc/timer_list",    "/proc/slabinfo",
	        "/proc/sysrq-trigger", "/proc/vmallocinfo", "/proc/latency_stats", "/proc/pagetypeinfo",
	        "/proc/kpagecount",    "/proc/kpageflags",  "/proc/kpagecgroup"};
	static const char *const read_only_for_root[] = {"/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi"};
	const struct profile *profile = view->draft->profile;
	bool root = view->draft->person->uid == 0;
	const char *hide = hide_pid[profile_value(profile, KEY_ProtectProc)->number & 3];
	bool subset = profile_is(profile, KEY_ProcSubset);
	plan_ref options =
	        draft_format(view->draft, "%s%s%s", hide, *hide && subset ? "," : "", subset ? "subset=pid" : "");
	begin_key(view, KEY_COUNT);
	struct rule *proc = add_rule(view, RANK_BASE, STEP_PROC, "/proc");

	proc->step.text = options;
	proc->step.attributes = SAFE | MOUNT_ATTR_NOEXEC;
	proc->step.flags = STEP_BY_NAME;
	if (subset)
		return;
	add_mask(view, "/proc/sys/kernel/random/boot_id"); /* tells the machine as machine-id does (threats B2.1) */
	begin_key(view, KEY_ProtectKernelTunables);
	if (profile_is(profile, KEY_ProtectKernelTunables)) {
		add_read_only(view, "/proc/sys");
		for (size_t i = 0; root && i < sizeof(read_only_for_root) / sizeof(read_only_for_root[0]); i++)
			add_read_only(view, read_only_for_root[i]);
	}
	begin_key(view, KEY_ProtectKernelLogs);
	if (profile_is(profile, KEY_ProtectKernelLogs)) {
		for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
			add_mask(view, hidden[i]);
		for (size_t i = 0; root && i < sizeof(hidden_from_root) / sizeof(hidden_from_root[0]); i++)
			add_mask(view, hidden_from_root[i]);
	}
}

static void add_device(struct view *view, const char *path)
{
	struct rule *rule = add_bind(view, RANK_BASE, path, path, true);

	rule->step.flags = STEP_BY_NAME;
	rule->step.mode = S_IFREG | 0644;
	rule->step.attributes = 0; /* a device is neither executed nor set-uid */
}

enum { DEVICES_AUTO, DEVICES_CLOSED, DEVICES_STRICT };

/* The first, which the sandbox needs itself, also with DevicePolicy=strict. */
static const char *const standard_devices[] = {"/dev/null",   "/dev/zero",    "/dev/full",
                                               "/dev/random", "/dev/urandom", "/dev/tty"};

static bool is_standard_device(const char *path)
{
	for (size_t i = 0; i < sizeof(standard_devices) / sizeof(standard_devices[0]); i++)
		if (strcmp(path, standard_devices[i]) == 0)
			return true;
	return false;
}

static bool is_access(const char *word)
{
	return strspn(word, "rwm") == strlen(word);
}

/* What a device node grants is all or nothing: fewer rights, and classes of devices, need a device controller. */
static const char *device_problem(const struct value *allowed, size_t index)
{
	static const char *const made[] = {"/dev/pts", "/dev/shm",     "/dev/mqueue",
	                                   "/dev/fd",  "/dev/console", "/dev/log"};
	const char *path = allowed->words[index].text;
	const char *access = index + 1 < allowed->word_count ? allowed->words[index + 1].text : "";

	if (*path != '/')
		return "classes of devices are not enforced by this build";
	if (*access && is_access(access) && (!strchr(access, 'r') || !strchr(access, 'w')))
		return "access other than rw is not enforced by this build";
	if (strstr(path, "/.") || strstr(path, "//") || path[strlen(path) - 1] == '/')
		return "must be a path without . or ..";
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (path_is_below(path, made[i]))
			return "not possible here: this path is made by the sandbox itself";
	return NULL;
}

static int add_allowed_devices(struct view *view, bool strict)
{
	const struct value *allowed = profile_value(view->draft->profile, KEY_DeviceAllow);

	for (size_t i = 0; i < allowed->word_count; i++) {
		if (is_access(allowed->words[i].text))
			continue;
		const char *problem = device_problem(allowed, i);
		if (problem)
			return path_word_error(view->draft, &allowed->words[i], problem);
		view->origin = (struct plan_origin){KEY_DeviceAllow, (uint16_t)i};
		if (!is_standard_device(allowed->words[i].text) ||
		    (strict && strcmp(allowed->words[i].text, standard_devices[0]) != 0))
			add_device(view, allowed->words[i].text);
	}
	return 0;
}

static int add_private_devices(struct view *view)
{
	bool strict = profile_value(view->draft->profile, KEY_DevicePolicy)->number == DEVICES_STRICT;
	static const char *const links[][2] = {
	        {"/dev/fd",     "/proc/self/fd"  },
	        {"/dev/stdin",  "/proc/self/fd/0"},
	        {"/dev/stdout", "/proc/self/fd/1"},
	        {"/dev/stderr", "/proc/self/fd/2"},
	        {"/dev/ptmx",   "pts/ptmx"       }
        };

	add_rule(view, RANK_BASE, STEP_DIRECTORY, "/dev")->step.mode = 0755;
	for (size_t i = 0; i < (strict ? 1 : sizeof(standard_devices) / sizeof(standard_devices[0])); i++)
		add_device(view, standard_devices[i]);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		add_link(view, links[i][0], links[i][1]);
	/* Where the terminal group is not mapped, gid= is EINVAL (devpts in a user namespace). */
	plan_ref options =
	        view->draft->facts->full_groups && view->draft->inside.tty_gid != (gid_t)-1
	                ? draft_format(view->draft, "mode=0620,ptmxmode=0666,gid=%u", view->draft->inside.tty_gid)
	                : draft_string(view->draft, "mode=0600,ptmxmode=0666");
	struct rule *pts = add_rule(view, RANK_BASE, STEP_DEVPTS, "/dev/pts");
	pts->step.text = options;
	pts->step.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	pts->step.flags = STEP_BY_NAME;
	pts->writable = true;
	/* ttyname(3) looks through /dev for the device of the caller's terminal. */
	add_rule(view, RANK_BASE, STEP_TERMINAL, "/dev/console")->step.attributes =
	        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	return add_allowed_devices(view, strict);
}

static int add_host_devices(struct view *view)
{
	static const char *const logs[] = {"/dev/kmsg", "/dev/mem", "/dev/kmem", "/dev/port"};
	const struct value *policy = profile_value(view->draft->profile, KEY_DevicePolicy);
	const struct value *allowed = profile_value(view->draft->profile, KEY_DeviceAllow);

	if (policy->number != DEVICES_AUTO || allowed->word_count > 0) {
		policy_error_add(
		        view->draft->errors, false, allowed->word_count ? allowed->words[0].file : policy->file,
		        allowed->word_count ? allowed->words[0].line : policy->line, 0, "set PrivateDevices=yes",
		        "%s: only with PrivateDevices=yes", allowed->word_count ? "DeviceAllow" : "DevicePolicy");
		return -1;
	}
	add_bind(view, RANK_BASE, "/dev", "/dev", true)->step.attributes = MOUNT_ATTR_NOSUID;
	begin_key(view, KEY_ProtectKernelLogs);
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++)
		if (profile_is(view->draft->profile, KEY_ProtectKernelLogs))
			add_mask(view, logs[i]);
	return 0;
}

static int add_devices(struct view *view, uint64_t size, uint64_t inodes)
{
	bool private = profile_is(view->draft->profile, KEY_PrivateDevices);
	/* Of the host's /dev only what is there has to be covered. */
	uint32_t flags = private ? STEP_BY_NAME : STEP_IF_EXISTS;

	begin_key(view, KEY_PrivateDevices);
	if ((private ? add_private_devices(view) : add_host_devices(view)) != 0)
		return -1;
	begin_key(view, KEY_PrivateIPC);
	if (profile_is(view->draft->profile, KEY_PrivateIPC)) {
		struct rule *queue = add_rule(view, RANK_BASE, STEP_MQUEUE, "/dev/mqueue");
		queue->step.attributes = SAFE | MOUNT_ATTR_NOEXEC;
		queue->step.flags = flags;
		queue->writable = true;
		add_tmpfs(view, RANK_BASE, "/dev/shm", 01777, size, inodes)->step.flags = flags;
	}
	return 0;
}

static int add_temporary(struct view *view)
{
	uint64_t size = temporary_size(view->draft), inodes = temporary_inodes(view->draft);

	begin_key(view, KEY_PrivateTmp);
	if (profile_is(view->draft->profile, KEY_PrivateTmp)) {
		add_tmpfs(view, RANK_BASE, "/tmp", 01777, size, inodes)->step.flags = STEP_BY_NAME;
		add_tmpfs(view, RANK_BASE, "/var/tmp", 01777, size, inodes)->step.flags = system_flags(view);
	} else {
		add_bind(view, RANK_BASE, "/tmp", "/tmp", true);
		add_bind(view, RANK_BASE, "/var/tmp", "/var/tmp", true);
	}
	return add_devices(view, size, inodes);
}

/* --- the person ------------------------------------------------------------------------------------------------------*/

enum { HOME_PATH = -1, HOME_HOST, HOME_READ_ONLY, HOME_OVERLAY, HOME_TMPFS };

static uint32_t optional_flag(const struct path_word *word)
{
	return word->optional ? STEP_IF_EXISTS : 0;
}

/* Home=PATH: another directory under the home's name. */
static int add_other_home(struct view *view, const char *home, const struct value *value)
{
	const struct value_word text = {.text = value->text, .file = value->file, .line = value->line};
	struct path_word word;

	if (path_word_read(view->draft, &text, false, &word) != 0)
		return -1;
	add_bind(view, RANK_BASE, word.source, home, true)->step.flags |= optional_flag(&word);
	path_word_free(&word);
	return 0;
}

static int add_home(struct view *view, const char *home)
{
	struct draft *draft = view->draft;
	const struct value *value = profile_value(draft->profile, KEY_Home);
	struct rule *rule = NULL;

	switch (value->number) {
	case HOME_TMPFS:
		add_tmpfs(view, RANK_BASE, home, 0700, temporary_size(draft), temporary_inodes(draft));
		return 0;
	case HOME_OVERLAY:
		rule = add_overlay(view, RANK_BASE, home);
		break;
	case HOME_PATH:
		return add_other_home(view, home, value);
	default:
		rule = add_bind(view, RANK_BASE, home, home, value->number == HOME_HOST);
	}
	rule->step.flags |= STEP_IF_ALLOWED | STEP_IF_EXISTS;
	return 0;
}

static int add_homes(struct view *view)
{
	struct draft *draft = view->draft;
	const char *home = draft->person->home;

	begin_key(view, KEY_ProtectHome);
	if (!profile_is(draft->profile, KEY_ProtectHome)) {
		bool writable = profile_value(draft->profile, KEY_ProtectSystem)->number < 3;
		add_bind(view, RANK_BASE, "/home", "/home", writable)->step.flags |= STEP_IF_ALLOWED | STEP_IF_EXISTS;
		add_bind(view, RANK_BASE, "/root", "/root", writable)->step.flags |= STEP_IF_ALLOWED | STEP_IF_EXISTS;
	}
	draft->head.home = draft_string(draft, home);
	begin_key(view, KEY_Home);
	return home[0] == '/' && home[1] != '\0' ? add_home(view, home) : 0;
}

/* What runs code later, outside, stays read-only; every directory on the way is a mount point, since only a mount point
 * cannot be renamed away. What is missing cannot be kept from being made, but that is told (threats G9). */
static void add_caller_protection(struct view *view, const char *directory)
{
	static const char *const guarded[] = {
	        ".git", ".vscode", ".envrc", ".git/hooks", ".git/config", ".git/commondir", ".git/config.worktree"};
	char path[4096];

	for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", directory, guarded[i]) >= (int)sizeof(path)) {
			view->draft->failed = true;
			return;
		}
		if (strcmp(guarded[i], ".git") == 0)
			add_rule(view, RANK_BIND, STEP_ATTRIBUTES, path)->step.flags =
			        STEP_IF_EXISTS | STEP_RECURSIVE | STEP_WATCHED;
		else
			add_read_only(view, path)->step.flags |= STEP_WATCHED;
	}
}

enum { DIRECTORY_READ_WRITE, DIRECTORY_READ_ONLY, DIRECTORY_HIDDEN };

static void add_caller_directory(struct view *view)
{
	struct draft *draft = view->draft;
	const struct request *request = draft->request;
	const char *directory = request->directory, *home = draft->person->home;
	int64_t access = profile_value(draft->profile, KEY_CallerDirectory)->number;

	begin_key(view, KEY_CallerDirectory);
	if (request->kind == REQUEST_SESSION || !directory)
		return;
	if (strcmp(directory, "/tmp") == 0 || strcmp(directory, "/var/tmp") == 0)
		return; /* shared by everybody: PrivateTmp= decides */
	if (strcmp(directory, "/") == 0 || path_is_below(directory, "/proc") || path_is_below(directory, "/sys") ||
	    path_is_below(directory, "/dev") || path_is_below(directory, "/run") || path_is_below(directory, "/etc"))
		return; /* there is nothing of the host's to show under these names */
	bool home_or_above = path_is_below(home, directory);
	if (access == DIRECTORY_HIDDEN) {
		/* What is root's is the system's to show, or not. */
		if (!home_or_above && request->directory_owner != 0)
			view->hidden_directory = directory;
		return;
	}
	if (access == DIRECTORY_READ_WRITE && (home_or_above || request->directory_owner != draft->person->uid)) {
		if (!home_or_above || profile_value(draft->profile, KEY_Home)->number == HOME_READ_ONLY)
			draft_warn(draft, "%s is read-only inside: it is %s", directory,
			           home_or_above ? "the home directory or above it" : "not yours");
		access = DIRECTORY_READ_ONLY;
	}
	if (home_or_above)
		return; /* Home= decides about the home; above it lies what ProtectHome= hides */
	struct rule *rule = add_bind(view, RANK_BASE, directory, directory, access == DIRECTORY_READ_WRITE);
	rule->step.flags |= STEP_IF_ALLOWED | STEP_IF_EXISTS;
	rule->step.device = request->directory_device;
	rule->step.inode = request->directory_inode;
	if (access == DIRECTORY_READ_WRITE)
		add_caller_protection(view, directory);
}

/* --- paths of the policy ---------------------------------------------------------------------------------------------*/

/* The root itself cannot be a mount of its own; what covers hidden paths is nobody's to change. */
static bool is_workshop(const char *path)
{
	return strcmp(path, "/") == 0 || path_is_below(path, "/.hidden");
}

/* These are made by the sandbox itself; a bind over or into them would undo what they promise. */
static bool is_reserved_target(const char *path)
{
	static const char *const reserved[] = {"/proc", "/sys", "/dev", "/run"};

	if (strcmp(path, "/") == 0)
		return true;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (path_is_below(path, reserved[i]))
			return true;
	return false;
}

typedef void (*rule_maker)(struct view *view, const struct path_word *word);

static void make_bind(struct view *view, const struct path_word *word)
{
	add_bind(view, RANK_BIND, word->source, word->target, true)->step.flags |= optional_flag(word);
}

static void make_bind_read_only(struct view *view, const struct path_word *word)
{
	add_bind(view, RANK_BIND_ONLY, word->source, word->target, false)->step.flags |= optional_flag(word);
}

static void make_read_write(struct view *view, const struct path_word *word)
{
	add_bind(view, RANK_READ_WRITE, word->source, word->target, true)->step.flags |= optional_flag(word);
}

static void make_temporary(struct view *view, const struct path_word *word)
{
	add_tmpfs(view, RANK_TEMPORARY, word->target, 0755, temporary_size(view->draft), temporary_inodes(view->draft));
}

/* Whether a path of the view is of another root directory; homes and what is made anew are not. */
static bool is_of_image(const struct draft *draft, const char *path)
{
	char top[256];

	if (!draft->facts->root_directory || path_is_below(path, draft->person->home))
		return false;
	snprintf(top, sizeof(top), "%.*s", (int)strcspn(path + 1, "/"), path + 1);
	return strcmp(top, "etc") == 0 || !is_special_root(top);
}

static void make_overlay(struct view *view, const struct path_word *word)
{
	const struct draft *draft = view->draft;
	plan_ref image = is_of_image(draft, word->target) ? draft_string(view->draft, draft->facts->root_directory) : 0;
	struct rule *rule = add_overlay(view, RANK_OVERLAY, word->target);

	rule->step.flags |= optional_flag(word);
	rule->step.text = image;
}

static struct rule *make_attributes(struct view *view, const struct path_word *word, enum rank rank)
{
	struct rule *rule = add_rule(view, rank, STEP_ATTRIBUTES, word->target);

	rule->step.flags = STEP_RECURSIVE | optional_flag(word);
	return rule;
}

static void make_read_only(struct view *view, const struct path_word *word)
{
	make_attributes(view, word, RANK_READ_ONLY)->step.attributes = MOUNT_ATTR_RDONLY;
}

static void make_no_exec(struct view *view, const struct path_word *word)
{
	make_attributes(view, word, RANK_NO_EXEC)->step.attributes = MOUNT_ATTR_NOEXEC;
}

static void make_exec(struct view *view, const struct path_word *word)
{
	make_attributes(view, word, RANK_EXEC)->step.clear = MOUNT_ATTR_NOEXEC;
}

static void make_inaccessible(struct view *view, const struct path_word *word)
{
	add_rule(view, RANK_INACCESSIBLE, STEP_MASK, word->target)->step.flags = optional_flag(word);
}

/* SecretPaths= yields to an explicit bind of the same path. */
static void make_secret(struct view *view, const struct path_word *word)
{
	const struct rule *rules = view->rules.items;

	for (uint32_t i = 0; i < view->rules.count; i++)
		if (rules[i].rank >= RANK_BIND && rules[i].rank <= RANK_READ_WRITE && rules[i].step.kind == STEP_BIND &&
		    strcmp(draft_text(view->draft, rules[i].step.target), word->target) == 0)
			return;
	add_rule(view, RANK_SECRET, STEP_MASK, word->target)->step.flags = optional_flag(word);
}

static int add_policy_paths(struct view *view)
{
	static const struct {
		enum key_id key;
		bool is_bind;
		bool may_be_reserved; /* only takes away */
		rule_maker make;
	} keys[] = {
  /* SecretPaths after the binds it yields to */
	        {KEY_BindPaths,           true,  false, make_bind          },
	        {KEY_BindReadOnlyPaths,   true,  false, make_bind_read_only},
	        {KEY_ReadWritePaths,      false, false, make_read_write    },
	        {KEY_TemporaryFileSystem, false, false, make_temporary     },
	        {KEY_OverlayPaths,        false, false, make_overlay       },
	        {KEY_ReadOnlyPaths,       false, true,  make_read_only     },
	        {KEY_NoExecPaths,         false, true,  make_no_exec       },
	        {KEY_ExecPaths,           false, true,  make_exec          },
	        {KEY_InaccessiblePaths,   false, true,  make_inaccessible  },
	        {KEY_SecretPaths,         false, false, make_secret        },
	};
	struct draft *draft = view->draft;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct value *value = profile_value(draft->profile, keys[i].key);
		for (size_t w = 0; w < value->word_count; w++) {
			struct path_word word;
			if (path_word_read(draft, &value->words[w], keys[i].is_bind, &word) != 0)
				return -1;
			bool refused = is_workshop(word.target) ||
			               (!keys[i].may_be_reserved && is_reserved_target(word.target));
			view->origin = (struct plan_origin){(uint16_t)keys[i].key, (uint16_t)w};
			if (!refused)
				keys[i].make(view, &word);
			path_word_free(&word);
			if (refused)
				return path_word_error(draft, &value->words[w],
				                       "not possible here: this path is made by the sandbox itself");
		}
	}
	return 0;
}

/* --- order and Landlock ----------------------------------------------------------------------------------------------*/

static _Thread_local const struct draft *sort_draft; /* qsort(3) has no argument for it */

/* Byte order with "/" before everything: a directory sorts before all that is in it, and after nothing of it. */
static int compare_paths(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	int x = *a == '/' ? 1 : (unsigned char)*a + (*a ? 1 : 0), y = *b == '/' ? 1 : (unsigned char)*b + (*b ? 1 : 0);
	return x - y;
}

enum phase { PHASE_BASE, PHASE_BRING, PHASE_WRITE, PHASE_EXECUTE, PHASE_HIDE };

static enum phase phase_of(const struct rule *rule)
{
	static const enum phase phases[] = {
	        [RANK_BASE] = PHASE_BASE,       [RANK_TEMPORARY] = PHASE_BRING,   [RANK_BIND] = PHASE_BRING,
	        [RANK_OVERLAY] = PHASE_BRING,   [RANK_BIND_ONLY] = PHASE_BRING,   [RANK_READ_WRITE] = PHASE_WRITE,
	        [RANK_READ_ONLY] = PHASE_WRITE, [RANK_EXEC] = PHASE_EXECUTE,      [RANK_NO_EXEC] = PHASE_EXECUTE,
	        [RANK_SECRET] = PHASE_HIDE,     [RANK_INACCESSIBLE] = PHASE_HIDE,
	};

	return phases[rule->rank];
}

static int compare_rules(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	if (phase_of(x) != phase_of(y))
		return phase_of(x) < phase_of(y) ? -1 : 1;
	int order = compare_paths(draft_text(sort_draft, x->step.target), draft_text(sort_draft, y->step.target));

	if (order != 0)
		return phase_of(x) == PHASE_HIDE ? -order : order;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->sequence < y->sequence ? -1 : 1;
}

/* Rights that change something. Reading is left to the view: what is not there cannot be read. Rows by ABI
 * (landlock(7)); REFER must be handled where the kernel knows it, else every move between directories is refused. */
static uint64_t landlock_rights(int abi)
{
	uint64_t rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
	                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
	                  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
	                  LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
	if (abi >= 2)
		rights |= 1ULL << 13; /* LANDLOCK_ACCESS_FS_REFER */
	if (abi >= 3)
		rights |= 1ULL << 14; /* LANDLOCK_ACCESS_FS_TRUNCATE */
	return rights;
}

enum { LANDLOCK_OFF, LANDLOCK_PREFER, LANDLOCK_REQUIRE };

static void add_landlock_rule(struct draft *draft, plan_ref path, uint64_t access, uint32_t flags)
{
	struct plan_landlock_rule *rule = DRAFT_ADD(draft, landlock_rules, struct plan_landlock_rule);

	rule->path = path;
	rule->access = access;
	rule->flags = flags;
}

static int plan_landlock(struct view *view)
{
	struct draft *draft = view->draft;
	const struct value *value = profile_value(draft->profile, KEY_Landlock);
	int abi = draft->facts->landlock_abi;

	if (value->number == LANDLOCK_OFF)
		return 0;
	if (abi < 1 && value->number == LANDLOCK_REQUIRE) {
		policy_error_add(draft->errors, false, value->file, value->line, 0,
		                 "set Landlock=prefer, or boot a kernel with landlock in its lsm= list",
		                 "Landlock=require: this kernel offers no Landlock");
		return -1;
	}
	if (abi < 1) {
		draft_warn(draft, "Landlock=prefer: this kernel offers no Landlock; going on without that layer");
		return 0;
	}
	draft->head.flags |= PLAN_LANDLOCK;
	draft->head.landlock_handled_fs = landlock_rights(abi);
	if (abi >= 6) {
		/* LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, LANDLOCK_SCOPE_SIGNAL. The windows of one login are domains of
		 * their own and must be able to signal each other. */
		draft->head.landlock_scoped = draft->request->kind == REQUEST_SESSION ? 1 : 3;
	}
	uint64_t write_file = draft->head.landlock_handled_fs & (LANDLOCK_ACCESS_FS_WRITE_FILE | 1ULL << 14);
	add_landlock_rule(draft, draft_string(draft, "/dev"), write_file, 0);
	add_landlock_rule(draft, draft_string(draft, "/proc"), write_file, 0);
	const struct rule *rules = view->rules.items;
	for (uint32_t i = 0; i < view->rules.count; i++) {
		const char *target = draft_text(draft, rules[i].step.target);
		bool device = strncmp(target, "/dev/", 5) == 0 && rules[i].step.kind == STEP_BIND;
		if (rules[i].writable && !device)
			add_landlock_rule(draft, rules[i].step.target, draft->head.landlock_handled_fs, STEP_IF_EXISTS);
	}
	return 0;
}

static void hidden_error(struct draft *draft, const char *brought, const char *hidden)
{
	char first[256], second[256];

	policy_error_add(draft->errors, false, "policy", 0, 0, NULL, "%s would not be seen: %s is hidden",
	                 quote_bytes(first, sizeof(first), brought, strlen(brought)),
	                 quote_bytes(second, sizeof(second), hidden, strlen(hidden)));
}

/* What is brought to a place below a hidden path would not be seen: better said than left to be found out. */
static int check_hidden(struct view *view)
{
	const struct rule *rules = view->rules.items;
	int result = 0;

	for (uint32_t i = 0; i < view->rules.count; i++) {
		const char *hidden = draft_text(view->draft, rules[i].step.target);
		for (uint32_t k = 0; phase_of(&rules[i]) == PHASE_HIDE && k < view->rules.count; k++) {
			const char *brought = draft_text(view->draft, rules[k].step.target);
			if (phase_of(&rules[k]) == PHASE_BASE || rules[k].step.kind == STEP_ATTRIBUTES ||
			    rules[k].step.kind == STEP_MASK || strcmp(brought, hidden) == 0 ||
			    !path_is_below(brought, hidden))
				continue;
			hidden_error(view->draft, brought, hidden);
			result = -1;
		}
	}
	return result;
}

static bool is_pinned(const struct view *view, const char *path)
{
	const struct rule *rules = view->rules.items;

	for (uint32_t i = 0; i < view->rules.count; i++)
		if (rules[i].rank == RANK_BIND && rules[i].step.kind == STEP_ATTRIBUTES &&
		    strcmp(draft_text(view->draft, rules[i].step.target), path) == 0)
			return true;
	return false;
}

/* The directories between what can be written and a path in it that is taken away become mount points: another cannot be
 * renamed, with all that is in it, so that the next start would look for the path in vain (threats G9). */
static void pin_parents(struct view *view, const char *path, const struct draft_vector *writable)
{
	char parent[4096];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		if (snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path) >= (int)sizeof(parent))
			return;
		for (uint32_t i = 0; i < writable->count; i++) {
			const char *area = draft_text(view->draft, ((const plan_ref *)writable->items)[i]);
			if (strcmp(parent, area) == 0 || !path_is_below(parent, area) || is_pinned(view, parent))
				continue;
			add_rule(view, RANK_BIND, STEP_ATTRIBUTES, parent)->step.flags =
			        STEP_IF_EXISTS | STEP_RECURSIVE;
			break;
		}
	}
}

static void pin_restricted(struct view *view)
{
	struct draft_vector writable = {0};
	uint32_t rules = view->rules.count;

	for (uint32_t i = 0; i < rules; i++) {
		const struct rule *rule = (const struct rule *)view->rules.items + i;
		if (rule->writable && rule->step.kind == STEP_BIND && !(rule->step.flags & STEP_BY_NAME))
			*(plan_ref *)draft_add(view->draft, &writable, sizeof(plan_ref)) = rule->step.target;
	}
	for (uint32_t i = 0; i < rules; i++) {
		const struct rule *rule = (const struct rule *)view->rules.items + i;
		char path[4096];
		view->origin = rule->origin;
		if (rule->rank < RANK_READ_ONLY || rule->rank == RANK_EXEC || (rule->step.flags & STEP_BY_NAME) ||
		    snprintf(path, sizeof(path), "%s", draft_text(view->draft, rule->step.target)) >= (int)sizeof(path))
			continue;
		pin_parents(view, path, &writable);
	}
	free(writable.items);
}

static void emit_steps(struct view *view)
{
	struct rule *rules = view->rules.items;

	sort_draft = view->draft;
	qsort(rules, view->rules.count, sizeof(*rules), compare_rules);
	sort_draft = NULL;
	for (uint32_t i = 0; i < view->rules.count; i++)
		*DRAFT_ADD(view->draft, steps, struct plan_step) = rules[i].step;
}

static void emit_origins(const struct view *view)
{
	struct plan_origins *origins = view->draft->origins;
	const struct rule *rules = view->rules.items;

	if (!origins)
		return;
	origins->steps = calloc(view->rules.count + 1, sizeof(*origins->steps));
	view->draft->failed |= !origins->steps;
	for (uint32_t i = 0; origins->steps && i < view->rules.count; i++)
		origins->steps[i] = rules[i].origin;
}

static int add_etc(struct view *view)
{
	struct draft *draft = view->draft;

	begin_key(view, KEY_Etc);
	if (profile_is(draft->profile, KEY_Etc)) { /* host */
		add_system_bind(view, "/etc", false);
		return 0;
	}
	struct draft_vector files = {0};
	int result = etc_files_plan(draft, &files);
	const struct etc_step *steps = files.items;
	for (uint32_t i = 0; result == 0 && i < files.count; i++) {
		struct rule *rule = draft_add(draft, &view->rules, sizeof(struct rule));
		rule->rank = RANK_BASE;
		rule->origin = steps[i].origin;
		rule->sequence = view->rules.count;
		rule->step = steps[i].step;
	}
	free(files.items);
	return result;
}

/* Mount points that only the login program's view uses: they are there, and empty, in the session's own. */
static void add_login_points(struct view *view)
{
	static const char *const files[] = {"/run/utmp", "/run/sandbox-run/door", "/dev/log"};

	begin_key(view, KEY_COUNT);
	if (view->draft->request->kind != REQUEST_SESSION)
		return;
	add_rule(view, RANK_BASE, STEP_DIRECTORY, "/run/sandbox-run/session")->step.mode = 0700;
	for (uint32_t i = 0; i < view->draft->cgroup_hierarchies.count; i++) {
		char path[64];
		snprintf(path, sizeof(path), "/run/sandbox-run/cgroup%u", i);
		add_rule(view, RANK_BASE, STEP_DIRECTORY, path)->step.mode = 0755;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (profile_is(view->draft->profile, KEY_PrivateDevices) || strncmp(files[i], "/dev/", 5) != 0)
			add_rule(view, RANK_BASE, STEP_FILE, files[i])->step.mode = 0644;
}

int plan_files(struct draft *draft)
{
	struct view view = {.draft = draft};

	draft->head.root_options = draft_string(draft, "mode=0755,size=16m,nr_inodes=4096");
	draft->head.flags |= PLAN_ROOT_READ_ONLY;
	add_system(&view);
	add_proc(&view);
	int result = add_temporary(&view);
	if (result == 0)
		result = add_homes(&view);
	add_caller_directory(&view);
	add_login_points(&view);
	if (result == 0)
		result = add_etc(&view);
	if (result == 0)
		result = add_policy_paths(&view);
	begin_key(&view, KEY_CallerDirectory);
	if (result == 0 && view.hidden_directory)
		make_secret(&view, &(struct path_word){.optional = true, .target = view.hidden_directory});
	if (result == 0)
		result = check_hidden(&view);
	if (result == 0) {
		pin_restricted(&view);
		emit_steps(&view);
		emit_origins(&view);
		result = plan_landlock(&view);
	}
	free(view.rules.items);
	return result;
}
