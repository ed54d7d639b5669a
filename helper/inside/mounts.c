/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sandbox's view. The new root, an empty tmpfs, is entered first, so nothing that is named afterwards leads out. The
 * host's tree is covered where it is mounted: only this process gets there, which has it as working directory and by a
 * descriptor. Sources and targets are opened with the person's own rights, see helper/inside/paths.h. Only what the plan
 * marks by-name, paths that nobody but root can change, is mounted by name: mount(2) costs half of the calls by descriptor.
 * In the end a detaching umount2(2) takes the host's tree away as a whole.
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
#include "helper/inside/overlay.h"
#include "helper/inside/paths.h"
#include "helper/io.h"

/* Of sys/mount.h, which cannot be included beside linux/mount.h in glibc 2.36. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);
enum { MNT_DETACH = 2 };

enum { COPY_FILES_MAX = 64 };
static const off_t copy_bytes_max = 8 << 20;

/*
 * What covers a hidden path: an empty file or directory of mode 0. Their directory is bound over itself, read-only, so that
 * what is bound from there is read-only too; that also covers the host's tree, which is mounted on the directory below.
 * They stay: nothing can be mounted over a file that was unlinked, and a login program's view shows some of it again.
 */
static const char mask_path[] = "/.hidden";
static const char *const masks[2] = {"/.hidden/file", "/.hidden/directory"};

/* --- the mount system calls (libc of Debian 12 wraps only some) --------------------------------------------------------*/

