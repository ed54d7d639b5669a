/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of one command's sandbox: who, which rules, which plan; registry, cgroup, first process; supervise; clean up.
 */
#include "helper/outside/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/plan.h"
#include "helper/die.h"
#include "helper/io.h"
#include "helper/outside/appeared.h"
#include "helper/outside/cgroup.h"
#include "helper/outside/detach.h"
#include "helper/outside/facts.h"
#include "helper/outside/person.h"
#include "helper/outside/registry.h"
#include "helper/outside/rules.h"
#include "helper/outside/spawn.h"
#include "helper/outside/status.h"
#include "helper/outside/supervise.h"
#include "helper/outside/terminal.h"
#include "helper/privs.h"
#include "helper/schedule.h"

/* What must not be left behind, whatever happens from here on. */
static struct registry_entry entry;
static struct cgroup sandbox_cgroup;
static struct spawned spawned;

static void clean_up(void)
{
	spawn_abandon(&spawned);
	terminal_end();
	if (sandbox_cgroup.count && cgroup_remove(&sandbox_cgroup) != 0)
		say("the cgroup %s stays busy: sandboxctl gc removes it", sandbox_cgroup.id);
	sandbox_cgroup.count = 0;
	if (registry_remove(&entry) != 0)
		say("the registry entry in %s could not be removed: sandboxctl gc removes it", RUNDIR);
}

static const struct identity *choose_person(const struct options *options, bool privileged)
{
	if (!options->user)
		return person_caller();
	if (!privileged || getuid() != 0)
		die("--user: only root may name another person");
	const struct identity *person = person_by_name(options->user, privileged);
	if (!person)
		die("--user: there is no account of that name");
	return person;
}

static bool name_is_valid(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	size_t length = strlen(name);

	return length >= 1 && length <= 64 && strchr(letters, name[0]) &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") == length;
}

static struct plan *make_plan(const struct options *options, const struct caller_state *caller, bool privileged)
{
	bool is_root = privileged && getuid() == 0;
	const struct identity *person = choose_person(options, privileged);
	struct policy *policy = rules_read(options->policy, !options->policy);
	struct host_facts *facts = facts_read(privileged, REQUEST_RUN, 0);
	struct profile *profile =
	        rules_for_command(policy, options, facts, is_root || !privileged, privileged && !is_root);
	facts_for_profile(facts, profile, person);
	struct request request = rules_request(REQUEST_RUN, caller);
	struct policy_errors errors = {0};
	struct plan *plan = NULL;

	request.name = options->name;
	request.arguments = options->command;
	request.argument_count = options->command_count;
	if (plan_make(profile, person, &request, facts, &plan, &errors) != 0 || !plan) {
		rules_check(&errors);
		die("no plan could be made");
	}
	profile_free(profile);
	policy_free(policy);
	return plan;
}

static void show_warnings(const struct plan *plan, bool quiet)
{
	const plan_ref *warnings = plan_array(plan, plan->warnings);

	for (uint32_t i = 0; i < plan->warnings.count; i++) {
		status_warning(plan_string(plan, warnings[i]));
		if (!quiet)
			say("%s", plan_string(plan, warnings[i]));
	}
}

static int show_plan(const struct plan *plan, bool json)
{
	privs_become_caller(); /* what is printed is the caller's own affair */
	char *text = json ? plan_json(plan) : plan_describe(plan);
	if (!text)
		die("out of memory");
	if (write_all(STDOUT_FILENO, text, strlen(text)) != 0)
		die_errno("write the plan");
	free(text);
	return 0;
}

int command_run(const struct options *options, const struct caller_state *caller, int proc, bool privileged)
{
	char id[64], why[512];

	if (options->name && !name_is_valid(options->name))
		die("--name: 1 to 64 letters, digits, \"_\", \".\" or \"-\", not beginning with \".\" or \"-\"");
	status_open(options->status_fd);
	struct plan *plan = make_plan(options, caller, privileged);
	if (options->dry_run)
		return show_plan(plan, options->json);
	sanitise_passed(caller, plan->descriptors);
	show_warnings(plan, options->quiet);

	if (plan->flags & PLAN_DETACHED)
		detach();
	supervise_prepare();
	registry_id(id, sizeof(id));
	die_cleanup = clean_up;
	if (privileged)
		registry_create(&entry, id, plan);
	if ((plan->flags & PLAN_CGROUP) && cgroup_create(plan, id, &sandbox_cgroup, why, sizeof(why)) != 0)
		die("%s", why);
	const struct spawn_request request = {
	        .plan = plan,
	        .cgroup = sandbox_cgroup.count ? &sandbox_cgroup : NULL,
	        .caller = caller,
	        .proc = proc,
	        .relay = terminal_begin(plan),
	};
	schedule_begin(plan, proc);
	spawn_sandbox(&request, &spawned);
	if (request.relay >= 0)
		close(request.relay);
	close_set(plan->descriptors); /* whoever waits for the end of a pipe waits for the command alone */
	appeared_begin(plan, caller);
	spawn_verify(&request, &spawned);
	status_start(id, plan, spawned.pid, proc);
	if (options->verbose)
		say("sandbox %s: profile %s, first process %d", id, plan_string(plan, plan->profile_name), spawned.pid);
	/* Of another person's processes none may be killed without it (kill(2)). */
	privs_become_supervisor(getuid() != plan->uid);
	struct ending ending = supervise_command(plan, &spawned, request.cgroup);
	spawned.pid = 0; /* reaped */
	clean_up();
	appeared_tell(plan, options->quiet);
	status_exit(ending.reason, ending.status, ending.code, ending.signal_number);
	if (strcmp(ending.reason, "oom") == 0 && !options->quiet)
		say("out of memory: the sandbox reached its memory limit and was ended");
	return ending.status;
}
