/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts, by descriptor only. Sources are opened on the host's tree with openat2(2) RESOLVE_NO_MAGICLINKS and the person's
 * own rights; targets below the new root with RESOLVE_IN_ROOT, so that no link planted anywhere leads a mount elsewhere
 * (threats A6.1). The new root is a tmpfs in which only the plan's steps appear; pivot_root(2) and a detaching umount2(2)
 * take the host's tree away as a whole.
 */
#include "helper/inside/mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"

#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

enum { IN_ROOT = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, COPY_FILES_MAX = 64 };
static const off_t copy_bytes_max = 8 << 20;

struct builder {
	const struct plan *plan;
	int root; /* the new root */
	int parent; /* directory of the step before; -1: none */
	char parent_path[4096];
	bool mask_made;
};

static const char *const mask_names[2] = {"run/.hidden-file", "run/.hidden-directory"};

/* --- the mount system calls (libc of Debian 12 wraps only some) --------------------------------------------------------*/

static int open_tree_clone(int fd, bool recursive)
{
	return (int)syscall(SYS_open_tree, fd, "",
			    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
}

static int attach(int mount, int target)
{
	return (int)syscall(SYS_move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static int set_attributes(int mount, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive)
{
	struct mount_attr attributes = {.attr_set = set, .attr_clr = clear, .propagation = propagation};

	return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes,
			    sizeof(attributes));
}

static int configure(int filesystem, unsigned command, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, filesystem, command, key, value, 0);
}

/* A new, detached mount of a file system type. options: "key=value,flag". */
static int new_filesystem(const char *type, const char *options, uint64_t attributes)
{
	char copy[512], *position = NULL;
	CLEANUP_FD filesystem = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);

	if (filesystem < 0)
		return -1;
	if (snprintf(copy, sizeof(copy), "%s", options) >= (int)sizeof(copy)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *option = strtok_r(copy, ",", &position); option; option = strtok_r(NULL, ",", &position)) {
		char *equals = strchr(option, '=');
		if (equals)
			*equals = '\0';
		if (configure(filesystem, equals ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, option,
			      equals ? equals + 1 : NULL) != 0)
			return -1;
	}
	if (configure(filesystem, FSCONFIG_CMD_CREATE, NULL, NULL) != 0)
		return -1;
	return (int)syscall(SYS_fsmount, filesystem, FSMOUNT_CLOEXEC, (unsigned)attributes);
}

/* --- targets ------------------------------------------------------------------------------------------------------------*/

static int open_target(const struct builder *builder, const char *path)
{
	return open_resolved(builder->root, path, O_PATH, 0, IN_ROOT);
}

static int open_parent(struct builder *builder, const char *path, const char **ret_last);

/* Opens a directory of the new root, making what is missing of it. */
static int open_directory(struct builder *builder, const char *path)
{
	const char *name;
	int fd = open_target(builder, path);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	int above = open_parent(builder, path, &name);
	if (above < 0 || (mkdirat(above, name, 0755) != 0 && errno != EEXIST))
		return -1;
	return open_target(builder, path);
}

/*
 * The directory that holds the last component of path, made where it is missing, and that component. The steps are sorted,
 * so the directory of the step before is kept: many share it. The descriptor stays the builder's. Returns -1 with errno.
 */
