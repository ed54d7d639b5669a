/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sandboxctl asks and starts nothing. Whatever does not need root's registry or cgroups becomes the caller first.
 */
#include "helper/outside/verbs.h"

#include <errno.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "config/files.h"
#include "config/plan.h"
#include "helper/die.h"
#include "helper/outside/cgroup.h"
#include "helper/outside/facts.h"
#include "helper/outside/person.h"
#include "helper/outside/registry.h"
#include "helper/outside/rules.h"
#include "helper/outside/status.h"
#include "helper/privs.h"

enum answer { ANSWER_YES, ANSWER_NO, ANSWER_ERROR };

static int flushed(int answer)
{
	return fflush(stdout) == 0 ? answer : ANSWER_ERROR;
}

/* --- list -----------------------------------------------------------------------------------------------------------------*/

struct listing {
	const struct options *options;
	uid_t caller;
	size_t shown;
};

static void show_text(const char *text, int width)
{
	char line[512];

	quote_bytes(line, sizeof(line), text, strlen(text));
	printf("%-*s ", width, line);
}

static void show_command(const struct plan *plan, bool json)
{
	const plan_ref *arguments = plan_array(plan, plan->arguments);

	for (uint32_t i = 0; i < plan->arguments.count && i < 8; i++) {
		char text[256];
		if (json)
			json_escape(text, sizeof(text), plan_string(plan, arguments[i]));
		else
			quote_bytes(text, sizeof(text), plan_string(plan, arguments[i]),
				    strlen(plan_string(plan, arguments[i])));
		printf("%s%s", i ? " " : "", text);
	}
}

static void show_item(struct listing *listing, const struct registry_item *item)
{
	const struct plan *plan = item->plan;
	char started[32] = "-", name[256], user[256], profile[256];
	struct tm local;

	if (localtime_r(&item->started, &local))
		strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%S", &local);
	const char *texts[] = {plan ? plan_string(plan, plan->name) : "", plan ? plan_string(plan, plan->user_name) : "",
			       plan ? plan_string(plan, plan->profile_name) : ""};
	if (listing->options->json) {
		json_escape(name, sizeof(name), texts[0]);
		json_escape(user, sizeof(user), texts[1]);
		json_escape(profile, sizeof(profile), texts[2]);
		printf("%s{\"id\":\"%s\",\"name\":\"%s\",\"user\":\"%s\",\"profile\":\"%s\",\"alive\":%s,"
		       "\"supervisor\":%d,\"started\":\"%s\",\"session\":%s,\"command\":\"",
		       listing->shown ? "," : "", item->id, name, user, profile, item->alive ? "true" : "false",
		       item->alive ? item->supervisor : 0, started,
		       plan && (plan->flags & PLAN_SESSION) ? "true" : "false");
		if (plan)
			show_command(plan, true);
		printf("\"}");
	} else {
		if (!listing->shown)
			printf("%-12s %-12s %-12s %-10s %7s %-19s %s\n", "ID", "NAME", "USER", "PROFILE", "PID", "STARTED",
			       "COMMAND");
		show_text(item->id, 12);
		for (size_t i = 0; i < 3; i++)
			show_text(*texts[i] ? texts[i] : "-", i == 2 ? 10 : 12);
		printf("%7d %-19s ", item->alive ? item->supervisor : 0, started);
		if (plan && (plan->flags & PLAN_SESSION))
			printf("(login)");
		else if (plan)
			show_command(plan, false);
		putchar('\n');
	}
	listing->shown++;
}

static int list_entry(const struct registry_item *item, void *data)
{
	struct listing *listing = data;

	if (item->alive == listing->options->stale)
		return 0;
	if (listing->caller != 0 && (!item->plan || item->plan->uid != listing->caller))
		return 0;
	show_item(listing, item);
	return 0;
}

