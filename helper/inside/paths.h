/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening names while a view is built. The person may change what lies in their directories at any moment, from a sandbox
 * too, and what is planted there must not steer this or the next start (threats A6.1). So a link on the way is followed
 * only if nobody but root can have chosen it; what is opened is opened once, and used by its descriptor. No name leads out of the tree
 * it begins in.
 */
#ifndef HELPER_INSIDE_PATHS_H
#define HELPER_INSIDE_PATHS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Takes the working directory for the new root and remembers it. Descriptors of the host's root: paths_leave closes both. */
void paths_begin(int host_root, uid_t person);
void paths_leave(void);

/* For who only looks: open_source and open_system_source work, on the host's tree that this process has as its root. */
void paths_look(int host_root, uid_t person);

/* The host's root. */
int paths_host(void);

/* Of the host's tree, and of the view. Each returns a descriptor, or -1 with errno; ELOOP: a link that others than root can change. */
int open_source(const char *path, uint64_t flags);
/* The same for a name that only root can change: follows every link. */
int open_system_source(const char *path, uint64_t flags);
int open_target(const char *path);
/* As open_source, in another tree of the host that begins at image: no link in it leads out of it. */
int open_image_source(const char *image, const char *path, uint64_t flags);

/*
 * Of the view, for a restriction: such links are followed too, so that what they lead to is restricted. But not into
 * what the sandbox or the system provides (ELOOP), where nothing is the person's to hide, and much is needed.
 */
int open_restricted(const char *path);

/* Opens a mount point, which is made where it is missing: an empty directory or file, by the type in mode. */
int make_target(const char *path, mode_t mode);

/* The same by name, for what only root can change, without opening it. Returns 0, also where it is there, or -1 with errno. */
int make_node(const char *path, mode_t mode);

/* Opens the directory that holds the last component of path, making what is missing. Returns -1 with errno. */
int open_parent(const char *path, const char **ret_last);

/* Whether a path of the view is in what the sandbox or the system provides; /var itself too, since records of logins are
 * below it. */
bool path_is_provided(const char *path);

/* Whether a descriptor is of the new root's own file system. Ends the process where that cannot be told. */
int is_of_root(int fd);

#endif