static int open_tree_clone(int fd, bool recursive)
{
	return (int)syscall(SYS_open_tree, fd, "",
	                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
}

static int attach(int tree, int target)
{
	return (int)syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* Of the mount at path, or of the mount that is fd where path is empty. */
static int set_attributes(int fd, const char *path, uint64_t set, uint64_t clear, bool recursive)
{
	struct mount_attr attributes = {.attr_set = set, .attr_clr = clear};

	if (!set && !clear)
		return 0;
	return (int)syscall(SYS_mount_setattr, fd, path, (*path ? 0 : AT_EMPTY_PATH) | (recursive ? AT_RECURSIVE : 0),
	                    &attributes, sizeof(attributes));
}

/* The flags of mount(2) for attributes of mount_setattr(2); the first four have the same values. */
static unsigned long mount_flags(uint64_t attributes)
{
	_Static_assert(MOUNT_ATTR_RDONLY == MS_RDONLY && MOUNT_ATTR_NOSUID == MS_NOSUID &&
	                       MOUNT_ATTR_NODEV == MS_NODEV && MOUNT_ATTR_NOEXEC == MS_NOEXEC,
	               "one number for both");
	return (unsigned long)attributes;
}

/* --- steps --------------------------------------------------------------------------------------------------------------*/

static mode_t type_of(int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		die_errno("look at a mount source");
	return S_ISDIR(status.st_mode) ? S_IFDIR : S_IFREG;
}

/* ELOOP has one meaning here, and the person can mend it. */
static noreturn void cannot_open(const char *path)
{
	if (errno == ELOOP)
		die("%s: there is a link on the way that others than root can change", path);
	die_errno("open %s", path);
}

/* Opens a new file for writing. */
static int create_file(const char *path, mode_t mode)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	const char *name;
	int fd = open(path, flags, mode);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	CLEANUP_FD parent = open_parent(path, &name);
	return parent < 0 ? -1 : openat(parent, name, flags, mode);
}

static void step_file(const struct plan *plan, const struct plan_step *step, const char *target)
{
	const char *bytes = plan_string(plan, step->text);
	CLEANUP_FD file = create_file(target, (mode_t)step->mode);

	if (file < 0 || write_all(file, bytes, strlen(bytes)) != 0)
		die_errno("write %s", target);
}

static void bind_source(const struct plan_step *step, int source, const char *target)
{
	CLEANUP_FD tree = open_tree_clone(source, step->flags & STEP_RECURSIVE);

	if (tree < 0)
		die_errno("take the host's tree for %s", target);
	CLEANUP_FD fd = make_target(target, type_of(source) | 0755);
	if (fd < 0 && errno == ELOOP)
		cannot_open(target);
	if (fd < 0)
		die_errno("make mount point %s", target);
	if (set_attributes(tree, "", step->attributes, step->clear, true) != 0)
		die_errno("set mount attributes of %s", target);
	if (attach(tree, fd) != 0)
		die_errno("mount %s", target);
}

/* source: an absolute path of the host. */
static void bind_by_name(const struct plan_step *step, const char *source, const char *target)
{
	if (make_node(target, (mode_t)step->mode) != 0)
		die_errno("make mount point %s", target);
	if (mount(source + 1, target, NULL, MS_BIND | (step->flags & STEP_RECURSIVE ? MS_REC : 0), NULL) != 0) {
		if (!plan_step_may_skip(step, errno))
			die_errno("mount %s", target);
		return;
	}
	if (set_attributes(AT_FDCWD, target, step->attributes, step->clear, step->flags & STEP_RECURSIVE) != 0)
		die_errno("set mount attributes of %s", target);
}

/* Where the plan knows which directory it means, another one of that name will not do. */
static void check_identity(const struct plan_step *step, int source, const char *path)
{
	struct stat status;

	if (step->inode == 0)
		return;
	if (fstat(source, &status) != 0)
		die_errno("look at %s", path);
	if (status.st_ino != step->inode || status.st_dev != step->device)
		die("%s is not the directory it was", path);
}

/* Of the host, or of another root directory of its. */
static int open_step_source(const struct plan *plan, const struct plan_step *step, uint64_t flags)
{
	const char *image = plan_string(plan, step->text), *path = plan_string(plan, step->source);

	return *image ? open_image_source(image, path, flags) : open_source(path, flags);
}

static void step_bind(const struct plan *plan, const struct plan_step *step, const char *target)
{
	const char *path = plan_string(plan, step->source);

	if (step->flags & STEP_BY_NAME) {
		bind_by_name(step, path, target);
		return;
	}
	CLEANUP_FD source = open_step_source(plan, step, O_PATH);
	if (source >= 0) {
		check_identity(step, source, path);
		bind_source(step, source, target);
	} else if (!plan_step_may_skip(step, errno) || (step->inode && errno == ELOOP)) {
		cannot_open(path);
	}
}

/* A new file system at target. By name, or on the working directory, which is the target meanwhile. */
static void mount_new(const struct plan_step *step, const char *type, const char *options, const char *target)
{
	const char *where = target;

	if (step->flags & STEP_BY_NAME) {
		if (make_node(target, S_IFDIR | 0755) != 0)
			die_errno("make mount point %s", target);
	} else {
		CLEANUP_FD fd =
		        step->flags & STEP_IF_EXISTS ? open_target(target) : make_target(target, S_IFDIR | 0755);
		if (fd < 0 && plan_step_may_skip(step, errno))
			return;
		if (fd < 0 && errno == ELOOP)
			cannot_open(target);
		if (fd < 0 || fchdir(fd) != 0)
			die_errno("enter mount point %s", target);
		where = ".";
	}
	if (mount(type, where, type, mount_flags(step->attributes), options) != 0) {
		if (errno == EPERM && step->kind == STEP_PROC)
			die_hint("a container masks /proc: run sandbox-run outside of it",
			         "mount /proc: the host's own /proc is masked here (Operation not permitted)");
		die_errno("mount a new %s on %s", type, target);
	}
	if (where != target && fchdir(paths_host()) != 0)
		die_errno("return to the host's tree");
}

static void step_tmpfs(const struct plan_step *step, const char *target)
{
	char options[160];
	int length = snprintf(options, sizeof(options), "mode=%o", step->mode);

	if (step->size)
		length += snprintf(options + length, sizeof(options) - (size_t)length, ",size=%llu",
		                   (unsigned long long)step->size);
	if (step->inodes)
		snprintf(options + length, sizeof(options) - (size_t)length, ",nr_inodes=%llu",
		         (unsigned long long)step->inodes);
	mount_new(step, "tmpfs", options, target);
}

/* What is written goes to a tmpfs at the same place, which the overlay then covers. */
static void step_overlay(const struct plan *plan, const struct plan_step *step, const char *target)
{
	const char *path = plan_string(plan, step->source);
	CLEANUP_FD source = open_step_source(plan, step, O_PATH | O_DIRECTORY);
	struct plan_step layer = *step;

	if (source < 0) {
		if (!plan_step_may_skip(step, errno))
			cannot_open(path);
		return;
	}
	layer.flags = 0;
	step_tmpfs(&layer, target);
	CLEANUP_FD fd = open_target(target);
	if (fd < 0)
		cannot_open(target);
	CLEANUP_FD overlay = overlay_make(source, fd, step->attributes, path);
	if (attach(overlay, fd) != 0)
		die_errno("mount %s", target);
}

/* /proc must be of our own pid namespace: a host's /proc here would show, and through it reach, everybody (threats G5). */
static void step_proc(const struct plan *plan, const struct plan_step *step, const char *target)
{
	char self[32], link[64];

	mount_new(step, "proc", plan_string(plan, step->text), target);
	snprintf(link, sizeof(link), "%.32s/self", target);
	ssize_t length = readlink(link, self, sizeof(self) - 1);
	if (length < 0)
		die_errno("look at the new /proc");
	self[length] = '\0';
	if (strtol(self, NULL, 10) != getpid())
		die("the new /proc is not of this pid namespace");
}

/* The caller's terminal under a name of its own, so that ttyname(3) finds it. Its node is looked up by path in our copy of
 * the host's tree and must be the very device behind the descriptor. */
static void step_terminal(const struct plan_step *step, const char *target)
{
	for (int descriptor = 0; descriptor <= 2; descriptor++) {
		char link[64], path[256];
		struct stat wanted, found;
		if (!isatty(descriptor) || fstat(descriptor, &wanted) != 0)
			continue;
		snprintf(link, sizeof(link), "proc/self/fd/%d", descriptor);
		ssize_t length = readlinkat(paths_host(), link, path, sizeof(path) - 1);
		if (length <= 0)
			return;
		path[length] = '\0';
		CLEANUP_FD source = open_resolved(paths_host(), path, O_PATH, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
		if (source < 0 || fstat(source, &found) != 0 || found.st_dev != wanted.st_dev ||
		    found.st_ino != wanted.st_ino)
			return; /* of another namespace: works as a descriptor, has no name here */
		bind_source(step, source, target);
		return;
	}
}

/* A part of the new root that becomes a mount of its own must not escape what is done to the root at the end. */
static void step_attributes(const struct plan_step *step, const char *target)
{
	/* What loosens something must be what was meant. */
	CLEANUP_FD fd = step->clear ? open_target(target) : open_restricted(target);

	if (fd < 0) {
		if (!plan_step_may_skip(step, errno))
			cannot_open(target);
		return;
	}
	CLEANUP_FD tree = open_tree_clone(fd, step->flags & STEP_RECURSIVE);
	if (tree < 0 || set_attributes(tree, "", step->attributes, step->clear, true) != 0 ||
	    (is_of_root(fd) && set_attributes(tree, "", MOUNT_ATTR_RDONLY, 0, false) != 0) || attach(tree, fd) != 0)
		die_errno("set mount attributes of %s", target);
}

static void step_mask(const struct plan_step *step, const char *target)
{
	if (step->flags & STEP_BY_NAME) {
		if (mount(masks[S_ISDIR(step->mode)], target, NULL, MS_BIND, NULL) != 0 &&
		    (!plan_step_may_skip(step, errno) || access(masks[S_ISDIR(step->mode)], F_OK) != 0))
			die_errno("hide %s", target);
		return;
	}
	CLEANUP_FD fd = open_restricted(target);
	if (fd < 0) {
		/* What the person cannot reach needs no cover. */
		if (!plan_step_may_skip(step, errno) && errno != EACCES)
			cannot_open(target);
		return;
	}
	CLEANUP_FD tree = (int)syscall(SYS_open_tree, AT_FDCWD, masks[type_of(fd) == S_IFDIR],
	                               OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || attach(tree, fd) != 0)
		die_errno("hide %s", target);
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

static void copy_file(int from, const struct stat *status, const char *target)
{
	if (status->st_size > copy_bytes_max)
		die("copy %s: larger than 8 MiB", target);
	CLEANUP_FD to = create_file(target, status->st_mode & 0755);
	if (to < 0)
		die_errno("make %s", target);
	copy_bytes(from, to, status->st_size, target);
}

/* The regular files of one directory, so that they are the person's own (ssh refuses files of "nobody"). */
static void copy_directory_files(int source, const char *target)
{
	char path[4096];
	DIR *directory = make_node(target, S_IFDIR | 0755) == 0 ? fdopendir(source) : NULL;
	int copied = 0;

	if (!directory)
		die_errno("copy %s", target);
	for (struct dirent *entry; (errno = 0, entry = readdir(directory)) && copied < COPY_FILES_MAX;) {
		struct stat status;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    snprintf(path, sizeof(path), "%s/%s", target, entry->d_name) >= (int)sizeof(path))
			continue;
		CLEANUP_FD from = openat(dirfd(directory), entry->d_name,
		                         O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
		if (from < 0 || fstat(from, &status) != 0 || !S_ISREG(status.st_mode))
			continue;
		copy_file(from, &status, path);
		copied++;
	}
	if (errno != 0)
		die_errno("read %s", target);
	closedir(directory);
}

static void step_copy(const struct plan *plan, const struct plan_step *step, const char *target)
{
	const char *path = plan_string(plan, step->source);
	const uint64_t flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	int source = step->flags & STEP_BY_NAME ? open_system_source(path, flags) : open_step_source(plan, step, flags);
	struct plan_step bind = *step;
	struct stat status;

	if (source < 0) {
		if (!plan_step_may_skip(step, errno))
			cannot_open(path);
		return;
	}
	if (fstat(source, &status) != 0)
		die_errno("look at %s", path);
	if (S_ISDIR(status.st_mode) && (step->flags & STEP_RECURSIVE)) {
		copy_directory_files(source, target); /* closes it */
		return;
	}
	bind.flags |= STEP_RECURSIVE;
	if (S_ISDIR(status.st_mode))
		bind_source(&bind, source, target);
	else if (S_ISREG(status.st_mode))
		copy_file(source, &status, target);
	else
		die("copy %s: not a regular file", path);
	close(source);
}

static void execute_step(const struct plan *plan, const struct plan_step *step)
{
	const char *target = plan_string(plan, step->target);

	switch ((enum plan_step_kind)step->kind) {
	case STEP_DIRECTORY:
		if (make_node(target, S_IFDIR | (mode_t)step->mode) != 0)
			die_errno("make directory %s", target);
		return;
	case STEP_FILE:
		step_file(plan, step, target);
		return;
	case STEP_SYMLINK:
		if (symlink(plan_string(plan, step->source), target) != 0)
			die_errno("make link %s", target);
		return;
	case STEP_COPY:
		step_copy(plan, step, target);
		return;
	case STEP_BIND:
		step_bind(plan, step, target);
		return;
	case STEP_TMPFS:
		step_tmpfs(step, target);
		return;
	case STEP_PROC:
		step_proc(plan, step, target);
		return;
	case STEP_DEVPTS:
		mount_new(step, "devpts", plan_string(plan, step->text), target);
		return;
	case STEP_MQUEUE:
		mount_new(step, "mqueue", NULL, target);
		return;
	case STEP_TERMINAL:
		step_terminal(step, target);
		return;
	case STEP_ATTRIBUTES:
		step_attributes(step, target);
		return;
	case STEP_MASK:
		step_mask(step, target);
		return;
	case STEP_OVERLAY:
		step_overlay(plan, step, target);
		return;
	case STEP_KINDS:
		break;
	}
	die("the plan has a step of unknown kind %u", step->kind);
}

/* --- the root -----------------------------------------------------------------------------------------------------------*/

static int new_root(const char *options)
{
	CLEANUP_FD filesystem = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	char copy[128], *position = NULL;

	if (filesystem < 0 || snprintf(copy, sizeof(copy), "%s", options) >= (int)sizeof(copy))
		return -1;
	for (char *option = strtok_r(copy, ",", &position); option; option = strtok_r(NULL, ",", &position)) {
		char *value = strchr(option, '=');
		if (!value)
			return -1;
		*value++ = '\0';
		if (syscall(SYS_fsconfig, filesystem, FSCONFIG_SET_STRING, option, value, 0) != 0)
			return -1;
	}
	if (syscall(SYS_fsconfig, filesystem, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
		return -1;
	return (int)syscall(SYS_fsmount, filesystem, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

/* Nothing mounted here may reach the host, nor the reverse; a copied tree receives from the host otherwise
 * (mount_namespaces(7), "Restrictions on mount namespaces"). */
static void enter_root(const char *options, uid_t person)
{
	const uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		die_errno("make all mounts private");
	int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_FD root = new_root(options);
	if (host < 0 || root < 0 || attach(root, host) != 0 || fchdir(root) != 0 || mkdir(mask_path + 1, 0755) != 0 ||
	    mknod(masks[0] + 1, S_IFREG, 0) != 0 || mkdir(masks[1] + 1, 0) != 0)
		die_errno("make the new root");
	if (syscall(SYS_pivot_root, ".", masks[1] + 1) != 0)
		die_errno("enter the new root");
	paths_begin(host, person);
	if (mount(mask_path, mask_path, NULL, MS_BIND, NULL) != 0 ||
	    set_attributes(AT_FDCWD, mask_path, attributes, 0, false) != 0 || fchdir(host) != 0)
		die_errno("cover the host's tree");
}

static void leave_host(void)
{
	paths_leave();
	if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		die_errno("detach the host's tree");
}

void mounts_enter(const struct plan *plan, struct plan_array list)
{
	const struct plan_step *steps = plan_array(plan, list);
	mode_t mask = umask(0);

	enter_root(plan_string(plan, plan->root_options), plan->inside_uid);
	for (uint32_t i = 0; i < list.count; i++)
		execute_step(plan, &steps[i]);
	leave_host();
	if ((plan->flags & PLAN_ROOT_READ_ONLY) && set_attributes(AT_FDCWD, "/", MOUNT_ATTR_RDONLY, 0, false) != 0)
		die_errno("make the new root read-only");
	umask(mask);
}

void mounts_forbid_exec(void)
{
	if (set_attributes(AT_FDCWD, "/", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, true) != 0)
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
	if (umount2(door_path, MNT_DETACH) != 0)
		die_errno("take %s away", door_path);
}
