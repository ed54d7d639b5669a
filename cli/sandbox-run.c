/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox-run: the front door for commands. It has no privilege and decides nothing: it reads options, writes them as
 * the helper's and becomes the helper. See sandbox-run(1).
 */
#include <stdlib.h>

#include "cli/common_helper.h"
#include "cli/common_text.h"
#include "cli/run_options.h"
#include "cli/run_status.h"

const char program_name[] = "sandbox-run";
const int failure_status = 125;

int main(int argc, char **argv)
{
	struct run_request request;

	switch (run_options_read(argc, argv, &request)) {
	case RUN_DONE:
		return EXIT_SUCCESS;
	case RUN_USAGE:
		say_hint("sandbox-run --help lists the options");
		return failure_status;
	case RUN_GO:
		break;
	}
	if (request.status_file)
		return status_run(&request);
	helper_become(request.helper_arguments);
	return failure_status;
}
