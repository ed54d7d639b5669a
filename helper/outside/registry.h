/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The registry of running sandboxes: RUNDIR/ID, a directory of root with the sandbox's plan. The supervisor holds a lock on
 * the plan while it lives; the kernel takes the lock away with it, so liveness is never a matter of pid numbers.
 */
#ifndef HELPER_OUTSIDE_REGISTRY_H
#define HELPER_OUTSIDE_REGISTRY_H

#include "config/plan.h"

#include <stdbool.h>
#include <sys/types.h>

struct registry_entry {
	char id[80];   /* "" until made */
	int directory; /* of the entry; -1: none */
	int root;      /* of RUNDIR; -1: none */
	int plan;      /* the locked file */
};

/* A fresh id: 12 hexadecimal digits from getrandom(2). */
void registry_id(char *ret_id, size_t size);

/* Makes RUNDIR where it is missing, checks that it is root's, and opens it. Returns the descriptor, or -1 with errno. */
int registry_open(void);

/* Makes the entry of a sandbox with its plan and takes the lock. Ends the process where that fails. */
void registry_create(struct registry_entry *ret_entry, const char *id, const struct plan *plan);

/* Removes the entry. Safe to call twice, and on one never made. Returns 0, or -1 with errno. */
int registry_remove(struct registry_entry *entry);

struct registry_item {
	const char *id;
	const struct plan *plan; /* NULL: unreadable or not there */
	bool alive;
	pid_t supervisor; /* where alive */
	time_t started;
	int directory; /* of RUNDIR */
};

/* Calls visit for every entry. Returns 0, -1 with errno, or the first non-zero result of visit. */
int registry_each(int (*visit)(const struct registry_item *item, void *data), void *data);

/* Removes a dead entry found by registry_each, after its lock was taken again. Returns 0, or -1 with errno. */
int registry_remove_dead(int root, const char *id);

#endif
