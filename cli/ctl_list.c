/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sandboxctl list */
#include "cli/ctl_commands.h"
#include "cli/ctl_verb.h"

int ctl_list(char **arguments)
{
	static const struct option_row rows[] = {
	        {0, false, "json",  NULL, "print JSON"                             },
	        {0, false, "stale", NULL, "what dead sandboxes left behind instead"},
	};
	static const struct ctl_verb verb = {
	        .usage = "list [--json] [--stale]",
	        .help = "Lists running sandboxes: your own, for root all.",
	        .verb = "list",
	        .rows = rows,
	        .count = sizeof(rows) / sizeof(rows[0]),
	};

	return ctl_verb_run(&verb, arguments);
}