int verb_list(const struct options *options, bool privileged)
{
	struct listing listing = {.options = options, .caller = getuid()};

	if (!privileged) {
		say("without privilege there is no registry: sandboxes started that way are not listed");
		if (options->json)
			puts("[]");
		return flushed(ANSWER_YES);
	}
	if (options->json)
		putchar('[');
	int result = registry_each(list_entry, &listing);
	if (options->json)
		puts("]");
	if (result != 0)
		die_errno("read %s", RUNDIR);
	return flushed(ANSWER_YES);
}

/* --- gc -------------------------------------------------------------------------------------------------------------------*/

struct id_list {
	char (*ids)[80];
	size_t count, capacity;
};

static void id_add(struct id_list *list, const char *id)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : 64;
		list->ids = realloc(list->ids, list->capacity * sizeof(*list->ids));
		if (!list->ids)
			die("out of memory");
	}
	snprintf(list->ids[list->count++], sizeof(list->ids[0]), "%s", id);
}

static bool id_listed(const struct id_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->ids[i], id) == 0)
			return true;
	return false;
}

static int collect_cgroup(const char *id, void *data)
{
	id_add(data, id);
	return 0;
}

struct registry_ids {
	struct id_list living, dead;
};

static int collect_entry(const struct registry_item *item, void *data)
{
	struct registry_ids *ids = data;

	id_add(item->alive ? &ids->living : &ids->dead, item->id);
	return 0;
}

/* Killed is only what has an entry that is seen to be dead. One without an entry may be known to another registry: it is
 * removed if it is empty, and everything in it died with its supervisor if that is gone. */
static void remove_cgroup(const struct host_facts *facts, const char *id, bool is_dead)
{
	struct cgroup cgroup;

	if (cgroup_open(&facts->cgroup, id, &cgroup) != 0)
		return; /* ended by itself meanwhile */
	int killed = is_dead ? cgroup_kill(&cgroup, 2000) : 0;
	if (cgroup_remove(&cgroup) == 0)
		printf("removed cgroup %s\n", id);
	else
		printf("cgroup %s is busy%s: %s\n", id, killed == 0 ? "" : " and could not be emptied",
		       strerrordesc_np(errno));
}

static int remove_entry(const struct registry_item *item, void *data)
{
	(void)data;
	if (!item->alive && registry_remove_dead(item->directory, item->id) == 0)
		printf("removed %s/%s\n", RUNDIR, item->id);
	return 0;
}

int verb_gc(bool privileged)
{
	struct id_list cgroups = {0};
	struct registry_ids known = {0};

	if (!privileged)
		die("gc: needs the set-uid helper or root");
	const struct host_facts *facts = facts_read(true, REQUEST_RUN, 0);
	/* A sandbox's registry entry is made before its cgroup and removed after it. So cgroups are listed first: whichever
	 * of them lives has its entry by the time the registry is read. */
	if (cgroup_each(&facts->cgroup, collect_cgroup, &cgroups) != 0 && errno != ENOENT)
		die_errno("list cgroups");
	if (registry_each(collect_entry, &known) != 0)
		die_errno("read %s", RUNDIR);
	for (size_t i = 0; i < cgroups.count; i++)
		if (!id_listed(&known.living, cgroups.ids[i]))
			remove_cgroup(facts, cgroups.ids[i], id_listed(&known.dead, cgroups.ids[i]));
	if (registry_each(remove_entry, NULL) != 0)
		die_errno("read %s", RUNDIR);
	free(cgroups.ids);
	free(known.living.ids);
	free(known.dead.ids);
	return flushed(ANSWER_YES);
}

/* --- features -------------------------------------------------------------------------------------------------------------*/

/* Called with arguments that are refused: only ENOSYS means that the kernel, or a filter, lacks it. */
static bool has_call(long number, long a, long b, long c, long d)
{
	return syscall(number, a, b, c, d) >= 0 || errno != ENOSYS;
}

static void feature(const struct options *options, bool *first, const char *name, const char *value)
{
	if (options->json)
		printf("%s\"%s\":\"%s\"", *first ? "" : ",", name, value);
	else
		printf("%s: %s\n", name, value);
	*first = false;
}

