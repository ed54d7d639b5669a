/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as two layers of policy and as what a caller gives with --set, each ended by a byte 0x01. Whatever is accepted
 * can be selected and planned for everyone, what `policy show` prints of it parses to the same profile and is shown the same
 * again, and a caller's --set gives away nothing that the profile keeps.
 */
#include "tests/fuzz/bpf_machine.h"
#include "tests/fuzz/image.h"
#include "tests/fuzz/world.h"

#include "config/filter.h"
#include "config/value.h"

enum { SETTINGS_MAX = 32 };

struct caller {
	const struct policy *policy;
	bool has_run_section;
	char *settings[SETTINGS_MAX];
	size_t count;
	size_t turn; /* which person, request and machine are planned for */
};

/* Each error is one line that steers no terminal, whatever it quotes; freed after that. */
static void tell(struct policy_errors *errors)
{
	char line[8192];

	for (size_t i = 0; i < errors->count; i++) {
		const struct policy_error *error = &errors->list[i];
		HOLDS(policy_error_format(error, line, sizeof(line)) < (int)sizeof(line) && is_printable(line));
		HOLDS(!error->hint || is_printable(error->hint));
	}
	policy_errors_clear(errors);
}

/* --- show --- */

static bool is_longer_than_a_line(const char *text)
{
	for (size_t length; *text; text += length + (text[length] == '\n')) {
		length = strcspn(text, "\n");
		if (length > TEXT_LINE_MAX)
			return true;
	}
	return false;
}

/* Control characters and bytes that are no text: only --set may bring them. */
static bool holds_foreign_bytes(const struct profile *profile, const char *text)
{
	bool set = false, control = !is_text(text);

	for (unsigned i = 0; i < KEY_COUNT; i++)
		set |= profile->values[i].is_set && strcmp(profile->values[i].file, "--set") == 0;
	for (; *text; text++)
		control |= ((unsigned char)*text < ' ' && *text != '\n' && *text != '\t') || *text == 0x7f;
	return set && control;
}

/* What is accepted and cannot be written: a word that its quotes and escapes make longer than a line, and bytes that no file
 * may hold. */
static bool is_inexpressible(const struct profile *profile, const char *text)
{
	return is_longer_than_a_line(text) || holds_foreign_bytes(profile, text);
}

static void assert_same(const struct profile *a, const struct policy *shown, const char *text)
{
	struct policy_errors errors = {0};
	struct profile *b = NULL;

	HOLDS(policy_select_run(shown, a->name, true, &b, &errors) == 0);
	for (unsigned i = 0; i < KEY_COUNT; i++)
		HOLDS(a->values[i].is_set == b->values[i].is_set &&
		      value_equal(key_row((enum key_id)i), &a->values[i], &b->values[i]));
	char *again = profile_show(b, SHOW_TEXT);
	HOLDS(again && strcmp(again, text) == 0);
	free(again);
	profile_free(b);
}

static bool parses(const struct profile *profile, const char *text, struct policy **ret_shown)
{
	struct policy_errors errors = {0};
	struct policy_source source = {"shown", text, strlen(text)};
	bool parsed = policy_parse(&source, 1, ret_shown, &errors) == 0;

	HOLDS(parsed == (errors.errors == 0));
	if (!parsed && !is_inexpressible(profile, text)) {
		fprintf(stderr, "%s\n%s", errors.list[0].text, text);
		HOLDS(parsed);
	}
	tell(&errors);
	return parsed;
}

static void show(const struct profile *profile)
{
	struct policy *shown = NULL;
	char *text = profile_show(profile, SHOW_TEXT), *origins = profile_show(profile, SHOW_ORIGINS),
	     *json = profile_show(profile, SHOW_JSON);

	HOLDS(text && origins && json && is_text(json));
	if (parses(profile, text, &shown))
		assert_same(profile, shown, text);
	policy_free(shown);
	shown = NULL;
	if (parses(profile, origins, &shown))
		assert_same(profile, shown, text);
	policy_free(shown);
	free(text);
	free(origins);
	free(json);
}

/* --- plan --- */