static int open_parent(struct builder *builder, const char *path, const char **ret_last)
{
	const char *last = strrchr(path, '/');
	char parent[sizeof(builder->parent_path)];

	if (!last || (size_t)(last - path) >= sizeof(parent)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	*ret_last = last + 1;
	if (last == path)
		return builder->root;
	memcpy(parent, path, (size_t)(last - path));
	parent[last - path] = '\0';
	if (builder->parent >= 0 && strcmp(builder->parent_path, parent) == 0)
		return builder->parent;
	int fd = open_directory(builder, parent);
	if (fd < 0)
		return -1;
	close_fd(&builder->parent);
	builder->parent = fd;
	memcpy(builder->parent_path, parent, sizeof(parent));
	return fd;
}

/* Something was mounted on path: what was kept of it lies below now. */
static void forget_parent(struct builder *builder, const char *path)
{
	if (strncmp(builder->parent_path, path, strlen(path)) == 0)
		close_fd(&builder->parent);
}

/* Opens target, making it as an empty directory or file where it is missing. The last component is first made and then
 * opened without following a link; what is there already is looked up below the new root. */
static int make_target(struct builder *builder, const char *path, bool is_directory, mode_t mode)
{
	const char *name;
	int parent = open_parent(builder, path, &name);

	if (parent < 0)
		return -1;
	if (is_directory) {
		if (mkdirat(parent, name, mode) == 0)
			return openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	} else {
		int file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (file >= 0)
			return file;
	}
	int error = errno;
	int fd = open_target(builder, path);
	if (fd < 0 && errno == ENOENT)
		errno = error; /* why it could not be made says more */
	return fd;
}

/* --- steps --------------------------------------------------------------------------------------------------------------*/

/* Is this failure one the step allows to be skipped? */
static bool may_skip(const struct plan_step *step, int error)
{
	if (error == ENOENT || error == ENOTDIR || error == ELOOP)
		return step->flags & STEP_IF_EXISTS;
	return (error == EACCES || error == EPERM || error == ENXIO || error == EIO || error == ENOTCONN) &&
	       (step->flags & STEP_IF_ALLOWED);
}

static bool is_directory(int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		die_errno("look at a mount source");
	return S_ISDIR(status.st_mode);
}

static void step_directory(struct builder *builder, const struct plan_step *step, const char *target)
{
	CLEANUP_FD fd = make_target(builder, target, true, (mode_t)step->mode);

	if (fd < 0)
		die_errno("make directory %s", target);
}

static void step_file(struct builder *builder, const struct plan_step *step, const char *target)
{
	const char *name, *bytes = plan_string(builder->plan, step->text);
	int parent = open_parent(builder, target, &name);

	if (parent < 0)
		die_errno("make %s", target);
	CLEANUP_FD file =
		openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)step->mode);
	if (file < 0 || write_all(file, bytes, strlen(bytes)) != 0)
		die_errno("write %s", target);
}

static void step_symlink(struct builder *builder, const struct plan_step *step, const char *target)
{
	const char *name;
	int parent = open_parent(builder, target, &name);

	if (parent < 0 || symlinkat(plan_string(builder->plan, step->source), parent, name) != 0)
		die_errno("make link %s", target);
}

static void bind_source(struct builder *builder, const struct plan_step *step, int source, const char *target)
{
	bool recursive = step->flags & STEP_RECURSIVE;
	CLEANUP_FD tree = open_tree_clone(source, recursive);

	if (tree < 0)
		die_errno("take %s for %s", plan_string(builder->plan, step->source), target);
	CLEANUP_FD fd = make_target(builder, target, is_directory(source), 0755);
	if (fd < 0)
		die_errno("make mount point %s", target);
	if (set_attributes(tree, step->attributes, step->clear, 0, true) != 0)
		die_errno("set mount attributes of %s", target);
	if (attach(tree, fd) != 0)
		die_errno("mount %s", target);
	forget_parent(builder, target);
}

static void step_bind(struct builder *builder, const struct plan_step *step, const char *target)
{
	const char *path = plan_string(builder->plan, step->source);
	CLEANUP_FD source = open_resolved(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_MAGICLINKS);

	if (source >= 0)
		bind_source(builder, step, source, target);
	else if (!may_skip(step, errno))
		die_errno("open %s", path);
}

static void step_tmpfs(struct builder *builder, const struct plan_step *step, const char *target)
{
	char options[160];
	int length = snprintf(options, sizeof(options), "mode=%o", step->mode);

	if (step->size)
		length += snprintf(options + length, sizeof(options) - (size_t)length, ",size=%llu",
				   (unsigned long long)step->size);
	if (step->inodes)
		snprintf(options + length, sizeof(options) - (size_t)length, ",nr_inodes=%llu",
			 (unsigned long long)step->inodes);
	CLEANUP_FD mount = new_filesystem("tmpfs", options, step->attributes);
	CLEANUP_FD fd = make_target(builder, target, true, 0755);
	if (mount < 0 || fd < 0 || attach(mount, fd) != 0)
		die_errno("mount a private %s", target);
	forget_parent(builder, target);
}

