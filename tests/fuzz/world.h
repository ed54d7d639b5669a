/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* People, requests and machines that plans are made for: one of each kind the planner tells apart. */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include "config/plan.h"
#include "config/policy.h"

static const struct identity_group few_groups[] = {
        {5,           "tty"     },
        {6,           "students"},
        {4294967294u, NULL      },
};
static const struct identity_group exempt_groups[] = {
        {9, "sandbox-exempt"},
};

static const struct identity people[] = {
        {.uid = 1000,
         .gid = 1000,
         .name = "alice",
         .primary_group_name = "alice",
         .gecos = "Alice",
         .home = "/home/alice",
         .shell = "/bin/bash",
         .groups = few_groups,
         .group_count = 3,
         .tty_gid = 5                       },
        {.uid = 65534,
         .gid = 65534,
         .name = "a",
         .primary_group_name = "g",
         .gecos = "",
         .home = "/",
         .shell = "/bin/sh",
         .groups = few_groups + 1,
         .group_count = 1,
         .tty_gid = (gid_t)-1               },
 /* no account: a number for a name */
        {.uid = 4294967294u,
         .gid = 7,
         .name = "4294967294",
         .primary_group_name = NULL,
         .gecos = "",
         .home = "/srv/a b/\xff",
         .shell = "/bin/sh",
         .tty_gid = 7            },
        {.uid = 0,
         .gid = 0,
         .name = "root",
         .primary_group_name = "root",
         .gecos = "root",
         .home = "/root",
         .shell = "/bin/bash",
         .groups = few_groups,
         .group_count = 1,
         .tty_gid = 5},
        {.uid = 1001,
         .gid = 6,
         .name = "b",
         .primary_group_name = "students",
         .gecos = NULL,
         .home = "/home/b",
         .shell = "/bin/zsh",
         .groups = exempt_groups,
         .group_count = 1,
         .tty_gid = 5         },
};

static const char *const command[] = {"make", "--", "a b\n", NULL};
static const char *const environment[] = {"PATH=/p",   "LANG=C", "HOME=/evil", "LD_PRELOAD=/evil.so", "NOTHING", "=",
                                          "EXTRA=y=z", "USER=",  "LC_ALL=\n",  "A=\xc3\x28",          NULL};

static const struct request requests[] = {
        {.kind = REQUEST_RUN,
         .name = "n",
         .arguments = command,
         .argument_count = 3,
         .environment = environment,
         .directory = "/home/alice/work",
         .directory_owner = 1000,
         .directory_device = 1,
         .directory_inode = 2},
        {.kind = REQUEST_SESSION, .service = "sshd"                   },
        {.kind = REQUEST_RUN,         .arguments = command + 3, .directory = "/srv",                                           .directory_owner = 0                                                               },
        {.kind = REQUEST_RUN,            .arguments = command + 3, .environment = environment, .directory = "/home"},
};

static const struct root_entry root_entries[] = {
        {ROOT_DIRECTORY, "usr",     NULL     },
        {ROOT_SYMLINK,   "bin",     "usr/bin"},
        {ROOT_DIRECTORY, "etc",     NULL     },
        {ROOT_DIRECTORY, "home",    NULL     },
        {ROOT_DIRECTORY, "a b\n\"", NULL     },
        {ROOT_SYMLINK,   "x",       ""       },
};
static const char *const shells[] = {"/bin/zsh", "/bin/bash"};

/* clang-format off */
static const struct host_facts machines[] = {
	{.privileged = true, .full_groups = true, .landlock_abi = 6, .memory_total = UINT64_C(8) << 30, .tasks_total = 32768,
	 .host_name = "host", .root_entries = root_entries, .root_entry_count = 6, .shells = shells, .shell_count = 2,
	 .cgroup = {.hierarchies = {{2, 0x3ff, "/sys/fs/cgroup"}}, .count = 1, .membership = 0, .swap_accounting = true}},
	/* hybrid: a controller in each of its hierarchies */
	{.privileged = true, .full_groups = true, .landlock_abi = 0, .memory_total = 1 << 20, .tasks_total = 1,
	 .host_name = "", .root_entries = root_entries, .root_entry_count = 3,
	 .cgroup = {.hierarchies = {{1, 1 << CGROUP_MEMORY, "/sys/fs/cgroup/memory"}, {1, 1 << CGROUP_PIDS, "/sys/fs/cgroup/pids"},
	                            {1, 1 << CGROUP_CPU | 1 << CGROUP_CPUACCT, "/sys/fs/cgroup/cpu"},
	                            {1, 1 << CGROUP_FREEZER, "/sys/fs/cgroup/freezer"}, {2, 0, "/sys/fs/cgroup/unified"}},
	            .count = 5, .membership = 4}},
	{.landlock_abi = 2, .memory_total = UINT64_MAX, .tasks_total = UINT64_MAX, .cgroup = {.membership = -1}},
};
/* clang-format on */

#endif
