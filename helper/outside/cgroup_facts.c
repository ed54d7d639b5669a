/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which cgroup hierarchies can be used, and below which cgroup of each. Looks, and changes nothing.
 *
 * Parents, the first that is writable:
 *   root, systemd running, a session on v2   the scope logind gave the opener, if it is the opener's alone
 *   root, systemd running                    /sandbox.slice. cgroup_create makes it where it is missing; once a unit of
 *                                            systemd keeps it (Delegate=yes) it is found made, with its controllers
 *   root                                     the root of the hierarchy
 *   anybody                                  what was delegated: v2 the cgroup above one's own, which holds no process
 *                                            itself (cgroups(7), "no internal processes"); v1 one's own
 */
#include "helper/outside/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"

#define MOUNTS "/sys/fs/cgroup"

enum { ANCESTORS_MAX = 64 };

static char paths[CGROUP_HIERARCHIES_MAX][PATH_MAX];
/* The cgroup that holds this process, or the opener, where pids are limited. */
static char own_pids[PATH_MAX];

static const struct {
	const char *v1, *v2;
} names[CGROUP_CONTROLLERS] = {
        [CGROUP_MEMORY] = {"memory",   "memory" },
          [CGROUP_PIDS] = {"pids",     "pids"   },
        [CGROUP_CPU] = {"cpu",      "cpu"    },
          [CGROUP_CPUSET] = {"cpuset",   "cpuset" },
        [CGROUP_IO] = {"blkio",    "io"     },
          [CGROUP_HUGETLB] = {"hugetlb",  "hugetlb"},
        [CGROUP_DEVICES] = {"devices",  NULL     },
          [CGROUP_NET_CLS] = {"net_cls",  NULL     },
        [CGROUP_NET_PRIO] = {"net_prio", NULL     },
          [CGROUP_FREEZER] = {"freezer",  NULL     },
        [CGROUP_CPUACCT] = {"cpuacct",  NULL     },
};

const char *cgroup_controller_name(enum cgroup_controller controller, unsigned version)
{
	return version == 1 ? names[controller].v1 : names[controller].v2;
}

uint32_t cgroup_controllers(const char *list, unsigned version)
{
	uint32_t bits = 0;

	for (const char *word = list; *word;) {
		size_t length = strcspn(word, " ,\n");
		for (unsigned i = 0; i < CGROUP_CONTROLLERS; i++) {
			const char *name = cgroup_controller_name((enum cgroup_controller)i, version);
			if (name && strlen(name) == length && memcmp(name, word, length) == 0)
				bits |= 1u << i;
		}
		word += length + (word[length] != '\0');
	}
	return bits;
}

__attribute__((format(printf, 2, 3))) static bool path_format(char *ret_path, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	int length = vsnprintf(ret_path, PATH_MAX, format, list);
	va_end(list);
	errno = ENAMETOOLONG;
	return length > 0 && length < PATH_MAX;
}

/* That something is not there, not for us, or longer than we read, is an answer. Not to have been able to look is none:
 * limits would be left out for it. */
static bool answered(bool yes, const char *path)
{
	static const int answers[] = {ENOENT, ENOTDIR, EACCES, EPERM, EROFS, ENODEV, EOPNOTSUPP, EFBIG};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]) && !yes; i++)
		if (errno == answers[i])
			return false;
	if (!yes)
		die_errno("look at %s", path);
	return yes;
}

static bool exists(const char *directory, const char *file)
{
	char path[PATH_MAX];

	return answered(path_format(path, "%s/%s", directory, file) &&
	                        faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0,
	                path);
}

static bool writable(const char *directory, const char *file)
{
	char path[PATH_MAX];

	return answered(path_format(path, "%s/%s", directory, file) &&
	                        faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0,
	                path);
}

static bool read_file(const char *directory, const char *file, char *buffer, size_t size)
{
	char path[PATH_MAX];

	return answered(path_format(path, "%s/%s", directory, file) && read_text(AT_FDCWD, path, buffer, size) >= 0,
	                path);
}

static bool is_hierarchy(const char *path, unsigned version)
{
	struct statfs filesystem;

	return answered(statfs(path, &filesystem) == 0, path) &&
	       filesystem.f_type == (version == 1 ? CGROUP_SUPER_MAGIC : CGROUP2_SUPER_MAGIC);
}

/* --- whose scope is it --- */

