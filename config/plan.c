/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The planner: profile, person, request and host facts in, one plan out. This file decides namespaces and the name of the
 * host and lays the image out; ids, files, process, cgroup and filter are planned by the parts of config/draft.h.
 */
#include "config/draft.h"

#include "config/policy.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Hostname= may hold specifiers. What is no host name, the kernel and everyone who reads it would take amiss. */
static int plan_host_name(struct draft *draft)
{
	const struct value *value = profile_value(draft->profile, KEY_Hostname);

	if (!profile_is(draft->profile, KEY_ProtectHostname))
		return 0;
	char *name =
	        specifiers_expand(value->text && *value->text ? value->text : "sandbox", draft->person, draft->errors);
	if (!name)
		return -1;
	size_t length = strlen(name);
	bool valid = length >= 1 && length <= 64 &&
	             strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == length;
	if (valid)
		draft->head.host_name = draft_string(draft, name);
	else
		policy_error_add(draft->errors, false, value->file, value->line, 0, NULL,
		                 "Hostname: 1 to 64 letters, digits, \".\", \"-\" or \"_\"");
	free(name);
	return valid ? 0 : -1;
}

enum { NETWORK_HOST, NETWORK_OUTBOUND, NETWORK_NONE };

static void plan_namespaces(struct draft *draft)
{
	const struct profile *profile = draft->profile;
	struct plan *head = &draft->head;

	head->namespaces = CLONE_NEWUSER | CLONE_NEWNS;
	if (profile_is(profile, KEY_PrivatePIDs))
		head->namespaces |= CLONE_NEWPID;
	if (profile_is(profile, KEY_PrivateIPC))
		head->namespaces |= CLONE_NEWIPC;
	if (profile_is(profile, KEY_ProtectHostname))
		head->namespaces |= CLONE_NEWUTS;
	if (profile_is(profile, KEY_ProtectControlGroups))
		head->namespaces |= CLONE_NEWCGROUP;
	if (profile_is(profile, KEY_PrivateNetwork)) {
		head->namespaces |= CLONE_NEWNET;
		head->flags |= PLAN_LOOPBACK;
		if (profile_value(profile, KEY_PrivateNetwork)->number == NETWORK_OUTBOUND)
			head->flags |= PLAN_OUTBOUND;
	}
}

/* "CLOCK SECONDS NANOSECONDS" (time_namespaces(7)), of which the last is never negative. */
static plan_ref clock_offset(struct draft *draft, const char *before, const char *clock, enum key_id key)
{
	enum { MICROSECONDS = 1000000 };
	int64_t offset = profile_value(draft->profile, key)->number;
	int64_t seconds = offset / MICROSECONDS - (offset % MICROSECONDS < 0);

	return draft_format(draft, "%s%s %lld %lld\n", before, clock, (long long)seconds,
	                    (long long)(offset - seconds * MICROSECONDS) * 1000);
}

static void plan_clocks(struct draft *draft)
{
	if (!profile_is(draft->profile, KEY_BootTimeOffset) && !profile_is(draft->profile, KEY_MonotonicTimeOffset))
		return;
	plan_ref monotonic = clock_offset(draft, "", "monotonic", KEY_MonotonicTimeOffset);
	char first[64];
	snprintf(first, sizeof(first), "%s", draft_text(draft, monotonic));
	draft->head.clock_offsets = clock_offset(draft, first, "boottime", KEY_BootTimeOffset);
	draft->head.namespaces |= CLONE_NEWTIME;
}

/* A sandbox whose processes are not in a pid namespace of its own could be left alive by the death of its supervisor:
 * the namespace is what makes "all die together" true, so it is not optional for this engine. */
static int check_pid_namespace(struct draft *draft)
{
	if (draft->head.namespaces & CLONE_NEWPID)
		return 0;
	const struct value *value = profile_value(draft->profile, KEY_PrivatePIDs);
	policy_error_add(draft->errors, false, value->file, value->line, 0, "set PrivatePIDs=yes",
	                 "PrivatePIDs=no is not supported: the process tree could outlive its sandbox");
	return -1;
}

/* There always is a filter, and without capabilities it is loaded with no_new_privs or not at all (seccomp(2)). */
static int check_no_new_privileges(struct draft *draft)
{
	if (profile_is(draft->profile, KEY_NoNewPrivileges))
		return 0;
	const struct value *value = profile_value(draft->profile, KEY_NoNewPrivileges);
	policy_error_add(draft->errors, false, value->file, value->line, 0, "set NoNewPrivileges=yes",
	                 "NoNewPrivileges=no is not supported: the system call filter needs it");
	return -1;
}

