/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandboxctl: running sandboxes, the policy and the machine. A table of commands and a loop; a command is a file
 * (ctl_*.c). What needs rights or the policy is asked of the helper. See sandboxctl(1).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common_text.h"
#include "cli/ctl_commands.h"

const char program_name[] = "sandboxctl";
const int failure_status = CTL_ERROR;

static const struct {
	const char *name;
	int (*run)(char **arguments);
	const char *help;
} commands[] = {
        {"list",     ctl_list,     "List sandboxes: your own, for root all"                },
        {"gc",       ctl_gc,       "Remove what dead sandboxes left behind"                },
        {"policy",   ctl_policy,   "Check the policy, show a profile, explain what it does"},
        {"features", ctl_features, "Tell what this kernel and its cgroups offer"           },
        {"doctor",   ctl_doctor,   "Look for what is wrong here, and say what mends it"    },
};

static int print_help(void)
{
	printf("Usage: sandboxctl COMMAND [argument ...]\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %-10s  %s\n", commands[i].name, commands[i].help);
	printf("\nsandboxctl COMMAND --help tells more. Exit status: 0; 1: the answer is no; 2: error.\n"
	       "See also: sandboxctl(1), sandbox-policy(5), sandbox-run(1)\n");
	return fflush(stdout) == 0 ? CTL_YES : CTL_ERROR;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;

	if (word && strcmp(word, "--help") == 0)
		return print_help();
	if (word && strcmp(word, "--version") == 0)
		return puts("sandboxctl " VERSION) >= 0 && fflush(stdout) == 0 ? CTL_YES : CTL_ERROR;
	for (size_t i = 0; word && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(word, commands[i].name) == 0)
			return commands[i].run(argv + 2);
	if (word)
		say("unknown command %s", QUOTE(word));
	else
		say("no command");
	say_hint("sandboxctl --help lists the commands");
	return CTL_ERROR;
}
