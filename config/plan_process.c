/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans what the command starts with: limits, environment, arguments, directory, times. Nothing is taken over from the
 * caller unless it is listed.
 */
#include "config/draft.h"

#include "config/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void plan_limits(struct draft *draft)
{
	static const struct {
		enum key_id key;
		uint32_t resource;
	} limits[] = {
		{KEY_LimitCPU,	      RLIMIT_CPU	 },
		{KEY_LimitFSIZE,      RLIMIT_FSIZE     },
		{KEY_LimitDATA,	      RLIMIT_DATA	 },
		{KEY_LimitSTACK,      RLIMIT_STACK     },
		{KEY_LimitCORE,	      RLIMIT_CORE	 },
		{KEY_LimitRSS,	      RLIMIT_RSS	 },
		{KEY_LimitNOFILE,     RLIMIT_NOFILE    },
		{KEY_LimitAS,	      RLIMIT_AS	 },
		{KEY_LimitNPROC,      RLIMIT_NPROC     },
		{KEY_LimitMEMLOCK,    RLIMIT_MEMLOCK   },
		{KEY_LimitLOCKS,      RLIMIT_LOCKS     },
		{KEY_LimitSIGPENDING, RLIMIT_SIGPENDING},
		{KEY_LimitMSGQUEUE,   RLIMIT_MSGQUEUE  },
		{KEY_LimitNICE,	      RLIMIT_NICE	 },
		{KEY_LimitRTPRIO,     RLIMIT_RTPRIO    },
		{KEY_LimitRTTIME,     RLIMIT_RTTIME    },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct value *value = profile_value(draft->profile, limits[i].key);
		if (!value->is_set)
			continue;
		struct plan_limit *limit = DRAFT_ADD(draft, limits, struct plan_limit);
		limit->resource = limits[i].resource;
		limit->soft = value->infinity ? RLIM_INFINITY : (uint64_t)value->number;
		limit->hard = value->hard_infinity ? RLIM_INFINITY : (uint64_t)value->hard;
	}
}

/* --- environment -----------------------------------------------------------------------------------------------------*/

static size_t name_length(const char *assignment)
{
	return strcspn(assignment, "=");
}

static bool name_is(const char *assignment, const char *name, size_t length)
{
	return name_length(assignment) == length && strncmp(assignment, name, length) == 0;
}

static void environment_unset(struct draft *draft, const char *name, size_t length)
{
	plan_ref *list = draft->environment.items;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < draft->environment.count; i++)
		if (!name_is(draft_text(draft, list[i]), name, length))
			list[kept++] = list[i];
	draft->environment.count = kept;
}

static void environment_set(struct draft *draft, const char *assignment)
{
	environment_unset(draft, assignment, name_length(assignment));
	plan_ref ref = draft_string(draft, assignment);
	*DRAFT_ADD(draft, environment, plan_ref) = ref;
}

static void environment_set_pair(struct draft *draft, const char *name, const char *value)
{
	plan_ref ref = draft_format(draft, "%s=%s", name, value);
	environment_unset(draft, name, strlen(name));
	*DRAFT_ADD(draft, environment, plan_ref) = ref;
}

static void environment_pass(struct draft *draft, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; draft->request->environment && draft->request->environment[i]; i++)
		if (name_is(draft->request->environment[i], name, length) &&
		    draft->request->environment[i][length] == '=') {
			environment_set(draft, draft->request->environment[i]);
			return;
		}
}

/* Names that make a program load or run something else, and that no login needs (threats A2.1). */
static const char *const dangerous[] = {"LD_*",	       "GCONV_PATH", "GLIBC_TUNABLES", "LOCPATH",    "NLSPATH",
					"MALLOC_*",    "RES_OPTIONS", "HOSTALIASES",	  "LOCALDOMAIN", "TZDIR",
					"BASH_ENV",    "ENV",	     "IFS",	       "CDPATH",	  "SHELLOPTS",
					"BASHOPTS",    "BASH_FUNC_*", "PS4",	       "GETCONF_DIR", "RESOLV_*",
					"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"};

