/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sandboxctl features */
#include "cli/ctl_commands.h"
#include "cli/ctl_verb.h"

int ctl_features(char **arguments)
{
	static const struct option_row rows[] = {
	        {0, false, "json", NULL, "print JSON"},
	};
	static const struct ctl_verb verb = {
	        .usage = "features [--json]",
	        .help = "Tells what this kernel and its cgroups offer, as the helper sees them.",
	        .verb = "features",
	        .rows = rows,
	        .count = sizeof(rows) / sizeof(rows[0]),
	};

	return ctl_verb_run(&verb, arguments);
}
