/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `policy why` is asked, and what all its answers share. */
#include "helper/caller/why.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/text.h"
#include "helper/die.h"
#include "helper/outside/facts.h"
#include "helper/outside/person.h"
#include "helper/outside/rules.h"
#include "helper/privs.h"

const char *why_set_where(const struct why *why, struct plan_origin origin, char *buffer, size_t size)
{
	const struct value *value = profile_value(why->profile, (enum key_id)origin.key);
	const char *file = value->file;
	unsigned line = value->line;
	char section[300];

	if (origin.word < value->word_count) {
		file = value->words[origin.word].file;
		line = value->words[origin.word].line;
	}
	if (!file)
		snprintf(buffer, size, "by default");
	else if (strcmp(file, policy_builtin.name) == 0)
		snprintf(buffer, size, "compiled-in %s",
		         policy_section_at(why->policy, file, line, section, sizeof(section)));
	else if (line)
		snprintf(buffer, size, "%s:%u", file, line);
	else
		snprintf(buffer, size, "%s", file);
	return buffer;
}

const char *why_brackets(const struct why *why, struct plan_origin origin, char *buffer, size_t size)
{
	char where[WHY_ORIGIN_MAX];

	*buffer = '\0';
	if (origin.key < KEY_COUNT)
		snprintf(buffer, size, " (%s, %s)", key_row((enum key_id)origin.key)->name,
		         why_set_where(why, origin, where, sizeof(where)));
	return buffer;
}

void why_print(const char *text)
{
	for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
		const unsigned char *bytes = (const unsigned char *)text;
		length = text_utf8_length(text, left);
		bool control =
		        bytes[0] < ' ' || bytes[0] == 0x7f || (length == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0);
		if (length > 0 && !control) {
			printf("%.*s", (int)length, text);
			continue;
		}
		printf("\\x%02x", bytes[0]);
		length = 1;
	}
}

void why_begin(const char *question, const char *kind, const char *answer)
{
	char escaped[6 * PATH_MAX + 8];

	json_escape(escaped, sizeof(escaped), question);
	printf("{\"question\":\"%s\",\"kind\":\"%s\",\"answer\":\"%s\"", escaped, kind, answer);
}

void why_field(const char *name, const char *value)
{
	char escaped[6 * PATH_MAX + 8];

	json_escape(escaped, sizeof(escaped), value);
	printf(",\"%s\":\"%s\"", name, escaped);
}

void why_origin(const struct why *why, struct plan_origin origin)
{
	char where[WHY_ORIGIN_MAX];

	if (origin.key == KEY_COUNT)
		return;
	why_field("key", key_row((enum key_id)origin.key)->name);
	why_field("set", why_set_where(why, origin, where, sizeof(where)));
}

void why_end(void)
{
	puts("}");
}

/* --- the question ---------------------------------------------------------------------------------------------------------*/

static enum key_id key_of(const char *word)
{
	return key_find(word, strlen(word));
}

/* Says where a section counts; there is no value of it to tell. */
static bool is_rule(enum key_id key)
{
	return key == KEY_Inherit || !(key_row(key)->sections & (IN_PROFILE | IN_RUN | IN_LOGIN));
}

static noreturn void refuse_word(const char *word)
{
	enum key_id key = key_nearest(word, strlen(word));
	const char *call = syscall_nearest(word, strlen(word)), *near = key != KEY_COUNT ? key_row(key)->name : call;
	char quoted[256], hint[128] = "ask for a path that begins with /, a system call, or a key of sandbox-policy(5)";

	if (near)
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	die_hint(hint, "\"%s\" is no path, key or system call",
	         quote_bytes(quoted, sizeof(quoted), word, strlen(word)));
}

/* All are looked at before the first is answered. */
static bool asks_for_path(const char *const *questions)
{
	bool paths = false;

	for (; *questions; questions++) {
		enum key_id key = key_of(*questions);
		if ((*questions)[0] == '/')
			paths = true;
		else if (key == KEY_COUNT && syscall_number(*questions) == -2)
			refuse_word(*questions);
		else if (key != KEY_COUNT && is_rule(key))
			die("%s is part of the policy's sections and not of a profile", *questions);
	}
	return paths;
}

static enum answer answer_one(const struct why *why, const char *word)
{
	if (word[0] == '/')
		return why_path(why, word);
	if (key_of(word) != KEY_COUNT)
		return why_key(why, key_of(word));
	return why_call(why, word);
}

/* Files are looked at as the person would, so nobody learns of another's more than they may see, and root no less than the
 * sandbox will refuse. Never dumpable as somebody else: root's terminal is open here. */
static void look_as(const struct identity *person)
{
	if (person->uid != getuid() && getuid() != 0)
		die("only root may ask about paths for another person");
	if (getuid() != 0)
		return;
	gid_t *groups = calloc(person->group_count + 1, sizeof(*groups));
	if (!groups)
		die("out of memory");
	for (size_t i = 0; i < person->group_count; i++)
		groups[i] = person->groups[i].gid;
	privs_become(person->uid, person->gid, groups, person->group_count);
	if (person->uid == 0)
		privs_drop_capabilities(0, 0); /* inside, root has none of the host either */
	free(groups);
}

static struct plan *make_plan(const struct options *options, const struct caller_state *caller,
                              struct host_facts *facts, struct why *why)
{
	const char *const nothing[] = {NULL};
	struct request request = rules_request(options->user ? REQUEST_SESSION : REQUEST_RUN, caller);
	struct policy_errors errors = {0};
	struct plan *plan = NULL;

	request.service = options->service;
	request.arguments = nothing;
	facts_for_profile(facts, why->profile, why->person);
	if (profile_check_enforced(why->profile, &errors) != 0 ||
	    plan_make_explained(why->profile, why->person, &request, facts, &plan, &why->origins, &errors) != 0)
		rules_check(&errors);
	if (!plan)
		die("no plan could be made");
	return plan;
}

int caller_why(const struct options *options, const struct caller_state *caller, struct host_facts *facts)
{
	struct why why = {.json = options->json, .limited = facts->privileged && getuid() != 0};
	const char *const *questions = options->command;
	enum answer answer = ANSWER_YES;

	if (!questions[0])
		die("ask about a path, a system call or a key");
	if (options->user && (options->profile || options->set_count))
		die("--user: the policy alone says what a login gets, without --profile and --set");
	bool paths = asks_for_path(questions);
	why.person = options->user ? person_by_name(options->user, false) : person_caller();
	if (!why.person)
		die("there is no account of that name");
	why.policy = rules_read(options->policy, !options->policy);
	why.profile = caller_profile(options, why.policy, why.person, facts);
	if (!why.profile) {
		puts("not confined");
		return caller_flushed(ANSWER_NO);
	}
	why.plan = make_plan(options, caller, facts, &why);
	if (paths) {
		look_as(why.person);
		view_build(&why.view, why.plan);
	}
	for (; *questions; questions++)
		if (answer_one(&why, *questions) == ANSWER_NO)
			answer = ANSWER_NO;
	return caller_flushed(answer);
}