static int plan_environment(struct draft *draft)
{
	static const char *const passed[] = {"PATH",	      "TERM",	     "LANG",	    "LANGUAGE",	 "LC_ALL",
					     "LC_CTYPE",      "LC_COLLATE",  "LC_MESSAGES", "LC_TIME",	 "LC_NUMERIC",
					     "LC_MONETARY",   "LC_PAPER",    "LC_NAME",	    "LC_ADDRESS", "LC_TELEPHONE",
					     "LC_MEASUREMENT", "LC_IDENTIFICATION", "COLORTERM", "NO_COLOR"};
	const struct profile *profile = draft->profile;
	const struct identity *person = draft->person;
	bool session = draft->request->kind == REQUEST_SESSION;

	for (size_t i = 0; session && i < sizeof(dangerous) / sizeof(dangerous[0]); i++) {
		plan_ref ref = draft_string(draft, dangerous[i]);
		*DRAFT_ADD(draft, environment_unset, plan_ref) = ref;
	}
	if (!session) {
		environment_set(draft, "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games");
		for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
			environment_pass(draft, passed[i]);
		environment_set_pair(draft, "HOME", person->home);
		environment_set_pair(draft, "USER", person->name);
		environment_set_pair(draft, "LOGNAME", person->name);
		environment_set_pair(draft, "SHELL", person->shell);
	}
	const struct value *pass = profile_value(profile, KEY_PassEnvironment);
	for (size_t i = 0; !session && i < pass->word_count; i++)
		environment_pass(draft, pass->words[i].text);
	const struct value *set = profile_value(profile, KEY_Environment);
	for (size_t i = 0; i < set->word_count; i++) {
		char *assignment = specifiers_expand(set->words[i].text, person, draft->errors);
		if (!assignment)
			return -1;
		environment_set(draft, assignment);
		free(assignment);
	}
	const struct value *unset = profile_value(profile, KEY_UnsetEnvironment);
	for (size_t i = 0; i < unset->word_count; i++) {
		environment_unset(draft, unset->words[i].text, strlen(unset->words[i].text));
		plan_ref ref = draft_string(draft, unset->words[i].text);
		*DRAFT_ADD(draft, environment_unset, plan_ref) = ref;
	}
	return 0;
}

/* --- command and directory -------------------------------------------------------------------------------------------*/

static void plan_command(struct draft *draft)
{
	const struct request *request = draft->request;

	draft->head.shell = draft_string(draft, draft->person->shell);
	if (request->kind == REQUEST_SESSION)
		return;
	if (request->argument_count == 0) {
		draft->head.flags |= PLAN_LOGIN_SHELL;
		plan_ref ref = draft_string(draft, draft->person->shell);
		*DRAFT_ADD(draft, arguments, plan_ref) = ref;
	}
	for (size_t i = 0; i < request->argument_count; i++) {
		plan_ref ref = draft_string(draft, request->arguments[i]);
		*DRAFT_ADD(draft, arguments, plan_ref) = ref;
	}
}

static int plan_directory(struct draft *draft)
{
	const struct value *wanted = profile_value(draft->profile, KEY_WorkingDirectory);
	const char *fallbacks[] = {draft->request->kind == REQUEST_RUN ? draft->request->directory : NULL,
				   draft->person->home, "/"};

	if (wanted->is_set && wanted->text) {
		char *path = specifiers_expand(strcmp(wanted->text, "~") == 0 ? "%h" : wanted->text, draft->person,
					       draft->errors);
		if (!path)
			return -1;
		plan_ref ref = draft_string(draft, path);
		*DRAFT_ADD(draft, directories, plan_ref) = ref;
		free(path);
		return 0; /* asked for by name: no other will do */
	}
	for (size_t i = 0; i < sizeof(fallbacks) / sizeof(fallbacks[0]); i++) {
		if (!fallbacks[i])
			continue;
		plan_ref ref = draft_string(draft, fallbacks[i]);
		*DRAFT_ADD(draft, directories, plan_ref) = ref;
	}
	return 0;
}

static void add_door(struct draft *draft, const char *path)
{
	plan_ref ref = draft_string(draft, path);

	*DRAFT_ADD(draft, doors, plan_ref) = ref;
}

/* Everything a login program could start as the person must pass a door: the person's shell, the shells one may ask for,
 * and the mailer cron calls (threats G2). Nothing else can be executed there. */
static void plan_doors(struct draft *draft)
{
	if (draft->request->kind != REQUEST_SESSION)
		return;
	add_door(draft, draft->person->shell);
	add_door(draft, "/bin/sh");
	add_door(draft, "/bin/bash");
	add_door(draft, "/usr/sbin/sendmail");
	for (size_t i = 0; i < draft->facts->shell_count; i++)
		add_door(draft, draft->facts->shells[i]);
}

