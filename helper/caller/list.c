/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of sandboxes, as a table for people or as JSON. */
#include "helper/caller/caller.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "config/error.h"
#include "config/plan.h"

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

static void show_item(const struct options *options, const struct registry_item *item, bool first)
{
	const struct plan *plan = item->plan;
	char started[32] = "-", name[256], user[256], profile[256];
	struct tm local;

	if (localtime_r(&item->started, &local))
		strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%S", &local);
	const char *texts[] = {plan ? plan_string(plan, plan->name) : "",
	                       plan ? plan_string(plan, plan->user_name) : "",
	                       plan ? plan_string(plan, plan->profile_name) : ""};
	if (options->json) {
		json_escape(name, sizeof(name), texts[0]);
		json_escape(user, sizeof(user), texts[1]);
		json_escape(profile, sizeof(profile), texts[2]);
		printf("%s{\"id\":\"%s\",\"name\":\"%s\",\"user\":\"%s\",\"profile\":\"%s\",\"alive\":%s,"
		       "\"supervisor\":%d,\"started\":\"%s\",\"session\":%s,\"command\":\"",
		       first ? "" : ",", item->id, name, user, profile, item->alive ? "true" : "false",
		       item->alive ? item->supervisor : 0, started,
		       plan && (plan->flags & PLAN_SESSION) ? "true" : "false");
		if (plan)
			show_command(plan, true);
		printf("\"}");
	} else {
		if (first)
			printf("%-12s %-12s %-12s %-10s %7s %-19s %s\n", "ID", "NAME", "USER", "PROFILE", "PID",
			       "STARTED", "COMMAND");
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
}

int caller_list(const struct options *options, const struct registry_item *items, size_t count)
{
	if (options->json)
		putchar('[');
	for (size_t i = 0; i < count; i++)
		show_item(options, &items[i], i == 0);
	if (options->json)
		puts("]");
	return caller_flushed(ANSWER_YES);
}