/* One assignment for each name. */
static void assert_environment(const struct plan *plan)
{
	const plan_ref *refs = plan_array(plan, plan->environment);

	for (uint32_t i = 0; i < plan->environment.count; i++) {
		const char *entry = plan_string(plan, refs[i]), *equals = strchr(entry, '=');
		HOLDS(equals > entry);
		for (uint32_t k = 0; k < i; k++)
			HOLDS(strncmp(plan_string(plan, refs[k]), entry, (size_t)(equals - entry) + 1) != 0);
	}
}

static struct plan *make_plan(const struct profile *profile, size_t person, size_t request, size_t machine)
{
	struct policy_errors errors = {0};
	struct plan *plan = NULL;
	int result = plan_make(profile, &people[person % COUNT(people)], &requests[request % COUNT(requests)],
	                       &machines[machine % COUNT(machines)], &plan, &errors);

	HOLDS(result == 0 ? plan && errors.errors == 0 : !plan && errors.errors > 0);
	tell(&errors);
	if (!plan)
		return NULL;
	HOLDS(plan_validate(plan, plan->size) == 0);
	image_read(plan);
	assert_environment(plan);
	return plan;
}

/* --- set --- */

static bool allows(const struct plan *plan, int number, uint64_t argument)
{
	const struct seccomp_data data = {
	        .nr = number, .arch = FILTER_ARCHITECTURE, .args = {argument, argument, argument, argument}
        };

	return bpf_run(plan_array(plan, plan->filter), plan->filter.count, &data, NULL) == SECCOMP_RET_ALLOW;
}

static void assert_limits_kept(const struct plan *before, const struct plan *after)
{
	const struct plan_limit *had = plan_array(before, before->limits), *has = plan_array(after, after->limits);

	for (uint32_t i = 0, k = 0; i < before->limits.count; i++) {
		while (k < after->limits.count && has[k].resource != had[i].resource)
			k++;
		HOLDS(k < after->limits.count && has[k].soft <= had[i].soft && has[k].hard <= had[i].hard);
	}
}

/* After what a caller may set nothing can be done that could not be done before. */
static void assert_not_looser(const struct plan *before, const struct plan *after)
{
	static const uint64_t arguments[] = {0, 1, 2, 4, 0x10000000, 0x20000, UINT64_MAX};
	const uint32_t kept = PLAN_NO_NEW_PRIVILEGES | PLAN_LOOPBACK | PLAN_NEW_KEYRING | PLAN_LANDLOCK |
	                      PLAN_ROOT_READ_ONLY | PLAN_SET_UMASK;

	HOLDS((before->namespaces & ~after->namespaces) == 0);
	HOLDS((before->flags & ~after->flags & kept) == 0);
	HOLDS(before->runtime_max == 0 || (after->runtime_max != 0 && after->runtime_max <= before->runtime_max));
	HOLDS((before->umask & ~after->umask) == 0);
	HOLDS(!(before->flags & PLAN_SET_NICE) || ((after->flags & PLAN_SET_NICE) && after->nice >= before->nice));
	HOLDS(after->oom_score_adjust >= before->oom_score_adjust);
	assert_limits_kept(before, after);
	bool same = before->filter.count == after->filter.count &&
	            memcmp(plan_array(before, before->filter), plan_array(after, after->filter),
	                   before->filter.count * sizeof(struct plan_filter_instruction)) == 0;
	for (int number = 0; !same && number < SYSCALL_NUMBERS; number++)
		for (size_t i = 0; i < COUNT(arguments); i++)
			HOLDS(!allows(after, number, arguments[i]) || allows(before, number, arguments[i]));
}

static void tighten(struct profile *profile, const struct caller *caller, size_t turn)
{
	struct plan *before = make_plan(profile, turn, turn, turn);
	struct policy_errors errors = {0};
	bool changed = false;

	profile->memory_total = machines[turn % COUNT(machines)].memory_total;
	profile->tasks_total = machines[turn % COUNT(machines)].tasks_total;
	for (size_t i = 0; i < caller->count; i++)
		changed |= profile_set(profile, caller->settings[i], true, &errors) == 0;
	struct plan *after = changed ? make_plan(profile, turn, turn, turn) : NULL;
	if (before && after)
		assert_not_looser(before, after);
	free(before);
	free(after);
	for (size_t i = 0; i < caller->count; i++)
		changed |= profile_set(profile, caller->settings[i], false, &errors) == 0;
	if (changed)
		show(profile);
	tell(&errors);
}

