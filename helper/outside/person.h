/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who a sandbox is for. Accounts in /etc/passwd and /etc/group are read from these files; for anyone else the name service
 * is asked by sandbox-lookup, a program of its own that is started without privilege: its modules are not ours to trust, and
 * the helper itself never loads any.
 */
#ifndef HELPER_OUTSIDE_PERSON_H
#define HELPER_OUTSIDE_PERSON_H

#include "config/identity.h"

#include <stdbool.h>

/* The caller: real ids and exactly the groups of getgroups(2). Ends the process where it cannot be told. */
const struct identity *person_caller(void);

/* An account by name with all its groups, as a login would have them. NULL: there is no such account. privileged: we are
 * root and must drop before asking. */
const struct identity *person_by_name(const char *name, bool privileged);

#endif
