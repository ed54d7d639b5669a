/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The helper's side of config/: which files, and what becomes of errors.
 */
#include "helper/outside/rules.h"

#include <stdio.h>

#include "config/files.h"
#include "helper/die.h"

void rules_check(struct policy_errors *errors)
{
	char text[1024];

	for (size_t i = 0; i < errors->count && errors->errors; i++) {
		const struct policy_error *error = &errors->list[i];
		if (error->warning)
			continue;
		policy_error_format(error, text, sizeof(text));
		if (errors->errors > 1)
			die_hint(error->hint ? error->hint : "sandboxctl policy check shows them all",
			         "%s (and %zu more)", text, errors->errors - 1);
		if (error->hint)
			die_hint(error->hint, "%s", text);
		die("%s", text);
	}
	if (errors->errors)
		die("out of memory");
}

struct policy *rules_read(const char *file, bool trusted)
{
	static struct policy_files files; /* the policy points into them */
	struct policy_errors errors = {0};
	struct policy *policy = NULL;
	int result = file ? policy_file_read(file, trusted, &files, &errors)
	                  : policy_files_read(VENDORDIR "/policy.d", SYSCONFDIR "/sandbox-run/policy.conf",
	                                      SYSCONFDIR "/sandbox-run/policy.d", trusted, &files, &errors);

	if (result == 0)
		result = policy_parse(files.sources, files.count, &policy, &errors);
	rules_check(&errors);
	if (result != 0 || !policy)
		die("the policy could not be read");
	policy_errors_clear(&errors);
	return policy;
}

struct profile *rules_for_command(const struct policy *policy, const struct options *options,
                                  const struct host_facts *facts, bool any_profile, bool tighten_only)
{
	struct policy_errors errors = {0};
	struct profile *profile = NULL;
	int result = policy_select_run(policy, options->profile, any_profile, &profile, &errors);

	if (result == 0) { /* a share and an amount can be compared only here */
		profile->memory_total = facts->memory_total;
		profile->tasks_total = facts->tasks_total;
	}
	for (size_t i = 0; result == 0 && i < options->set_count; i++)
		result = profile_set(profile, options->sets[i], tighten_only, &errors);
	if (result == 0)
		result = profile_check_enforced(profile, &errors);
	rules_check(&errors);
	if (result != 0 || !profile)
		die("the policy gives no profile");
	policy_errors_clear(&errors);
	return profile;
}

struct request rules_request(enum request_kind kind, const struct caller_state *caller)
{
	return (struct request){
	        .kind = kind,
	        .environment = (const char *const *)caller->environment,
	        .directory = caller->directory[0] ? caller->directory : NULL,
	        .directory_owner = caller->directory_owner,
	        .directory_device = caller->directory_device,
	        .directory_inode = caller->directory_inode,
	};
}
