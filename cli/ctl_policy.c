/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sandboxctl policy check, show, explain and why. The policy itself is read by the helper alone. */
#include <stdio.h>
#include <string.h>

#include "cli/common_text.h"
#include "cli/ctl_commands.h"
#include "cli/ctl_verb.h"

#define ROWS(table) .rows = (table), .count = sizeof(table) / sizeof((table)[0])

static const struct option_row check_rows[] = {
        {0, false, "json", NULL, "print JSON"},
};

static const struct option_row show_rows[] = {
        {0, false, "profile", "NAME", "this profile, instead of a person's" },
        {0, false, "service", "NAME", "for a login through this PAM service"},
        {0, false, "origins", NULL,   "tell the file and line of each value"},
        {0, false, "json",    NULL,   "print JSON"                          },
};

static const struct option_row explain_rows[] = {
        {0, false, "profile", "NAME", "this profile, instead of a person's" },
        {0, false, "service", "NAME", "for a login through this PAM service"},
        {0, false, "json",    NULL,   "print JSON"                          },
};

static const struct option_row why_rows[] = {
        {'p', false, "profile", "NAME",      "of a command with this profile"                 },
        {'s', true,  "set",     "KEY=VALUE", "of a command with this setting; may be repeated"},
        {'u', false, "user",    "NAME",      "of a person's login, instead of a command"      },
        {0,   false, "service", "NAME",      "for a login through this PAM service"           },
        {0,   false, "json",    NULL,        "print JSON, an object for each question"        },
};

static const struct {
	const char *name, *help;
	struct ctl_verb verb;
} subcommands[] = {
        {"check",
         "Report every error of the policy, or of one file",  {.usage = "policy check [--json] [FILE]",
          .help = "Reads the system's policy, or one file above what is compiled in, and reports every error.",
          .verb = "policy",
          .second = "check",
          .operand = "",
          ROWS(check_rows)} },
        {"show",
         "Print the profile that applies, as policy text",    {.usage = "policy show [--json] [--origins] [--profile NAME | USER [--service NAME]]",
          .help = "Prints the profile that applies to a person's login, or the named one. 1: the person is not "
                  "confined.",
          .verb = "policy",
          .second = "show",
          .operand = "--user",
          ROWS(show_rows)}    },
        {"explain",
         "Tell what would be done with it on this machine",   {.usage = "policy explain [--json] [--profile NAME | USER [--service NAME]]",
          .help = "Prints the plan that would be carried out for a person's login, or for the named profile.",
          .verb = "policy",
          .second = "explain",
          .operand = "--user",
          ROWS(explain_rows)}},
        {"why",
         "Tell what becomes of a path, a system call, a key", {.usage = "policy why [--json] [-p PROFILE] [-s KEY=VALUE] [-u USER [--service NAME]] PATH|SYSCALL|KEY ...",
          .help = "Tells what can be done with a path inside, whether a system call can be made, or what holds for a "
                  "key, "
                  "and which key of which file decides. 1: it cannot be read, or not be made.",
          .verb = "policy",
          .second = "why",
          .operand = "",
          .several = true,
          ROWS(why_rows)}  },
};

static int print_help(void)
{
	printf("Usage: sandboxctl policy COMMAND [argument ...]\n\n");
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		printf("  %-10s  %s\n", subcommands[i].name, subcommands[i].help);
	return fflush(stdout) == 0 ? CTL_YES : CTL_ERROR;
}

int ctl_policy(char **arguments)
{
	const char *word = arguments[0];

	if (word && strcmp(word, "--help") == 0)
		return print_help();
	for (size_t i = 0; word && i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		if (strcmp(word, subcommands[i].name) == 0)
			return ctl_verb_run(&subcommands[i].verb, arguments + 1);
	if (word)
		say("unknown command %s", QUOTE(word));
	else
		say("no command");
	say_hint("usage: sandboxctl policy check|show|explain|why ...");
	return CTL_ERROR;
}