/* A login program goes on in the view with the libraries it has loaded, and loads more. */
static int check_root_directory(struct draft *draft)
{
	if (!draft->facts->root_directory || draft->request->kind != REQUEST_SESSION)
		return 0;
	const struct value *value = profile_value(draft->profile, KEY_RootDirectory);
	policy_error_add(draft->errors, false, value->file, value->line, 0, "leave RootDirectory= unset",
	                 "RootDirectory: only for commands, not for logins");
	return -1;
}

static struct plan_array lay_out(const struct draft_vector *vector, size_t item_size, char *image, size_t *offset)
{
	*offset = plan_align(*offset);
	struct plan_array array = {.offset = (uint32_t)*offset, .count = vector->count};
	size_t bytes = vector->count * item_size;
	if (image && bytes)
		memcpy(image + *offset, vector->items, bytes);
	*offset += bytes;
	return array;
}

/* With image NULL: only sizes. */
static size_t lay_out_all(struct draft *draft, char *image)
{
	struct plan *head = &draft->head;
	size_t offset = sizeof(struct plan);

#define ARRAY(name, type) head->name = lay_out(&draft->name, sizeof(type), image, &offset);
	PLAN_ARRAYS(ARRAY)
#undef ARRAY
	return plan_align(offset);
}

static void draft_free(struct draft *draft)
{
#define ARRAY(name, type) free(draft->name.items);
	PLAN_ARRAYS(ARRAY)
#undef ARRAY
	free((void *)(uintptr_t)draft->inside.groups);
}

static int draft_finish(struct draft *draft, struct plan **ret_plan)
{
	draft_string(draft, "-"); /* the pool is never empty: reference 0 must exist */
	size_t size = lay_out_all(draft, NULL);
	char *image = draft->failed || size > PLAN_SIZE_MAX ? NULL : calloc(1, size);
	if (!image) {
		policy_error_add(draft->errors, false, draft->profile->name, 0, 0, NULL,
		                 size > PLAN_SIZE_MAX ? "the plan is larger than 4 MiB" : "out of memory");
		return -1;
	}
	draft->head.magic = PLAN_MAGIC;
	draft->head.version = PLAN_VERSION;
	draft->head.size = (uint32_t)size;
	lay_out_all(draft, image);
	memcpy(image, &draft->head, sizeof(draft->head));
	*ret_plan = (struct plan *)(void *)image;
	(*ret_plan)->sum = plan_sum(*ret_plan);
	return 0;
}

int plan_make_explained(const struct profile *profile, const struct identity *person, const struct request *request,
                        const struct host_facts *facts, struct plan **ret_plan, struct plan_origins *ret_origins,
                        struct policy_errors *errors)
{
	struct draft draft = {
	        .origins = ret_origins,
	        .profile = profile,
	        .person = person,
	        .request = request,
	        .facts = facts,
	        .errors = errors,
	};

	if (facts->privileged)
		draft.head.flags |= PLAN_PRIVILEGED;
	if (request->kind == REQUEST_SESSION)
		draft.head.flags |= PLAN_SESSION;
	draft.head.profile_name = draft_string(&draft, profile->name);
	draft.head.name = draft_string(&draft, request->name);
	plan_namespaces(&draft);
	plan_clocks(&draft);

	int result = check_pid_namespace(&draft);
	if (result == 0)
		result = check_no_new_privileges(&draft);
	if (result == 0)
		result = check_root_directory(&draft);
	if (result == 0)
		result = plan_host_name(&draft);
	if (result == 0)
		result = plan_ids(&draft);
	if (result == 0)
		result = plan_capabilities(&draft);
	if (result == 0)
		result = plan_cgroup(&draft); /* before the files: a session shows its cgroups to the door */
	if (result == 0)
		result = plan_files(&draft);
	if (result == 0)
		result = plan_outbound(&draft);
	if (result == 0)
		result = plan_ports(&draft);
	if (result == 0)
		result = plan_process(&draft);
	if (result == 0)
		result = plan_filter(&draft);
	if (result == 0)
		result = draft_finish(&draft, ret_plan);
	draft_free(&draft);
	return result;
}

int plan_make(const struct profile *profile, const struct identity *person, const struct request *request,
              const struct host_facts *facts, struct plan **ret_plan, struct policy_errors *errors)
{
	return plan_make_explained(profile, person, request, facts, ret_plan, NULL, errors);
}
