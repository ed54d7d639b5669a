/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this machine offers, read once by helper/outside/facts.c and given to the planner, so that planning stays a pure
 * function.
 */
#ifndef CONFIG_FACTS_H
#define CONFIG_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/identity.h"

/* Controllers a policy can ask for; the names of cgroup v1 (cgroups(7)). IO is "blkio" on v1 and "io" on v2. */
enum cgroup_controller {
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_CPU,
	CGROUP_CPUSET,
	CGROUP_IO,
	CGROUP_HUGETLB,
	CGROUP_DEVICES,
	CGROUP_NET_CLS,
	CGROUP_NET_PRIO,
	CGROUP_FREEZER, /* v1 only; always there on v2 */
	CGROUP_CPUACCT, /* v1 only; always there on v2 */
	CGROUP_CONTROLLERS,
};

#define CGROUP_HIERARCHIES_MAX 16

/* One mounted hierarchy below which this process may make cgroups. Found by file system type and writability. */
struct cgroup_hierarchy {
	unsigned version;     /* 1 or 2 */
	uint32_t controllers; /* bit 1 << CGROUP_*: usable here */
	const char *path;     /* absolute path of the cgroup that becomes the parent of "sandbox-run/ID" */
};

struct cgroup_facts {
	struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES_MAX];
	size_t count;
	int membership;       /* index of the hierarchy used to kill and freeze; -1: no writable hierarchy at all */
	bool swap_accounting; /* memory.memsw.* or memory.swap.* is there */
};

enum root_entry_kind { ROOT_DIRECTORY, ROOT_SYMLINK };

/* One entry of the root directory (files are left out). */
struct root_entry {
	enum root_entry_kind kind;
	const char *name;
	const char *target; /* of a symlink */
};

/* An account of the host's that others than its owner may see. */
struct account {
	uid_t uid;
	gid_t gid;
	const char *name, *gecos, *home, *shell;
};

struct host_facts {
	bool privileged;       /* euid 0 in the host's own user namespace */
	bool full_groups;      /* setgroups and full gid maps are possible (the same, today) */
	int landlock_abi;      /* 0: no Landlock */
	bool seccomp_log;      /* seccomp(2): what a filter answers with SECCOMP_RET_LOG is recorded */
	uint64_t memory_total; /* bytes */
	uint64_t tasks_total;  /* smallest of pid_max, threads-max and the parent cgroup's limit */
	const char *host_name;
	const char *root_directory;            /* RootDirectory=, expanded; NULL: the host's own */
	const struct root_entry *root_entries; /* of that directory */
	size_t root_entry_count;
	const char *const *shells; /* entries of /etc/shells; only read for a session */
	size_t shell_count;
	const struct account *accounts; /* of EtcUsers= */
	size_t account_count;
	struct id_range subordinate_uids; /* the person's, subuid(5); only read for IDMap=subid */
	struct id_range subordinate_gids;
	struct cgroup_facts cgroup;
};

#endif
