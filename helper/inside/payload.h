/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last process of a command: finishes and executes it. */
#ifndef HELPER_INSIDE_PAYLOAD_H
#define HELPER_INSIDE_PAYLOAD_H

#include "helper/inside/enter.h"

/* Never returns. failed: a close-on-exec pipe; one byte is written where the program could not be executed, so that its
 * closing without a byte means that it was. */
noreturn void payload_main(const struct inside *inside, int failed);

#endif
