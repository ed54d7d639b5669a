/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The generated /etc: who exists inside, and which files of the host are copied there. */
#ifndef CONFIG_ETC_FILES_H
#define CONFIG_ETC_FILES_H

#include "config/draft.h"

struct etc_step {
	struct plan_step step;
	struct plan_origin origin;
};

/* Appends the steps (struct etc_step) that make /etc to a vector the caller frees. Returns 0, or -1 with an error. */
int etc_files_plan(struct draft *draft, struct draft_vector *ret_steps);

#endif