bool cgroup_is_login_scope(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && fnmatch("session-*.scope", name + 1, 0) == 0;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_text(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	const char *after = strrchr(text, ')'); /* the name before may hold anything (proc(5)) */
	return after && strlen(after) > 4 ? (pid_t)strtol(after + 4, NULL, 10) : 0;
}

static bool belongs_to(pid_t pid, pid_t opener)
{
	pid_t self = getpid();

	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		if (pid == opener || pid == self)
			return true;
		pid = parent_of(pid);
	}
	return false;
}

static bool is_scope_of(const char *path, pid_t opener)
{
	char text[4096], *end;
	pid_t pid;

	if (!cgroup_is_login_scope(path) || !read_file(path, "cgroup.procs", text, sizeof(text)))
		return false;
	for (const char *next = text; (pid = (pid_t)strtol(next, &end, 10)) > 0; next = end)
		if (!belongs_to(pid, opener))
			return false; /* somebody's shell, from which su was called: not ours to move or to
			                 limit */
	return true;
}

/* --- parents --- */

struct finder {
	pid_t opener;
	bool root;
	bool systemd;
};

/* v2: whoever brings a process in needs to write cgroup.procs of the common ancestor too (cgroups(7),
 * delegation). */
static bool can_create_in(const char *path, unsigned version)
{
	return writable(path, ".") && (version == 1 || writable(path, "cgroup.procs"));
}

static bool choose_parent(const struct finder *finder, unsigned version, const char *mount, const char *own,
                          char *ret_path)
{
	if (finder->root && finder->systemd) {
		if (version == 2 && finder->opener && is_scope_of(own, finder->opener))
			return path_format(ret_path, "%s", own) && can_create_in(own, version);
		return path_format(ret_path, "%s/sandbox.slice", mount) &&
		       can_create_in(exists(mount, "sandbox.slice") ? ret_path : mount, version);
	}
	if (finder->root && can_create_in(mount, version))
		return path_format(ret_path, "%s", mount);
	if (!path_format(ret_path, "%s", own))
		return false;
	char *last = strrchr(ret_path, '/');
	if (version == 2 && strlen(own) > strlen(mount))
		*last = '\0';
	return can_create_in(ret_path, version);
}

/*
 * v2: the controllers that cgroups below the parent have or can be given. A cgroup that holds processes
 * cannot give any more (cgroups(7)); the root can, and the scope of a session is emptied first. The root has
 * no cgroup.type.
 */
static uint32_t usable_controllers(const struct finder *finder, const char *mount, const char *parent)
{
	/* To sandbox.slice, made yet or not, cgroup_create gives what the cgroup above can. */
	const char *giver = strcmp(strrchr(parent, '/'), "/sandbox.slice") == 0 ? mount : parent;
	bool emptied = finder->root && finder->opener && cgroup_is_login_scope(parent);
	char text[4096] = "";
	bool populated = exists(giver, "cgroup.type") && !emptied &&
	                 (!read_file(giver, "cgroup.procs", text, sizeof(text)) || text[0]);
	bool gives = !populated && writable(giver, "cgroup.subtree_control");

	if (!read_file(giver, gives ? "cgroup.controllers" : "cgroup.subtree_control", text, sizeof(text)))
		return 0;
	return cgroup_controllers(text, 2);
}

/* --- hierarchies --- */

/* Where the hierarchy of a line of /proc/self/cgroup is mounted: v1 under its list of controllers or one of
 * them. */
static bool find_mount(unsigned version, const char *controllers, char *ret_mount)
{
	char name[256];

	if (version == 2)
		return (path_format(ret_mount, MOUNTS) && is_hierarchy(ret_mount, 2)) ||
		       (path_format(ret_mount, MOUNTS "/unified") && is_hierarchy(ret_mount, 2));
	if (path_format(ret_mount, MOUNTS "/%s", controllers) && is_hierarchy(ret_mount, 1))
		return true;
	snprintf(name, sizeof(name), "%s", controllers);
	char *position = NULL;
	for (char *word = strtok_r(name, ",", &position); word; word = strtok_r(NULL, ",", &position))
		if (path_format(ret_mount, MOUNTS "/%s", word) && is_hierarchy(ret_mount, 1))
			return true;
	return false;
}

static bool swap_is_accounted(unsigned version, const char *parent, const char *own)
{
	if (version == 1)
		return exists(parent, "memory.memsw.limit_in_bytes") || exists(own, "memory.memsw.limit_in_bytes");
	/* The root has no such file; a kernel that can swap shows /proc/swaps and accounts. */
	return exists(parent, "memory.swap.max") || exists(own, "memory.swap.max") || exists("/proc", "swaps");
}

