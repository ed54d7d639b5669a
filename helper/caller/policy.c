/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions about the policy: is it valid, which profile, which plan. */
#include "helper/caller/caller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/error.h"
#include "config/files.h"
#include "config/plan.h"
#include "helper/die.h"
#include "helper/outside/facts.h"
#include "helper/outside/person.h"
#include "helper/outside/rules.h"

int caller_flushed(int answer)
{
	return fflush(stdout) == 0 ? answer : ANSWER_ERROR;
}

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
		printf("%s{\"file\":\"%s\",\"line\":%u,\"column\":%u,\"level\":\"%s\"", first ? "[" : ",", escaped,
		       error->line, error->column, error->warning ? "warning" : "error");
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
	return caller_flushed(errors.errors ? ANSWER_NO : ANSWER_YES);
}

struct profile *caller_profile(const struct options *options, const struct policy *policy,
                               const struct identity *person, const struct host_facts *facts)
{
	struct policy_errors errors = {0};
	struct profile *profile = NULL;

	if (!options->user)
		return rules_for_command(policy, options, facts, true, facts->privileged && getuid() != 0);
	enum login_decision decision =
	        policy_select_login(policy, person, options->service ? options->service : "sshd", &profile, &errors);
	rules_check(&errors);
	if (decision == LOGIN_VOID)
		die("refused by policy");
	return decision == LOGIN_CONFINED ? profile : NULL;
}

static int show_profile(const struct profile *profile, enum show_form form)
{
	char *text = profile_show(profile, form);

	if (!text)
		die("out of memory");
	fputs(text, stdout);
	free(text);
	return caller_flushed(ANSWER_YES);
}

static int explain_plan(const struct options *options, const struct profile *profile, const struct identity *person,
                        const struct caller_state *caller, struct host_facts *facts)
{
	const char *const nothing[] = {NULL};
	struct request request = rules_request(options->user ? REQUEST_SESSION : REQUEST_RUN, caller);
	struct policy_errors errors = {0};
	struct plan *plan = NULL;

	request.service = options->service;
	request.arguments = nothing;
	facts_for_profile(facts, profile, person);
	if (plan_make(profile, person, &request, facts, &plan, &errors) != 0)
		rules_check(&errors);
	char *text = !plan ? NULL : options->json ? plan_json(plan) : plan_describe(plan);
	if (!text)
		die("no plan could be made");
	fputs(text, stdout);
	free(text);
	return caller_flushed(ANSWER_YES);
}

int caller_policy(const struct options *options, const struct caller_state *caller, struct host_facts *facts)
{
	if (options->verb == VERB_POLICY_CHECK)
		return policy_check(options);
	if (options->verb == VERB_POLICY_WHY)
		return caller_why(options, caller, facts);
	const struct identity *person = options->user ? person_by_name(options->user, false) : person_caller();
	if (!person)
		die("there is no account of that name");
	struct policy *policy = rules_read(options->policy, !options->policy);
	struct profile *profile = caller_profile(options, policy, person, facts);
	if (!profile) {
		puts("not confined");
		return caller_flushed(ANSWER_NO);
	}
	if (options->verb == VERB_POLICY_SHOW)
		return show_profile(profile, options->json ? SHOW_JSON : options->origins ? SHOW_ORIGINS : SHOW_TEXT);
	return explain_plan(options, profile, person, caller, facts);
}
