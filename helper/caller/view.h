/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The view that a plan makes, as a model: what would be mounted where, over the host's own files, which are looked at with the
 * rights this process has. view.c goes through the steps as helper/inside/mounts.c does and asks its functions wherever
 * they do not need a namespace; what a name leads to is found in view_walk.c. tests/system/test-why.sh compares all of it
 * with what is met inside.
 */
#ifndef HELPER_CALLER_VIEW_H
#define HELPER_CALLER_VIEW_H

#include "config/plan.h"

#include <limits.h>
#include <sys/stat.h>

enum view_kind {
	VIEW_HOST, /* files of the host */
	VIEW_MADE, /* a file system of the sandbox: what steps made there, and nothing else at the start */
	VIEW_PROC, /* the kernel's */
};

struct view_mount {
	enum view_kind kind;
	int parent;             /* index of the mount it stands on; -1: the root */
	char *path;             /* where, in the view */
	unsigned filesystem;    /* a copy of a mount shows the same one */
	int source;             /* O_PATH; of VIEW_MADE -1 */
	uint64_t attributes;    /* MOUNT_ATTR_*, besides those that the host's mounts have */
	int step;               /* that brought it; -1: the root */
	int read_only, no_exec; /* the step that made it so; -1: none */
};

/* A file or directory that the sandbox makes. */
struct view_node {
	unsigned filesystem;
	char *path;
	char *link; /* what a symbolic link holds */
	mode_t mode;
	uid_t owner;
	int step;
};

struct view_landlock {
	dev_t device;
	ino_t inode;
	uint64_t access;
};

struct view {
	const struct plan *plan;
	int host; /* O_PATH on its root */
	struct view_mount *mounts;
	size_t mount_count;
	struct view_node *nodes;
	size_t node_count;
	unsigned filesystem_count;
	struct view_landlock *landlock;
	size_t landlock_count;
};

/* Where a walk ended. */
struct view_place {
	char path[PATH_MAX]; /* in the view, without links */
	char rest[PATH_MAX]; /* what could not be walked; "" where all was */
	int mount;
	int fd;                       /* of the host's file; -1: it is a node */
	const struct view_node *node; /* NULL: it is of the host */
	struct stat status;
};

/* Something only the running sandbox knows: files of a process, of a network namespace, the caller's terminal. */
enum { VIEW_DEPENDS = ESRCH };

enum view_links {
	VIEW_FOLLOW, /* as open(2) does */
	VIEW_STRICT, /* ELOOP at a link that others than root may have chosen, as helper/inside/paths.h */
};

/* Ends the process where the sandbox itself would not start, with the same words. */
void view_build(struct view *ret_view, const struct plan *plan);

/* Returns 0, or an errno (VIEW_DEPENDS too); the place is then the last that was reached. view_place_clear in any case. */
int view_walk(const struct view *view, const char *path, enum view_links links, struct view_place *ret_place);
void view_place_clear(struct view_place *place);

/* A directory's place becomes that of one name in it; not followed. Returns as view_walk, and the place is as it was. */
int view_descend(const struct view *view, struct view_place *place, const char *name);

/* What the place's own permissions and the host's mounts say to R_OK, W_OK or X_OK: 0 or an errno. */
int view_access(const struct view *view, const struct view_place *place, int mode);

/* Whether Landlock lets a right (LANDLOCK_ACCESS_FS_*) be used on a place. */
bool view_landlock_permits(const struct view *view, const struct view_place *place, uint64_t right);

/* "What is below", the path itself too. */
bool view_is_below(const char *path, const char *parent);

#endif