static void step_filesystem(struct builder *builder, const struct plan_step *step, const char *type, const char *target)
{
	CLEANUP_FD mount = new_filesystem(type, plan_string(builder->plan, step->text), step->attributes);

	if (mount < 0 && errno == EPERM && strcmp(type, "proc") == 0)
		die_hint("a container masks /proc: run sandbox-run outside of it",
			 "mount /proc: the host's own /proc is masked here (Operation not permitted)");
	if (mount < 0)
		die_errno("make a new %s", type);
	CLEANUP_FD fd = make_target(builder, target, true, 0755);
	if (fd < 0 || attach(mount, fd) != 0)
		die_errno("mount %s", target);
	forget_parent(builder, target);
}

/* /proc must be of our own pid namespace: a host's /proc here would show, and through it reach, everybody (threats G5). */
static void step_proc(struct builder *builder, const struct plan_step *step, const char *target)
{
	char self[32];

	step_filesystem(builder, step, "proc", target);
	CLEANUP_FD proc = open_target(builder, target);
	ssize_t length = proc < 0 ? -1 : readlinkat(proc, "self", self, sizeof(self) - 1);
	if (length < 0)
		die_errno("look at the new /proc");
	self[length] = '\0';
	if (strtol(self, NULL, 10) != getpid())
		die("the new /proc is not of this pid namespace");
}

/* The caller's terminal under a name of its own, so that ttyname(3) finds it. Its node is looked up by path in our copy of
 * the host's tree and must be the very device behind the descriptor. */
static void step_terminal(struct builder *builder, const struct plan_step *step, const char *target)
{
	for (int descriptor = 0; descriptor <= 2; descriptor++) {
		char link[64], path[256];
		struct stat wanted, found;
		if (!isatty(descriptor) || fstat(descriptor, &wanted) != 0)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
		ssize_t length = readlink(link, path, sizeof(path) - 1);
		if (length <= 0)
			return;
		path[length] = '\0';
		CLEANUP_FD source = open_resolved(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_SYMLINKS);
		if (source < 0 || fstat(source, &found) != 0 || found.st_dev != wanted.st_dev ||
		    found.st_ino != wanted.st_ino)
			return; /* of another namespace: works as a descriptor, has no name here */
		struct plan_step bind = *step;
		bind.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
		bind_source(builder, &bind, source, target);
		return;
	}
}

static void step_attributes(struct builder *builder, const struct plan_step *step, const char *target)
{
	CLEANUP_FD fd = open_target(builder, target);

	if (fd < 0) {
		if (!may_skip(step, errno))
			die_errno("open %s", target);
		return;
	}
	CLEANUP_FD tree = open_tree_clone(fd, step->flags & STEP_RECURSIVE);
	if (tree < 0 || set_attributes(tree, step->attributes, step->clear, 0, true) != 0 || attach(tree, fd) != 0)
		die_errno("set mount attributes of %s", target);
	forget_parent(builder, target);
}

/* What covers a path: an empty directory or file of mode 0, bound read-only. They stay where they are, since nothing can
 * be mounted over a file that was unlinked, and a login program's view shows again some of what is covered here. */
