/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who logs in, by the name service of the host. Everything is looked up before the join: NSS modules cannot
 * be loaded after it, since nothing in the login program's view can be executed. */
#ifndef PAM_MODULE_PERSON_H
#define PAM_MODULE_PERSON_H

#include <stdbool.h>

#include <security/pam_modules.h>

#include "pam_module/outcome.h"
#include "protocol/session.h"

/* PAM_USER's account and groups. Strings live as long as the handle; free with session_request_free. */
enum outcome person_look_up(pam_handle_t *pamh, struct session_request *ret_request);

/* uid 0 or a member of the group "sandbox-exempt": never confined and never locked out, whatever else is
 * wrong. */
bool person_exempt(pam_handle_t *pamh, const struct identity *person);

/* Adds what PAM says of this login: service, terminal, remote host and user. */
enum outcome person_add_login(pam_handle_t *pamh, struct session_request *request);

#endif