int verb_features(const struct options *options, bool privileged)
{
	static const struct {
		const char *name;
		long number, arguments[4];
	} calls[] = {
		{"clone3",	    SYS_clone3,	       {0, 0, 0, 0}	 },
		{"openat2",	    SYS_openat2,       {-1, 0, 0, 0}	 },
		{"close_range",	    SYS_close_range,   {~0U, ~0U, ~0U, 0}},
		{"mount-api",	    SYS_fsopen,	       {0, ~0, 0, 0}	 },
		{"mount_setattr",   SYS_mount_setattr, {-1, 0, 0, 0}	 },
		{"pidfd",	    SYS_pidfd_open,    {-1, 0, 0, 0}	 },
		{"seccomp",	    SYS_seccomp,       {~0U, 0, 0, 0}	 },
	};
	static const char *const controllers[] = {"memory", "pids",    "cpu",	  "cpuset",   "io",	"hugetlb",
						  "devices", "net_cls", "net_prio", "freezer", "cpuacct"};
	const struct host_facts *facts = facts_read(privileged, REQUEST_RUN, 0);
	char text[64], line[512];
	bool first = true;

	privs_become_caller();
	if (options->json)
		putchar('{');
	feature(options, &first, "version", VERSION);
	feature(options, &first, "mode", privileged ? "set-uid" : "unprivileged");
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		feature(options, &first, calls[i].name,
			has_call(calls[i].number, calls[i].arguments[0], calls[i].arguments[1], calls[i].arguments[2],
				 calls[i].arguments[3])
				? "yes"
				: "no");
	snprintf(text, sizeof(text), "%d", facts->landlock_abi);
	feature(options, &first, "landlock-abi", text);
	for (size_t i = 0; i < facts->cgroup.count; i++) {
		const struct cgroup_hierarchy *hierarchy = &facts->cgroup.hierarchies[i];
		int length = snprintf(line, sizeof(line), "v%u %.200s", hierarchy->version, hierarchy->path);
		for (size_t c = 0; c < CGROUP_CONTROLLERS; c++)
			if (hierarchy->controllers & (1u << c))
				length += snprintf(line + length, sizeof(line) - (size_t)length, " %s", controllers[c]);
		snprintf(text, sizeof(text), "cgroup-%zu", i);
		feature(options, &first, text, line);
	}
	if (facts->cgroup.count == 0)
		feature(options, &first, "cgroup-0", "none writable");
	if (options->json)
		puts("}");
	return flushed(ANSWER_YES);
}

/* --- policy ---------------------------------------------------------------------------------------------------------------*/

static bool said_before(const struct policy_errors *errors, size_t index)
{
	const struct policy_error *error = &errors->list[index];

	for (size_t i = 0; i < index; i++)
		if (errors->list[i].line == error->line && strcmp(errors->list[i].text, error->text) == 0)
			return true; /* one key, inherited by several profiles */
	return false;
}

static void show_errors(const struct policy_errors *errors, bool json)
{
	char text[2048], escaped[4096];
	bool first = true;

	for (size_t i = 0; i < errors->count; i++) {
		const struct policy_error *error = &errors->list[i];
		if (said_before(errors, i))
			continue;
		if (!json) {
			policy_error_format(error, text, sizeof(text));
			puts(text);
			if (error->hint)
				printf("hint: %s\n", error->hint);
			continue;
		}
		json_escape(escaped, sizeof(escaped), error->file ? error->file : "");
		printf("%s{\"file\":\"%s\",\"line\":%u,\"column\":%u,\"level\":\"%s\"", first ? "[" : ",", escaped, error->line,
		       error->column, error->warning ? "warning" : "error");
		json_escape(escaped, sizeof(escaped), error->text);
		printf(",\"text\":\"%s\"", escaped);
		json_escape(escaped, sizeof(escaped), error->hint ? error->hint : "");
		printf(",\"hint\":\"%s\"}", escaped);
		first = false;
	}
	if (json)
		puts(errors->count ? "]" : "[]");
}

struct checked_policy {
	const struct policy *policy;
	struct policy_errors *errors;
};