/* What some key of this build needs. */
static const uint32_t usable = 1u << CGROUP_MEMORY | 1u << CGROUP_PIDS | 1u << CGROUP_CPU;

/* Looking at a hierarchy costs each start ten to thirty microseconds, so not at one that brings nothing new: v2 comes
 * last, and where v1 has the controllers it is of no use. */
static bool is_needed(unsigned version, uint32_t bits, uint32_t found)
{
	return version == 2 ? (usable & ~found) != 0 : (bits & usable & ~found) != 0;
}

/* Splits "ID:CONTROLLERS:PATH" and adds that hierarchy if it can be used. found: the controllers of those before. */
static void add_hierarchy(const struct finder *finder, char *line, uint32_t *found, struct cgroup_facts *facts)
{
	char mount[PATH_MAX], own[PATH_MAX];
	char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!path || facts->count == CGROUP_HIERARCHIES_MAX)
		return;
	char *parent = paths[facts->count];
	*path++ = '\0';
	unsigned version = *++controllers ? 1 : 2;
	uint32_t bits = cgroup_controllers(controllers, version);
	if (!is_needed(version, bits, *found) || !find_mount(version, controllers, mount))
		return;
	/* A container may show a part of the hierarchy at the mount, and paths from the root of the whole. */
	if (strcmp(path, "/") == 0 || !path_format(own, "%s%s", mount, path) || !exists(own, "cgroup.procs"))
		path_format(own, "%s", mount);
	else if (version == 1 ? bits & (1u << CGROUP_PIDS) : exists(own, "pids.max"))
		path_format(own_pids, "%s", own);
	if (!choose_parent(finder, version, mount, own, parent))
		return;
	if (version == 2)
		bits = usable_controllers(finder, mount, parent);
	*found |= bits;
	if (bits & (1u << CGROUP_MEMORY))
		facts->swap_accounting = swap_is_accounted(version, version == 1 ? mount : parent, own);
	facts->hierarchies[facts->count++] =
	        (struct cgroup_hierarchy){.version = version, .controllers = bits, .path = parent};
}

/*
 * A process is born into a v2 cgroup at no cost, and cgroup.kill is one write. But moving one later, as login
 * program and door do, takes 5 to 11 ms there once the machine has been idle (a grace period of RCU), and 0.1
 * ms on v1 by "tasks": so a session prefers v1 where there is one.
 */
static int choose_membership(const struct cgroup_facts *facts, bool session)
{
	int best = -1, best_rank = -1;

	for (size_t i = 0; i < facts->count; i++) {
		const struct cgroup_hierarchy *hierarchy = &facts->hierarchies[i];
		int rank = hierarchy->version == 2                        ? session ? 1 : 3
		           : hierarchy->controllers & (1u << CGROUP_PIDS) ? 2
		                                                          : 0;
		if (rank > best_rank) {
			best = (int)i;
			best_rank = rank;
		}
	}
	return best;
}

void cgroup_facts_read(struct cgroup_facts *ret_facts, pid_t session_opener)
{
	char file[64], text[16384], *position = NULL;
	uint32_t found = 0;
	const struct finder finder = {
	        .opener = session_opener,
	        .root = geteuid() == 0,
	        .systemd = exists("/run/systemd", "system"),
	};

	*ret_facts = (struct cgroup_facts){.membership = -1};
	if (session_opener)
		snprintf(file, sizeof(file), "/proc/%d/cgroup", session_opener);
	else
		snprintf(file, sizeof(file), "/proc/self/cgroup");
	if (read_text(AT_FDCWD, file, text, sizeof(text)) < 0) {
		if (errno != ENOENT) /* a kernel without them */
			die_errno("read %s", file);
		return;
	}
	for (char *line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position))
		add_hierarchy(&finder, line, &found, ret_facts);
	ret_facts->membership = choose_membership(ret_facts, session_opener != 0);
}

uint64_t cgroup_tasks_limit(void)
{
	char directory[PATH_MAX], text[64], *end;
	uint64_t least = UINT64_MAX;

	path_format(directory, "%s", own_pids);
	while (strlen(directory) > strlen(MOUNTS)) {
		if (read_file(directory, "pids.max", text, sizeof(text))) {
			unsigned long long limit = strtoull(text, &end, 10); /* "max": no digits */
			if (end != text && limit < least)
				least = limit;
		}
		*strrchr(directory, '/') = '\0';
	}
	return least;
}