/* --- select --- */

/* Whether a fuzzed layer says anything here; the compiled-in profiles alone are always the same. */
static bool is_touched(const struct profile *profile)
{
	for (unsigned i = 0; i < KEY_COUNT; i++)
		if (profile->values[i].is_set && profile->values[i].file[0] != '(')
			return true;
	return false;
}

static void use_profile(const char *name, void *data)
{
	const struct caller *caller = data;
	struct policy_errors errors = {0};
	struct profile *profile = NULL;

	HOLDS(policy_select_run(caller->policy, name, true, &profile, &errors) == 0);
	if (is_touched(profile)) {
		show(profile);
		(void)profile_check_enforced(profile, &errors);
		tighten(profile, caller, caller->turn + strlen(name));
	}
	tell(&errors);
	profile_free(profile);
}

static void log_in(const struct policy *policy, const struct identity *person, const char *service, size_t turn)
{
	struct policy_errors errors = {0};
	struct profile *profile = NULL;
	enum login_decision decision = policy_select_login(policy, person, service, &profile, &errors);

	HOLDS((decision == LOGIN_CONFINED) == (profile != NULL) && (decision == LOGIN_VOID) == (errors.errors > 0));
	HOLDS((person->uid != 0 && person->groups != exempt_groups) || decision == LOGIN_NOT_CONFINED);
	if (profile)
		free(make_plan(profile, turn, 1, turn));
	profile_free(profile);
	tell(&errors);
}

static bool is_listed_by_default(const char *name)
{
	static const char *const names[] = {"default", "build", "ci", "agent"};
	bool found = false;

	for (size_t i = 0; i < COUNT(names); i++)
		found |= strcmp(name, names[i]) == 0;
	return found;
}

/* What a caller names may be anything; only what [run] lists is had without being root. */
static void name_profile(const struct caller *caller, const char *name, bool any)
{
	struct policy_errors errors = {0};
	struct profile *profile = NULL;
	int result = policy_select_run(caller->policy, name, any, &profile, &errors);

	HOLDS(result == 0 ? profile && strcmp(profile->name, name) == 0 : !profile && errors.errors == 1);
	HOLDS(result != 0 || any || caller->has_run_section || is_listed_by_default(name));
	profile_free(profile);
	tell(&errors);
}

static void use(struct caller *caller)
{
	static const char *const services[] = {"sshd", "cron", "systemd-user"};
	struct policy_errors errors = {0};
	struct profile *profile = NULL;

	policy_each_profile(caller->policy, use_profile, caller);
	for (size_t i = 0; i < caller->count; i++) {
		name_profile(caller, caller->settings[i], false);
		name_profile(caller, caller->settings[i], true);
	}
	for (size_t i = 0; i < COUNT(people); i++)
		for (size_t k = 0; k < COUNT(services); k++)
			log_in(caller->policy, &people[i], services[k], i);
	if (policy_select_run(caller->policy, NULL, false, &profile, &errors) == 0)
		tighten(profile, caller, caller->turn);
	profile_free(profile);
	tell(&errors);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct input input = {data, data + size};
	struct policy_errors errors = {0};
	struct policy *policy = NULL;
	struct caller caller = {.turn = size};
	size_t low_length, high_length;
	char *low = take_text(&input, &low_length), *high = take_text(&input, &high_length);
	const struct policy_source sources[] = {
	        policy_builtin, {"low",  low,  low_length },
                 {"high", high, high_length}
        };

	while (input.at < input.end && caller.count < SETTINGS_MAX)
		caller.settings[caller.count++] = take_text(&input, NULL);
	if (policy_parse(sources, COUNT(sources), &policy, &errors) == 0) {
		caller.policy = policy;
		caller.has_run_section = memmem(data, size, "run", 3) != NULL;
		use(&caller);
	}
	policy_free(policy);
	tell(&errors);
	for (size_t i = 0; i < caller.count; i++)
		free(caller.settings[i]);
	free(low);
	free(high);
	return 0;
}
