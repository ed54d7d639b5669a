/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sandbox's own time since boot. Nothing where the plan has none; both functions end the process when they fail. */
#ifndef HELPER_INSIDE_CLOCK_H
#define HELPER_INSIDE_CLOCK_H

#include "config/plan.h"

/* Makes the time namespace. The supervisor sets its clocks before it opens the gate a second time. */
void clock_make(const struct plan *plan);

/* Enters it. Needs the sandbox's own /proc, and no other thread. */
void clock_enter(const struct plan *plan);

#endif
