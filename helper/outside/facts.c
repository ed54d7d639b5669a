/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Host facts. Everything here is told to the planner; nothing decides.
 */
#include "helper/outside/facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"
#include "helper/outside/cgroup.h"

enum { ROOT_ENTRIES_MAX = 256, SHELLS_MAX = 64 };

bool facts_host_user_namespace(int proc)
{
	char map[128], rest;
	unsigned inside, outside, count;

	if (read_text(proc, "self/uid_map", map, sizeof(map)) < 0)
		die_errno("read /proc/self/uid_map"); /* else a set-uid helper would become an unprivileged one */
	return sscanf(map, "%u %u %u %c", &inside, &outside, &count, &rest) == 3 && inside == 0 && outside == 0 &&
	       count == 4294967295u;
}

static uint64_t read_number(const char *path)
{
	char text[64], *end;

	if (read_text(AT_FDCWD, path, text, sizeof(text)) < 0) {
		if (errno != ENOENT)
			die_errno("read %s", path);
		return UINT64_MAX;
	}
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	return errno || end == text ? UINT64_MAX : number;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static char *copy(const char *text)
{
	char *result = strdup(text);

	if (!result)
		die("out of memory");
	return result;
}

void facts_read_root(struct host_facts *facts, const char *path)
{
	static struct root_entry entries[ROOT_ENTRIES_MAX];
	int fd = open_resolved(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory)
		die_errno("read %s", path);
	facts->root_entry_count = 0;
	for (struct dirent *entry;
	     (errno = 0, entry = readdir(directory)) && facts->root_entry_count < ROOT_ENTRIES_MAX;) {
		char target[512];
		struct root_entry *next = &entries[facts->root_entry_count];
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (entry->d_type == DT_DIR) {
			*next = (struct root_entry){.kind = ROOT_DIRECTORY, .name = copy(entry->d_name)};
		} else if (entry->d_type == DT_LNK) {
			ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
			if (length < 0)
				die_errno("read link /%s", entry->d_name);
			target[length] = '\0';
			*next = (struct root_entry){
			        .kind = ROOT_SYMLINK, .name = copy(entry->d_name), .target = copy(target)};
		} else {
			continue;
		}
		facts->root_entry_count++;
	}
	if (errno)
		die_errno("read %s", path);
	closedir(directory);
	facts->root_entries = entries;
}

static void read_shells(struct host_facts *facts)
{
	static const char *shells[SHELLS_MAX];
	static char text[16384];
	char *position = NULL;

	if (read_text(AT_FDCWD, "/etc/shells", text, sizeof(text)) < 0) {
		if (errno != ENOENT)
			die_errno("read /etc/shells");
		return;
	}
	for (char *line = strtok_r(text, "\n", &position); line && facts->shell_count < SHELLS_MAX;
	     line = strtok_r(NULL, "\n", &position))
		if (line[0] == '/')
			shells[facts->shell_count++] = line;
	facts->shells = shells;
}

struct host_facts *facts_read(bool privileged, enum request_kind kind, pid_t session_opener)
{
	static struct host_facts facts;
	static struct utsname system;
	struct sysinfo info;

	if (sysinfo(&info) != 0 || uname(&system) != 0)
		die_errno("read system information");
	facts.privileged = privileged;
	facts.full_groups = privileged;
	facts.memory_total = (uint64_t)info.totalram * info.mem_unit;
	facts.host_name = system.nodename;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	facts.landlock_abi = abi > 0 ? (int)abi : 0;
	facts_read_root(&facts, "/");
	if (kind == REQUEST_SESSION)
		read_shells(&facts);
	/* Root who asks for no privilege gets none: a cgroup in the shared place without a registry entry would be dead to gc. */
	facts.cgroup.membership = -1;
	if (privileged || geteuid() != 0)
		cgroup_facts_read(&facts.cgroup, session_opener);
	facts.tasks_total =
	        least(least(read_number("/proc/sys/kernel/pid_max"), read_number("/proc/sys/kernel/threads-max")),
	              cgroup_tasks_limit());
	return &facts;
}
