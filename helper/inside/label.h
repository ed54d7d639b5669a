/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The label that a security module gives to what is executed next: AppArmor's profile, SELinux's context. */
#ifndef HELPER_INSIDE_LABEL_H
#define HELPER_INSIDE_LABEL_H

#include "config/plan.h"

/* Asks for the plan's labels at this thread's next execve. Ends the process where a module is not there or refuses. */
void label_next_exec(const struct plan *plan);

#endif
