/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a name leads to in the view: path_resolution(7) over the mounts of the model. */
#include "helper/caller/view.h"

#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/inside/paths.h"
#include "helper/io.h"

enum { LINKS_MAX = 40 };

bool view_is_below(const char *path, const char *parent)
{
	size_t length = strcmp(parent, "/") == 0 ? 0 : strlen(parent);

	return strncmp(path, parent, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

void view_place_clear(struct view_place *place)
{
	close_fd(&place->fd);
	place->node = NULL;
}

static const struct view_node *find_node(const struct view *view, unsigned filesystem, const char *path)
{
	for (size_t i = 0; i < view->node_count; i++)
		if (view->nodes[i].filesystem == filesystem && strcmp(view->nodes[i].path, path) == 0)
			return &view->nodes[i];
	return NULL;
}

/* Takes the descriptor. */
static void be_host_file(struct view_place *place, int fd)
{
	if (fd < 0 || fstat(fd, &place->status) != 0)
		die_errno("look at %s", place->path);
	view_place_clear(place);
	place->fd = fd;
}

/* No device has the number that stands for the sandbox's own file systems. */
static void be_node(const struct view *view, struct view_place *place, const struct view_node *node)
{
	if (!node)
		die("%s: there is nothing where something was made", place->path);
	view_place_clear(place);
	place->node = node;
	place->status = (struct stat){
	        .st_mode = node->mode,
	        .st_uid = node->owner,
	        .st_dev = (dev_t)-1 - node->filesystem,
	        .st_ino = (ino_t)(node - view->nodes) + 1,
	};
}

/* The root of a mount, under the name that the place has. */
static void be_mount(const struct view *view, struct view_place *place, int index)
{
	const struct view_mount *mount = &view->mounts[index];

	place->mount = index;
	if (mount->kind == VIEW_MADE)
		be_node(view, place, find_node(view, mount->filesystem, place->path));
	else
		be_host_file(place, fcntl(mount->source, F_DUPFD_CLOEXEC, 3));
}

/* What is mounted on a place lies over it, and may be covered again. */
static void enter_mounts(const struct view *view, struct view_place *place)
{
	for (size_t i = 0; i < view->mount_count; i++) {
		if (view->mounts[i].parent != place->mount || strcmp(view->mounts[i].path, place->path) != 0)
			continue;
		be_mount(view, place, (int)i);
		i = (size_t)-1;
	}
}

/* Names of procfs that say nothing before the sandbox runs; another mount on the host's may hide what will be there. */
static bool depends(const struct view *view, const char *path)
{
	static const char *const processes[] = {"/proc/self", "/proc/thread-self"};
	const char *name = path + strlen("/proc/");

	for (size_t i = 0; i < sizeof(processes) / sizeof(processes[0]); i++)
		if (strcmp(path, processes[i]) == 0)
			return true;
	if (strcmp(path, "/proc/sys/net") == 0)
		return view->plan->flags & PLAN_LOOPBACK;
	return *name && strspn(name, "0123456789") == strlen(name);
}

static bool only_processes(const struct view *view, const struct view_mount *mount)
{
	const struct plan_step *steps = plan_array(view->plan, view->plan->steps);

	return strstr(plan_string(view->plan, steps[mount->step].text), "subset=pid") != NULL;
}

/* Returns a descriptor, or -1 with errno. */
static int open_in_proc(const struct view *view, const struct view_place *place, const char *path, const char *name)
{
	if (depends(view, path))
		errno = VIEW_DEPENDS;
	else if (only_processes(view, &view->mounts[place->mount]))
		errno = ENOENT;
	else {
		int fd = open_resolved(place->fd, name, O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_XDEV);
		if (fd < 0 && errno == EXDEV)
			errno = VIEW_DEPENDS;
		return fd;
	}
	return -1;
}

int view_access(const struct view *view, const struct view_place *place, int mode)
{
	const struct view_node *node = place->node;

	if (!node)
		return faccessat(place->fd, "", mode, AT_EACCESS | AT_EMPTY_PATH) == 0 ? 0 : errno;
	int bits = (int)(node->mode >> (node->owner == view->plan->uid ? 6 : 0)) & 7;
	return (mode & ~bits) ? EACCES : 0; /* R_OK, W_OK and X_OK are the bits of a mode */
}

int view_descend(const struct view *view, struct view_place *place, const char *name)
{
	char path[PATH_MAX];
	int fd = -1, error = ENOENT;

	if (!S_ISDIR(place->status.st_mode))
		return ENOTDIR;
	if (view_access(view, place, X_OK) != 0)
		return EACCES;
	if (snprintf(path, sizeof(path), "%s/%s", place->path[1] ? place->path : "", name) >= (int)sizeof(path))
		return ENAMETOOLONG;
	if (place->fd >= 0) {
		fd = view->mounts[place->mount].kind == VIEW_PROC
		             ? open_in_proc(view, place, path, name)
		             : openat(place->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		error = errno;
	}
	/* A mount point that is missing on the host is made. */
	const struct view_node *node =
	        fd < 0 && error == ENOENT ? find_node(view, view->mounts[place->mount].filesystem, path) : NULL;
	if (fd < 0 && !node)
		return error;
	if (node && !(node->mode & S_IFMT))
		return VIEW_DEPENDS;
	memcpy(place->path, path, sizeof(path));
	if (node)
		be_node(view, place, node);
	else
		be_host_file(place, fd);
	enter_mounts(view, place);
	return 0;
}

/* --- walks ---------------------------------------------------------------------------------------------------------------*/

struct walk {
	const struct view *view;
	enum view_links links;
	bool exposed; /* others than root may have chosen where it goes, see replace_link in helper/inside/paths.c */
	int followed;
	struct view_place *place;
};

static void begin_at_root(struct walk *walk)
{
	struct view_place *place = walk->place;

	view_place_clear(place);
	memcpy(place->path, "/", 2);
	be_mount(walk->view, place, 0);
	walk->exposed = false;
}

static void note_exposure(struct walk *walk)
{
	const struct stat *status = &walk->place->status;

	if (walk->place->node && walk->place->node->filesystem == 0)
		return;
	walk->exposed |=
	        status->st_uid == walk->view->plan->uid || (!S_ISLNK(status->st_mode) && (status->st_mode & 022));
}

/* The way back up leads over the names without links that the place has. */
static int go_up(struct walk *walk)
{
	char path[PATH_MAX];
	bool exposed = walk->exposed;
	int error = 0;

	memcpy(path, walk->place->path, sizeof(path));
	*strrchr(path, '/') = '\0';
	begin_at_root(walk);
	for (char *name = path; *name && error == 0;) {
		char *next = name + 1, *end = next + strcspn(next, "/"), keep = *end;
		*end = '\0';
		error = view_descend(walk->view, walk->place, next);
		*end = keep;
		name = end;
	}
	walk->exposed = exposed;
	return error;
}

/* proc_sys_fs(5), protected_symlinks: in a sticky directory that all can write only the owner's links are followed. */
static bool may_follow(const struct walk *walk, const struct stat *directory)
{
	char text[8];
	uid_t owner = walk->place->status.st_uid;

	return owner == walk->view->plan->uid || (directory->st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) ||
	       owner == directory->st_uid ||
	       read_text(AT_FDCWD, "/proc/sys/fs/protected_symlinks", text, sizeof(text)) <= 0 || text[0] != '1';
}

/* Puts what the link at the place holds before the rest of the path, and goes back to where that begins. */
static int follow(struct walk *walk, const struct stat *directory, char *rest)
{
	char content[PATH_MAX], after[PATH_MAX];
	const struct view_place *place = walk->place;
	ssize_t length;

	if (++walk->followed > LINKS_MAX || (walk->links == VIEW_STRICT && walk->exposed))
		return ELOOP;
	if (!may_follow(walk, directory))
		return EACCES;
	if (place->node)
		length = snprintf(content, sizeof(content), "%s", place->node->link);
	else
		length = readlinkat(place->fd, "", content, sizeof(content) - 1);
	if (length < 0)
		return errno;
	content[length] = '\0';
	memcpy(after, rest, sizeof(after));
	if (snprintf(rest, PATH_MAX, "%s%s%s", content, *after ? "/" : "", after) >= PATH_MAX)
		return ENAMETOOLONG;
	if (content[0] != '/')
		return go_up(walk);
	begin_at_root(walk);
	return 0;
}

/* One name; rest is what follows it. */
static int step_into(struct walk *walk, const char *name, char *rest)
{
	struct stat directory = walk->place->status;

	if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0) {
		if (!S_ISDIR(directory.st_mode))
			return ENOTDIR;
		if (view_access(walk->view, walk->place, X_OK) != 0)
			return EACCES;
		return name[1] ? go_up(walk) : 0;
	}
	int error = view_descend(walk->view, walk->place, name);
	if (error != 0)
		return error;
	note_exposure(walk);
	return S_ISLNK(walk->place->status.st_mode) ? follow(walk, &directory, rest) : 0;
}

int view_walk(const struct view *view, const char *path, enum view_links links, struct view_place *ret_place)
{
	struct walk walk = {.view = view, .links = links, .place = ret_place};
	char rest[PATH_MAX], name[NAME_MAX + 1];
	int error = 0;

	*ret_place = (struct view_place){.fd = -1};
	begin_at_root(&walk);
	if (snprintf(rest, sizeof(rest), "%s", path) >= (int)sizeof(rest))
		return ENAMETOOLONG;
	for (;;) {
		const char *start = rest + strspn(rest, "/");
		size_t length = strcspn(start, "/");
		bool must_be_directory = start > rest && !*start;
		if (must_be_directory && !S_ISDIR(ret_place->status.st_mode))
			error = ENOTDIR;
		if (error != 0 || length == 0)
			return error;
		if (length > NAME_MAX)
			return ENAMETOOLONG;
		memcpy(ret_place->rest, start, strlen(start) + 1);
		snprintf(name, sizeof(name), "%.*s", (int)length, start);
		memmove(rest, start + length, strlen(start + length) + 1);
		error = step_into(&walk, name, rest);
		if (error == 0)
			ret_place->rest[0] = '\0';
	}
}

/* --- Landlock ------------------------------------------------------------------------------------------------------------*/

static uint64_t allowed_here(const struct view *view, const struct stat *status)
{
	uint64_t access = 0;

	for (size_t i = 0; i < view->landlock_count; i++)
		if (view->landlock[i].device == status->st_dev && view->landlock[i].inode == status->st_ino)
			access |= view->landlock[i].access;
	return access;
}

/* landlock(7): a right that a rule gives below a file holds for all that is in it in the tree of mounts. */
bool view_landlock_permits(const struct view *view, const struct view_place *place, uint64_t right)
{
	struct view_place above;
	char path[PATH_MAX];

	if (!(view->plan->flags & PLAN_LANDLOCK) || !(view->plan->landlock_handled_fs & right))
		return true;
	memcpy(path, place->path, sizeof(path));
	for (;;) {
		bool allowed = view_walk(view, path, VIEW_FOLLOW, &above) == 0 &&
		               (allowed_here(view, &above.status) & right) != 0;
		view_place_clear(&above);
		if (allowed || !path[1])
			return allowed;
		char *slash = strrchr(path, '/');
		slash[slash == path] = '\0';
	}
}