/* What a profile asks for and this build does not do is refused when it is used: said here before that. */
static void check_profile(const char *name, void *data)
{
	const struct checked_policy *checked = data;
	struct profile *profile = NULL;

	if (policy_select_run(checked->policy, name, true, &profile, checked->errors) == 0)
		profile_check_enforced(profile, checked->errors);
	profile_free(profile);
}

static int policy_check(const struct options *options)
{
	struct policy_files files = {0};
	struct policy_errors errors = {0};
	struct policy *policy = NULL;
	/* A named file may be anybody's; it is read with the caller's rights. */
	int result = options->file ? policy_file_read(options->file, false, &files, &errors)
				   : policy_files_read(VENDORDIR "/policy.d", SYSCONFDIR "/sandbox-run/policy.conf",
						       SYSCONFDIR "/sandbox-run/policy.d", true, &files, &errors);

	if (result == 0 && policy_parse(files.sources, files.count, &policy, &errors) == 0)
		policy_each_profile(policy, check_profile, &(struct checked_policy){policy, &errors});
	show_errors(&errors, options->json);
	if (!errors.errors && !options->json)
		puts("the policy is valid");
	return flushed(errors.errors ? ANSWER_NO : ANSWER_YES);
}

/* The profile for a person's login or for a command. NULL: not confined. */
static struct profile *find_profile(const struct options *options, const struct policy *policy,
				    const struct identity *person, const struct host_facts *facts)
{
	struct policy_errors errors = {0};
	struct profile *profile = NULL;

	if (!options->user)
		return rules_for_command(policy, options, facts, true, false);
	enum login_decision decision = policy_select_login(policy, person, options->service ? options->service : "sshd",
							   &profile, &errors);
	rules_check(&errors);
	if (decision == LOGIN_VOID)
		die("refused by policy");
	return decision == LOGIN_CONFINED ? profile : NULL;
}

static int show_profile(const struct profile *profile, bool origins)
{
	char *text = profile_show(profile, origins);

	if (!text)
		die("out of memory");
	fputs(text, stdout);
	free(text);
	return flushed(ANSWER_YES);
}

static int explain_plan(const struct options *options, const struct profile *profile, const struct identity *person,
			const struct caller_state *caller, const struct host_facts *facts)
{
	const char *const nothing[] = {NULL};
	const struct request request = {
		.kind = options->user ? REQUEST_SESSION : REQUEST_RUN,
		.service = options->service,
		.arguments = nothing,
		.environment = (const char *const *)caller->environment,
		.directory = caller->directory[0] ? caller->directory : NULL,
		.directory_owner = caller->directory_owner,
	};
	struct policy_errors errors = {0};
	struct plan *plan = NULL;

	if (plan_make(profile, person, &request, facts, &plan, &errors) != 0)
		rules_check(&errors);
	char *text = !plan ? NULL : options->json ? plan_json(plan) : plan_describe(plan);
	if (!text)
		die("no plan could be made");
	fputs(text, stdout);
	free(text);
	return flushed(ANSWER_YES);
}

int verb_policy(const struct options *options, const struct caller_state *caller, bool privileged)
{
	if (options->verb == VERB_POLICY_CHECK) {
		privs_become_caller();
		return policy_check(options);
	}
	/* Facts as the helper will see them, then nothing more needs its rights. */
	const struct host_facts *facts =
		facts_read(privileged, options->user ? REQUEST_SESSION : REQUEST_RUN, privileged && options->user ? getppid() : 0);
	privs_become_caller();
	const struct identity *person = options->user ? person_by_name(options->user, false) : person_caller();
	if (!person)
		die("there is no account of that name");
	struct policy *policy = rules_read(options->policy, !options->policy);
	struct profile *profile = find_profile(options, policy, person, facts);
	if (!profile) {
		puts("not confined");
		return flushed(ANSWER_NO);
	}
	if (options->verb == VERB_POLICY_SHOW)
		return show_profile(profile, options->origins);
	return explain_plan(options, profile, person, caller, facts);
}
