/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one question to the helper, and the line to it that stays for the session's end. */
#ifndef PAM_MODULE_HELPER_H
#define PAM_MODULE_HELPER_H

#include <security/pam_modules.h>

#include "pam_module/outcome.h"
#include "protocol/message.h"
#include "protocol/session.h"

/*
 * Starts the helper and asks for a session. OUTCOME_OK: *ret_socket is the line to it and *ret_offer a
 * MESSAGE_JOIN, or, once, a MESSAGE_RESTRICT, whose descriptors the caller closes and whose text is in buffer (MESSAGE_TEXT_MAX + 1 bytes).
 * silent: nothing is said to the person. Returns within a bound.
 */
enum outcome helper_ask(pam_handle_t *pamh, const struct session_request *request, int silent, char *buffer,
                        int *ret_socket, struct message *ret_offer);

/* Tells the helper that the session is over. With wait, until it has killed everything inside, at most two
 * seconds. */
void helper_say_bye(int socket, int wait);

#endif
