/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this machine offers, read once. The only file that asks the kernel what it can do. */
#ifndef HELPER_OUTSIDE_FACTS_H
#define HELPER_OUTSIDE_FACTS_H

#include "config/facts.h"
#include "config/profile.h"
#include "config/request.h"

/* Is this process in the host's own user namespace? (user_namespaces(7): there the map is the full identity.) */
bool facts_host_user_namespace(int proc);

/* Reads the facts that every plan needs. privileged: euid 0 there. The result lives as long as the process. */
struct host_facts *facts_read(bool privileged, enum request_kind kind, pid_t session_opener);

/* Takes the entries of another root directory, named without links. Ends the process where it cannot be read. */
void facts_read_root(struct host_facts *facts, const char *path);

/* Adds those that only some profiles ask for: subordinate ids, accounts, the entries of
 * RootDirectory=. Ends the process where they cannot be used. */
void facts_for_profile(struct host_facts *facts, const struct profile *profile, const struct identity *person);

#endif
