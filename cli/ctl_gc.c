/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sandboxctl gc */
#include "cli/ctl_commands.h"
#include "cli/ctl_verb.h"

int ctl_gc(char **arguments)
{
	static const struct option_row rows[1]; /* none */
	static const struct ctl_verb verb = {
	        .usage = "gc",
	        .help = "Removes cgroups and registry entries of sandboxes that no longer run.",
	        .verb = "gc",
	        .rows = rows,
	};

	return ctl_verb_run(&verb, arguments);
}
