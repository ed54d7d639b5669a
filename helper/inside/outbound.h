/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections out of a network namespace, and none in. */
#ifndef HELPER_INSIDE_OUTBOUND_H
#define HELPER_INSIDE_OUTBOUND_H

#include "config/plan.h"

/*
 * Starts slirp4netns(1) for a network namespace that this process has not entered yet, and returns when the interface is
 * up there. It is a child of this process and keeps the host's network, which nobody else in the sandbox has. Must be
 * called while the host's tree is what this process sees. Ends the process when it fails.
 */
void outbound_start(const struct plan *plan, int network_namespace);

#endif
