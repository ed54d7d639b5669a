/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only changes of identity in the project: every setres*id, setgroups, capset and prctl on privilege is here, and each
 * is proved afterwards. All of them end the process when they fail.
 */
#ifndef HELPER_PRIVS_H
#define HELPER_PRIVS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Gives up a set-uid bit for good: all user and group ids become the real ones. Supplementary groups are the caller's
 * already. The process becomes dumpable again, since from here on it is the caller's own (its child's id maps would
 * belong to root otherwise, proc(5)). */
void privs_become_caller(void);

/* Becomes another person for good, from full root: groups, gid, uid; every capability goes with the uid (capabilities(7),
 * "Effect of user ID changes"). For look-ups on someone's behalf. */
void privs_become(uid_t uid, gid_t gid, const gid_t *groups, size_t count);

/*
 * In a new user namespace that maps the ids: takes the person's groups and ids and keeps the namespace's capabilities.
 * Until this call the process has ids of the host that are not the person's: nothing may be touched before it. groups NULL: setgroups is denied here, only ids are switched.
 */
void privs_enter_person(uid_t uid, gid_t gid, const gid_t *groups, size_t count);

/* Reduces the bounding set, locks securebits, leaves in all other capability sets only what the next execve is to have, and
 * proves it (capabilities(7)). ambient and bounding: a bit for each capability; 0: none. */
void privs_drop_capabilities(uint64_t ambient, uint64_t bounding);

/* Gives up what privs_drop_capabilities left for a child. */
void privs_forget_capabilities(void);

/* From here on files are opened as these ids may, with no capability over them; back with the effective ones. */
void privs_file_ids(uid_t uid, gid_t gid);

/* In a user namespace of its own: what is executed next has these capabilities (bits 1 << CAP_*) and no others. */
void privs_keep_over_exec(uint64_t capabilities);

/* no_new_privs (prctl(2)): seccomp(2) asks for it, and no set-uid or file capability counts from here on. */
void privs_no_new_privileges(void);

/*
 * The supervisor of a sandbox: no capabilities, no_new_privs, not dumpable. It keeps euid 0 only so that it can remove
 * root's cgroup and registry entry; the real uid stays the caller's, so that the caller can signal it. keep_kill keeps
 * CAP_KILL for a login's supervisor, whose ids are all 0.
 */
void privs_become_supervisor(bool keep_kill);

/*
 * The owner of a sandbox's user namespace: an id that no account has and nothing ever runs as (0xffe00000 and up, by the
 * person's lowest 20 bits). So nobody but root can enter the namespace, and what the kernel counts for the owner of a
 * namespace (user_namespaces(7), /proc/sys/user, inotify(7)) is counted for this person's sandboxes and not for root.
 */
static inline uid_t privs_namespace_owner(uid_t person)
{
	return 0xffe00000u | (person & 0xfffffu);
}

/* Around the clone that makes the namespace: effective uid of its owner, capabilities kept; and back to 0. */
void privs_effective_owner(uid_t person);
void privs_effective_root(void);

/* The real uid's rights in the file system, for good, in a supervisor that has no capability any more. */
void privs_effective_caller(uid_t caller);

/* PR_SET_DUMPABLE 0: nobody but root traces or reads this process, whatever its ids (ptrace(2)). */
void privs_not_dumpable(void);

/* PR_SET_PDEATHSIG SIGKILL. Only after the last change of ids, which clears it. */
void privs_die_with_parent(void);

#endif
