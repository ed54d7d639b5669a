/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The documented lasting change: the login program enters the session's namespaces and cgroup. */
#ifndef PAM_MODULE_JOIN_H
#define PAM_MODULE_JOIN_H

#include <security/pam_modules.h>

#include "pam_module/outcome.h"
#include "protocol/message.h"

/* Is this process able to join at all, that is single-threaded and able to see itself? */
enum outcome join_possible(pam_handle_t *pamh);

/*
 * Enters what a MESSAGE_JOIN offers and proves it. Does not close the offer's descriptors. After a failure
 * the process may stand inside, and stays there: there is no way back that could be trusted.
 */
enum outcome join_session(pam_handle_t *pamh, const struct message *offer);

/* Puts this process and what it starts under the Landlock ruleset of a MESSAGE_RESTRICT, for good. */
enum outcome join_restriction(pam_handle_t *pamh, const struct message *request);

#endif
