/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox-helper: the only planner and builder. This file is the order of steps; SECURITY.md argues for it.
 */
#include <string.h>
#include <unistd.h>

#include "config/plan.h"
#include "helper/caller/caller.h"
#include "helper/die.h"
#include "helper/io.h"
#include "helper/outside/command.h"
#include "helper/outside/facts.h"
#include "helper/outside/options.h"
#include "helper/outside/sanitise.h"
#include "helper/outside/session.h"
#include "helper/outside/verbs.h"
#include "helper/privs.h"

enum { SESSION_SOCKET = 3 };

static int descriptor_to_keep(const struct options *options)
{
	if (options->verb == VERB_SESSION)
		return SESSION_SOCKET;
	return options->status_fd > 2 ? options->status_fd : -1;
}

/* Host privilege counts only where it was not taken apart: the set-uid bit is dead under no_new_privs, and root in a user
 * namespace is not root here (threats A5.1, A7). */
static bool has_host_privilege(int proc)
{
	return geteuid() == 0 && facts_host_user_namespace(proc);
}

/* Facts as the helper sees them with its rights; then nothing more needs these. */
static int answer_caller(const struct options *options, const struct caller_state *caller, bool privileged)
{
	enum request_kind kind = options->user ? REQUEST_SESSION : REQUEST_RUN;
	pid_t opener = privileged && options->user ? getppid() : 0;
	struct host_facts *facts = options->verb == VERB_POLICY_CHECK ? NULL : facts_read(privileged, kind, opener);

	privs_become_caller();
	return options->verb == VERB_FEATURES ? caller_features(options, facts, privileged)
	                                      : caller_policy(options, caller, facts);
}

int main(int argc, char **argv, char **environment)
{
	static struct caller_state caller;
	struct options options;
	char why[512];

	if (argc < 1 || !argv[0]) /* execve(2) lets a caller leave argv empty */
		_exit(EXIT_REFUSED);
	int usage = options_parse(argc, argv, &options, why, sizeof(why));
	unsigned last = usage == 0 && options.verb == VERB_RUN ? PLAN_DESCRIPTOR_MAX : 2;
	sanitise(environment, usage == 0 ? descriptor_to_keep(&options) : -1, last, &caller);
	if (usage != 0)
		die("%s", why);
	if (options.verb != VERB_RUN && options.verb != VERB_SESSION) {
		die_name = "sandboxctl";
		die_status = 2;
	}
	int proc = open_proc();
	if (proc < 0)
		die_errno("open /proc");
	bool privileged = has_host_privilege(proc);
	if (options.rootless || options.policy || !privileged) {
		privs_become_caller();
		privileged = false;
	}
	switch (options.verb) {
	case VERB_RUN:
		return command_run(&options, &caller, proc, privileged);
	case VERB_SESSION:
		return session_run(SESSION_SOCKET, &caller, proc, privileged);
	case VERB_LIST:
		return verb_list(&options, privileged);
	case VERB_GC:
		return verb_gc(privileged);
	case VERB_FEATURES:
	case VERB_POLICY_CHECK:
	case VERB_POLICY_SHOW:
	case VERB_POLICY_EXPLAIN:
	case VERB_POLICY_WHY:
		return answer_caller(&options, &caller, privileged);
	}
	die("unknown verb");
}
