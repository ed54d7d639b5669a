/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Policy text in, one resolved profile out: parse, merge layers, select. Pure: no files, no printing, no privilege
 * (config/files.h opens and trust-checks the files). The language is sandbox-policy(5).
 */
#ifndef CONFIG_POLICY_H
#define CONFIG_POLICY_H

#include "config/error.h"
#include "config/identity.h"
#include "config/profile.h"

#include <stdbool.h>
#include <stddef.h>

/* One layer's file, already read. Sources are given lowest layer first. The text must outlive the policy. */
struct policy_source {
	const char *name; /* for messages */
	const char *text;
	size_t length;
};

struct policy;

/* The compiled-in layer, always the lowest. */
extern const struct policy_source policy_builtin;

/*
 * Parses and merges all sources. Returns 0 and the policy, or -1 with at least one error added; never both. Every value
 * of every section is checked, used or not. Free with policy_free.
 */
int policy_parse(const struct policy_source *sources, size_t count, struct policy **ret_policy,
                 struct policy_errors *errors);
void policy_free(struct policy *policy);

enum login_decision {
	LOGIN_NOT_CONFINED,
	LOGIN_CONFINED,
	LOGIN_VOID, /* an error was added: refuse the login */
};

/*
 * Decides for a login of a person (by name, uid and account groups) through a PAM service, by rules 4 to 7 of the
 * language. sandbox-exempt and uid 0 are decided here too, as a second lock; the caller must already have asked
 * login_is_exempt before reading any file. LOGIN_CONFINED fills *ret_profile (free with profile_free), else it is NULL.
 * The service "systemd-user" is refused through LOGIN_VOID for a person who would be confined through any service,
 * unless the deciding candidate lists it in Services=.
 */
enum login_decision policy_select_login(const struct policy *policy, const struct identity *person, const char *service,
                                        struct profile **ret_profile, struct policy_errors *errors);

/* uid 0, or a member of the group named sandbox-exempt (compiled in). Reads no policy. */
bool login_is_exempt(const struct identity *person);

/*
 * The profile of a command, by rules 8 and 9. wanted: the name asked for, NULL for the first of [run] Profiles=.
 * any: root, or no privilege involved: any profile may be named. Returns 0 and the profile, or -1 with an error.
 */
int policy_select_run(const struct policy *policy, const char *wanted, bool any, struct profile **ret_profile,
                      struct policy_errors *errors);

/*
 * Applies one KEY=VALUE of the caller to a resolved profile. tighten_only: refuse what the key's class does not allow
 * the caller (a caller of the setuid helper who is not root). Lists: the words are appended (superset, own) or, for
 * subset keys, must be contained in the present value and replace it. Returns 0, or -1 with an error naming the rule.
 */
int profile_set(struct profile *profile, const char *assignment, bool tighten_only, struct policy_errors *errors);

/*
 * Refuses what this build does not enforce: every key whose row says so must have its fallback value. Returns 0 or -1
 * with one error a key: "KEY: not enforced by this build", at the file and line that set it.
 */
int profile_check_enforced(const struct profile *profile, struct policy_errors *errors);

/*
 * Expands %u %U %g %G %h %s %% for a person. group name: %g, gid: %G. Returns a malloc'd string, or NULL with an error
 * (unknown specifier, out of memory).
 */
char *specifiers_expand(const char *text, const struct identity *person, struct policy_errors *errors);

/* A key of [run] or [login], which are no part of a profile: its value is put into one, which then owns it. Returns 0, or -1
 * without memory. */
int policy_add_value(const struct policy *policy, enum key_id id, struct profile *profile);

/* The profiles that a profile is made of, itself first, each one's Inherit= next. */
void policy_each_ancestor(const struct policy *policy, const char *profile, void (*visit)(const char *name, void *data),
                          void *data);

/* The section that a line of a file is in, as "profile NAME"; empty where there is none. Returns buffer. */
const char *policy_section_at(const struct policy *policy, const char *file, unsigned line, char *buffer, size_t size);

/* Calls visit for every profile name in the policy, in order of first appearance. */
void policy_each_profile(const struct policy *policy, void (*visit)(const char *name, void *data), void *data);

/*
 * `policy show`: the profile as policy text that parses to the same profile, one "Key=value" a line in table order,
 * with SHOW_ORIGINS each followed by a comment line naming its origin; or as one JSON object, in which each key has its value
 * as text (a list: its words), file and line. Returns a malloc'd string or NULL.
 */
enum show_form { SHOW_TEXT, SHOW_ORIGINS, SHOW_JSON };
char *profile_show(const struct profile *profile, enum show_form form);

/* The value of one key as it would stand behind "Key="; a malloc'd string or NULL. */
char *profile_show_value(const struct profile *profile, enum key_id id);

/* The key table as mdoc or JSON rows for the manual and tools is made by config/keys_doc.c, outside the helper. */

#endif
