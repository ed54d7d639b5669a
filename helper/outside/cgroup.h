/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only place that touches cgroup control files: cgroup_facts.c finds what can be used, cgroup.c uses it. Cgroup of a
 * sandbox: PARENT/sandbox-run/ID in every hierarchy of the plan; for a session with the leaves "login" and "payload" below
 * it. Works on v1, v2 and hybrid. PARENT/sandbox-run stays for the next sandbox: making it anew at each start would cost a
 * tenth of a millisecond for every hierarchy.
 */
#ifndef HELPER_OUTSIDE_CGROUP_H
#define HELPER_OUTSIDE_CGROUP_H

#include "config/facts.h"
#include "config/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup_handle {
	int directory; /* O_PATH|O_DIRECTORY of the sandbox's cgroup; -1: none */
	int payload;   /* of its payload leaf (the same cgroup where there are no leaves) */
	int login;     /* of the login leaf; -1 for a command */
	int tasks;     /* v1: "tasks" of the payload leaf, open for writing; v2: -1 */
	int parent;    /* O_PATH|O_DIRECTORY of PARENT/sandbox-run */
	uint32_t version;
};

struct cgroup {
	struct cgroup_handle handles[CGROUP_HIERARCHIES_MAX]; /* in the plan's order */
	size_t count;
	size_t membership; /* index of the handle used to list, freeze and kill */
	int oom_event;     /* readable after an OOM kill inside (v1 eventfd); -1: none. v2: poll oom_file for POLLPRI */
	int oom_file;      /* v1 memory.oom_control, v2 memory.events; -1: none */
	char id[64];
};

/*
 * Finds the hierarchies this process may use, by /proc/self/cgroup and what is mounted at /sys/fs/cgroup, by file system
 * type (statfs(2)) and writability. (Not by mountinfo: reading that costs a microsecond and more for every mount of the
 * host.) Strings live in static memory. Never fails: nothing usable is count 0. Used by helper/outside/facts.c.
 *
 * session_opener: the login program of a session, 0 for a command. Where systemd's logind has given it a scope of its own
 * on v2, that scope is the parent, since logind takes a session whose scope is empty for ended. Only if nothing but the
 * opener, its descendants and this process is in there: cgroup_create moves what is there into the login leaf.
 */
void cgroup_facts_read(struct cgroup_facts *ret_facts, pid_t session_opener);

/* The pids limit that already binds this process or the opener (smallest of its ancestors); UINT64_MAX: none. Only after
 * cgroup_facts_read. */
uint64_t cgroup_tasks_limit(void);

/* Bits (1 << CGROUP_*) of the controllers in a list of the kernel, separated by blanks or commas. */
uint32_t cgroup_controllers(const char *list, unsigned version);

/* What the kernel calls a controller; NULL: not a controller there. */
const char *cgroup_controller_name(enum cgroup_controller controller, unsigned version);

/* Whether a path is a scope of logind, "session-ID.scope": the only kind of parent whose processes are moved. */
bool cgroup_is_login_scope(const char *path);

/*
 * Makes the sandbox's cgroup in every hierarchy of the plan, with leaves for a session, and writes all limits, before any
 * process is in it. v2: enables the controllers on the way, never in a populated cgroup. Returns 0, or -1 after removing
 * what it made, with a line in why naming file, value and errno text. errno is kept.
 */
int cgroup_create(const struct plan *plan, const char *id, struct cgroup *ret_cgroup, char *why, size_t why_size);

/* The descriptor for clone3(CLONE_INTO_CGROUP), or -1 where no v2 hierarchy is used (v1 only). */
int cgroup_clone_descriptor(const struct cgroup *cgroup);

/* In the child, after the id switch: writes "0" to every v1 "tasks" descriptor, which moves the calling thread and no other
 * (cgroup-v1/cgroups.rst); one that goes on beside it must be gone before anything is executed. Returns 0, or -1 with
 * errno. Safe after clone3: only write(2). */
int cgroup_enter_self(const struct cgroup *cgroup);

/* In the parent: is pid in the payload leaf of every hierarchy? Returns 0, or -1 with a line in why. */
int cgroup_verify(const struct cgroup *cgroup, int pid, char *why, size_t why_size);

/* The number of OOM kills inside so far; -1 with errno where it cannot be told. Takes what is readable from oom_event; if
 * that was an event it waits a moment (50 ms at most) for the count to leave 0, as v1 tells before it kills. */
long cgroup_oom_kills(const struct cgroup *cgroup);

/* Kills every process inside, of a session also those in its login leaf: v2 cgroup.kill; else forking is stopped (v2 before
 * 5.14 by freezing, v1 by pids.max), then each is killed. Returns 0 once the kernel says empty, or -1 (ETIMEDOUT after timeout_ms). */
int cgroup_kill(const struct cgroup *cgroup, int timeout_ms);

/*
 * Removes the sandbox's cgroup from every hierarchy, leaves first, with bounded retries (a dying process keeps it busy).
 * Returns 0, or -1 with errno of the first that stayed. Closes every descriptor in any case. Where this process itself
 * stands in the login leaf (below a scope of logind) the rest of the scope is left to systemd, which removes it when its
 * last process is gone; that is no error.
 */
int cgroup_remove(struct cgroup *cgroup);

/* Opens the existing cgroup of a sandbox by its id, for gc and control verbs. Returns 0, or -1 (ENOENT: nowhere). */
int cgroup_open(const struct cgroup_facts *facts, const char *id, struct cgroup *ret_cgroup);

/* Calls visit with the id of every cgroup found below PARENT/sandbox-run, once for each hierarchy. Stops at a result that is
 * not 0. Returns 0, or -1 with errno. */
int cgroup_each(const struct cgroup_facts *facts, int (*visit)(const char *id, void *data), void *data);

#endif