/* A login's sandbox ends with the login: who stays logged in by a process left behind would not be seen. */
static int plan_lifetime(struct draft *draft)
{
	enum { DETACHED, LINKED };
	const struct value *value = profile_value(draft->profile, KEY_Lifetime);

	if (value->number == LINKED)
		return 0;
	if (draft->request->kind == REQUEST_SESSION) {
		policy_error_add(draft->errors, false, value->file, value->line, 0,
		                 "leave it out of profiles that confine logins",
		                 "Lifetime=detached: the sandbox of a login ends with it");
		return -1;
	}
	draft->head.flags |= PLAN_DETACHED;
	return 0;
}

static int refuse_terminal(struct draft *draft, const char *hint, const char *why)
{
	const struct value *value = profile_value(draft->profile, KEY_TTY);

	policy_error_add(draft->errors, false, value->file, value->line, 0, hint, "TTY=new: %s", why);
	return -1;
}

/* After the files: the caller's terminal, which they show, is not there then. */
static int plan_terminal(struct draft *draft)
{
	struct plan_step *steps = draft->steps.items;
	uint32_t kept = 0;

	if (!profile_is(draft->profile, KEY_TTY))
		return 0;
	if (draft->request->kind == REQUEST_SESSION)
		return refuse_terminal(draft, "leave it out of profiles that confine logins",
		                       "a login has the terminal of the login program");
	if (!profile_is(draft->profile, KEY_PrivateDevices))
		return refuse_terminal(draft, "set PrivateDevices=yes", "needs a /dev of the sandbox's own");
	if (draft->head.flags & PLAN_DETACHED)
		return refuse_terminal(draft, "set TTY=share", "with Lifetime=detached nobody is left to relay it");
	for (uint32_t i = 0; i < draft->steps.count; i++)
		if (steps[i].kind != STEP_TERMINAL)
			steps[kept++] = steps[i];
	draft->steps.count = kept;
	draft->head.flags |= PLAN_NEW_TERMINAL;
	return 0;
}

/* Who comes in by a door is started by the login program, whose descriptors are its own. */
static int plan_descriptors(struct draft *draft)
{
	const struct value *value = profile_value(draft->profile, KEY_PassFileDescriptors);

	if (value->word_count > 0 && draft->request->kind == REQUEST_SESSION) {
		policy_error_add(draft->errors, false, value->words[0].file, value->words[0].line, 0,
		                 "leave it out of profiles that confine logins",
		                 "PassFileDescriptors: a login passes none but 0, 1 and 2");
		return -1;
	}
	for (size_t i = 0; i < value->word_count; i++)
		draft->head.descriptors |= UINT64_C(1) << strtoul(value->words[i].text, NULL, 10) % 64;
	return 0;
}

int plan_process(struct draft *draft)
{
	const struct profile *profile = draft->profile;
	struct plan *head = &draft->head;
	const struct value *nice = profile_value(profile, KEY_Nice);

	if (profile_is(profile, KEY_NoNewPrivileges))
		head->flags |= PLAN_NO_NEW_PRIVILEGES;
	if (profile_value(profile, KEY_KeyringMode)->number != 0)
		head->flags |= PLAN_NEW_KEYRING;
	if (nice->is_set) {
		head->flags |= PLAN_SET_NICE;
		head->nice = (int32_t)nice->number;
	}
	if (profile_value(profile, KEY_UMask)->is_set) {
		head->flags |= PLAN_SET_UMASK;
		head->umask = (uint32_t)profile_value(profile, KEY_UMask)->number;
	}
	head->kill_signal = (uint32_t)profile_value(profile, KEY_KillSignal)->number;
	const struct value *runtime = profile_value(profile, KEY_RuntimeMaxSec);
	head->runtime_max = runtime->infinity ? 0 : (uint64_t)runtime->number;
	const struct value *stop = profile_value(profile, KEY_TimeoutStopSec);
	head->timeout_stop = stop->infinity ? UINT64_MAX : (uint64_t)stop->number;
	head->apparmor_profile = draft_string(draft, profile_value(profile, KEY_AppArmorProfile)->text);
	head->selinux_context = draft_string(draft, profile_value(profile, KEY_SELinuxContext)->text);
	plan_limits(draft);
	plan_schedule(draft);
	plan_command(draft);
	plan_doors(draft);
	int result = plan_environment(draft);
	if (result == 0)
		result = plan_descriptors(draft);
	if (result == 0)
		result = plan_lifetime(draft);
	if (result == 0)
		result = plan_terminal(draft);
	if (result == 0)
		result = plan_directory(draft);
	return result;
}