static void make_masks(struct builder *builder)
{
	if (builder->mask_made)
		return;
	if (mkdirat(builder->root, "run", 0755) != 0 && errno != EEXIST)
		die_errno("make /run");
	CLEANUP_FD file = openat(builder->root, mask_names[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (file < 0 || mkdirat(builder->root, mask_names[1], 0) != 0)
		die_errno("make the cover of hidden paths");
	builder->mask_made = true;
}

static void step_mask(struct builder *builder, const struct plan_step *step, const char *target)
{
	CLEANUP_FD fd = open_target(builder, target);

	if (fd < 0) {
		/* What the person cannot reach needs no cover. */
		if (!may_skip(step, errno) && errno != EACCES)
			die_errno("open %s", target);
		return;
	}
	make_masks(builder);
	CLEANUP_FD mask =
		openat(builder->root, mask_names[is_directory(fd)], O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (mask < 0)
		die_errno("open the cover of hidden paths");
	CLEANUP_FD tree = open_tree_clone(mask, false);
	uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	if (tree < 0 || set_attributes(tree, attributes, 0, 0, false) != 0 || attach(tree, fd) != 0)
		die_errno("hide %s", target);
	forget_parent(builder, target);
}

/* --- copies -------------------------------------------------------------------------------------------------------------*/

static void copy_bytes(int from, int to, off_t size, const char *target)
{
	while (size > 0) {
		ssize_t copied = sendfile(to, from, NULL, (size_t)size);
		if (copied < 0 && errno == EINTR)
			continue;
		if (copied < 0)
			die_errno("copy %s", target);
		if (copied == 0)
			return; /* it became shorter meanwhile */
		size -= copied;
	}
}

static void copy_file(int from, int parent, const char *name, const struct stat *status, const char *target)
{
	if (status->st_size > copy_bytes_max)
		die("copy %s: larger than 8 MiB", target);
	CLEANUP_FD to = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			       status->st_mode & 0755);
	if (to < 0)
		die_errno("make %s", target);
	copy_bytes(from, to, status->st_size, target);
}

/* The regular files of one directory, so that they are the person's own (ssh refuses files of "nobody"). */
static void copy_directory_files(struct builder *builder, int source, const char *target)
{
	CLEANUP_FD to = make_target(builder, target, true, 0755);
	CLEANUP_FD writable = to < 0 ? -1 : openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int copy = fcntl(source, F_DUPFD_CLOEXEC, 3);
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	int copied = 0;

	if (writable < 0 || !directory)
		die_errno("copy %s", target);
	for (struct dirent *entry; (entry = readdir(directory)) && copied < COPY_FILES_MAX;) {
		struct stat status;
		CLEANUP_FD from =
			openat(source, entry->d_name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
		if (from < 0 || fstat(from, &status) != 0 || !S_ISREG(status.st_mode))
			continue;
		copy_file(from, writable, entry->d_name, &status, target);
		copied++;
	}
	closedir(directory);
}

static void step_copy(struct builder *builder, const struct plan_step *step, const char *target)
{
	const char *path = plan_string(builder->plan, step->source), *name;
	CLEANUP_FD source = open_resolved(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_NO_MAGICLINKS);
	struct stat status;

	if (source < 0) {
		if (!may_skip(step, errno))
			die_errno("open %s", path);
		return;
	}
	if (fstat(source, &status) != 0)
		die_errno("look at %s", path);
	if (S_ISDIR(status.st_mode)) {
		if (step->flags & STEP_RECURSIVE) {
			copy_directory_files(builder, source, target);
			return;
		}
		struct plan_step bind = *step;
		bind.flags |= STEP_RECURSIVE;
		CLEANUP_FD handle = open_resolved(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_MAGICLINKS);
		if (handle < 0)
			die_errno("open %s", path);
		bind_source(builder, &bind, handle, target);
		return;
	}
	if (!S_ISREG(status.st_mode))
		die("copy %s: not a regular file", path);
	int parent = open_parent(builder, target, &name);
	if (parent < 0)
		die_errno("make %s", target);
	copy_file(source, parent, name, &status, target);
}

static void execute_step(struct builder *builder, const struct plan_step *step)
{
	const char *target = plan_string(builder->plan, step->target);

	switch ((enum plan_step_kind)step->kind) {
	case STEP_DIRECTORY:
		step_directory(builder, step, target);
		return;
	case STEP_FILE:
		step_file(builder, step, target);
		return;
	case STEP_SYMLINK:
		step_symlink(builder, step, target);
		return;
	case STEP_COPY:
		step_copy(builder, step, target);
		return;
	case STEP_BIND:
		step_bind(builder, step, target);
		return;
	case STEP_TMPFS:
		step_tmpfs(builder, step, target);
		return;
	case STEP_PROC:
		step_proc(builder, step, target);
		return;
	case STEP_DEVPTS:
		step_filesystem(builder, step, "devpts", target);
		return;
	case STEP_MQUEUE:
		step_filesystem(builder, step, "mqueue", target);
		return;
	case STEP_TERMINAL:
		step_terminal(builder, step, target);
		return;
	case STEP_ATTRIBUTES:
		step_attributes(builder, step, target);
		return;
	case STEP_MASK:
		step_mask(builder, step, target);
		return;
	case STEP_KINDS:
		break;
	}
	die("the plan has a step of unknown kind %u", step->kind);
}

/* --- the root -----------------------------------------------------------------------------------------------------------*/

/* Nothing mounted here may reach the host, nor the reverse; a copied tree receives from the host otherwise
 * (mount_namespaces(7), "Restrictions on mount namespaces"). */
static void make_private(void)
{
	CLEANUP_FD host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (host < 0 || set_attributes(host, 0, 0, MS_PRIVATE, true) != 0)
		die_errno("make all mounts private");
}

static void enter_root(int root)
{
	/* pivot_root(2), "pivot_root(".", ".")": the old root ends up on top of the new one and is detached from there. */
	if (fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0)
		die_errno("enter the new root");
	if (syscall(SYS_umount2, ".", MNT_DETACH) != 0)
		die_errno("detach the host's tree");
	if (chdir("/") != 0)
		die_errno("enter the new root");
}

void mounts_enter(const struct plan *plan)
{
	struct builder builder = {.plan = plan, .parent = -1};
	const struct plan_step *steps = plan_array(plan, plan->steps);
	mode_t mask = umask(0);

	make_private();
	CLEANUP_FD root =
		new_filesystem("tmpfs", plan_string(plan, plan->root_options), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	CLEANUP_FD host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || host < 0 || attach(root, host) != 0)
		die_errno("make the new root");
	builder.root = root;
	for (uint32_t i = 0; i < plan->steps.count; i++)
		execute_step(&builder, &steps[i]);
	close_fd(&builder.parent);
	if ((plan->flags & PLAN_ROOT_READ_ONLY) && set_attributes(root, MOUNT_ATTR_RDONLY, 0, 0, false) != 0)
		die_errno("make the new root read-only");
	enter_root(root);
	umask(mask);
}

void mounts_forbid_exec(void)
{
	CLEANUP_FD root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0 || set_attributes(root, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, 0, true) != 0)
		die_errno("make all mounts nosuid and noexec");
}

void mounts_attach(int mount, const char *target, bool optional)
{
	CLEANUP_FD fd = open_resolved(AT_FDCWD, target, O_PATH, 0, RESOLVE_NO_SYMLINKS);

	if (fd < 0 && optional && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EACCES))
		return;
	if (fd < 0 || attach(mount, fd) != 0)
		die_errno("mount %s", target);
}

/* A mount that is attached nowhere cannot be copied, so the door stands on a path of its own meanwhile. */
static const char door_path[] = "/run/sandbox-run/door";

static void put_door(const char *path, int door)
{
	struct stat status, own;
	/* Resolved: a door over a link would be passed by whoever names the file itself. */
	CLEANUP_FD target = open(path, O_PATH | O_CLOEXEC);

	if (target < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP))
		return;
	if (target < 0 || fstat(target, &status) != 0 || fstat(door, &own) != 0)
		die_errno("open %s", path);
	if (!S_ISREG(status.st_mode) || (status.st_dev == own.st_dev && status.st_ino == own.st_ino))
		return; /* not a program, or a door already (two names of one file) */
	CLEANUP_FD tree = open_tree_clone(door, false);
	if (tree < 0 || attach(tree, target) != 0)
		die_errno("put a door over %s", path);
}

void mounts_doors(const struct plan *plan, int door)
{
	const plan_ref *doors = plan_array(plan, plan->doors);

	mounts_attach(door, door_path, false);
	CLEANUP_FD attached = open(door_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (attached < 0)
		die_errno("open %s", door_path);
	for (uint32_t i = 0; i < plan->doors.count; i++)
		put_door(plan_string(plan, doors[i]), attached);
	if (syscall(SYS_umount2, door_path, MNT_DETACH) != 0)
		die_errno("take %s away", door_path);
}
