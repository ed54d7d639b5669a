/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sandbox's own network and host name. Both functions end the process when they fail. */
#ifndef HELPER_INSIDE_NETWORK_H
#define HELPER_INSIDE_NETWORK_H

#include "config/plan.h"

/* Sets the host name where the plan gives one, and brings the loopback interface up where the network is the sandbox's. */
void network_enter(const struct plan *plan);

#endif
