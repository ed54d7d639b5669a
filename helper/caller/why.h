/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `policy why`: one question after the other, answered from a profile, its plan and what is known of where both come from.
 * Text is a line with the answer and, where there is more to say, indented lines; JSON one object a question.
 */
#ifndef HELPER_CALLER_WHY_H
#define HELPER_CALLER_WHY_H

#include "config/plan.h"
#include "config/policy.h"
#include "helper/caller/caller.h"
#include "helper/caller/view.h"

struct why {
	bool json;
	bool limited; /* the caller may only tighten */
	const struct policy *policy;
	struct profile *profile;
	const struct identity *person;
	const struct plan *plan;
	struct plan_origins origins;
	struct view view; /* built where a path is asked about */
};

enum { WHY_ORIGIN_MAX = 1024 };

/* Each prints its answer and returns it. */
enum answer why_path(const struct why *why, const char *path);
enum answer why_call(const struct why *why, const char *name);
enum answer why_key(const struct why *why, enum key_id id);

/* Where a key got its value (of a list: one word): "compiled-in profile base", "FILE:LINE", "by default". Returns buffer. */
const char *why_set_where(const struct why *why, struct plan_origin origin, char *buffer, size_t size);

/* " (PrivateTmp, compiled-in profile base)" for what a key made, "" where no key did. Returns buffer. */
const char *why_brackets(const struct why *why, struct plan_origin origin, char *buffer, size_t size);

/* Prints text without what would steer a terminal: names of files are other people's to choose. */
void why_print(const char *text);

/* JSON: an object with its question, then fields, then "}". */
void why_begin(const char *question, const char *kind, const char *answer);
void why_field(const char *name, const char *value);
void why_origin(const struct why *why, struct plan_origin origin);
void why_end(void);

#endif
