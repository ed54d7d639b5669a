/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the planner share: a person, a request and a machine to plan for, and the plan made of them. */
#ifndef TESTS_PLAN_SUPPORT_H
#define TESTS_PLAN_SUPPORT_H

#include "policy_support.h"

#include "config/plan.h"

static const struct identity_group alice_groups[] = {
        {3003, "barred" },
        {3101, "project"},
        {3002, "staff"  }
};
static const struct root_entry root_entries[] = {
        {ROOT_DIRECTORY, "usr",  NULL     },
        {ROOT_SYMLINK,   "bin",  "usr/bin"},
        {ROOT_DIRECTORY, "etc",  NULL     },
        {ROOT_DIRECTORY, "var",  NULL     },
        {ROOT_DIRECTORY, "home", NULL     },
        {ROOT_DIRECTORY, "srv",  NULL     },
};
static const char *const test_command[] = {"make", "all", NULL};
static const char *const test_environment[] = {"PATH=/p",    "TERM=xterm",          "LANG=C",
                                               "HOME=/evil", "LD_PRELOAD=/evil.so", "SECRET=x",
                                               "EXTRA=y",    "USER=evil",           NULL};

static struct identity test_person;
static struct request test_request;
static struct host_facts test_facts;
static struct plan *test_plan;

static inline int plan_set_up(void **state)
{
	(void)state;
	test_person = (struct identity){.uid = 3001,
	                                .gid = 3001,
	                                .name = "alice",
	                                .primary_group_name = "alice",
	                                .gecos = "",
	                                .home = "/home/alice",
	                                .shell = "/bin/bash",
	                                .groups = alice_groups,
	                                .group_count = COUNT(alice_groups),
	                                .tty_gid = 5};
	test_request = (struct request){.kind = REQUEST_RUN,
	                                .arguments = test_command,
	                                .argument_count = 2,
	                                .environment = test_environment,
	                                .directory = "/home/alice/work",
	                                .directory_owner = 3001};
	test_facts = (struct host_facts){.privileged = true,
	                                 .full_groups = true,
	                                 .landlock_abi = 6,
	                                 .seccomp_log = true,
	                                 .memory_total = UINT64_C(8) << 30,
	                                 .tasks_total = 32768,
	                                 .host_name = "host",
	                                 .root_entries = root_entries,
	                                 .root_entry_count = COUNT(root_entries),
	                                 .cgroup = {.membership = -1}};
	return 0;
}

static inline int plan_tear_down(void **state)
{
	free(test_plan);
	test_plan = NULL;
	return teardown(state);
}

/* Plans with settings of the policy on top of the compiled-in profile "default". */
static inline int plan_with(const char *settings)
{
	char text[1024];

	snprintf(text, sizeof(text), "[profile x]\nInherit=default\n%s", settings);
	accept_policy(text);
	choose("x");
	free(test_plan);
	test_plan = NULL;
	return plan_make(test_profile, &test_person, &test_request, &test_facts, &test_plan, &test_errors);
}

#endif
