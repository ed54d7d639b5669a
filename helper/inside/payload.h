/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last process of a command: finishes and executes it. */
#ifndef HELPER_INSIDE_PAYLOAD_H
#define HELPER_INSIDE_PAYLOAD_H

#include "helper/inside/enter.h"

/* Never returns. terminal: of its own, -1: none. Called in the child of vfork(2), so *failed is the parent's: set where the program was not executed. Changes
 * die_hook, which is the parent's too. */
noreturn void payload_main(const struct inside *inside, int terminal, volatile bool *failed);

#endif
