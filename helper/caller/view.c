/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the plan's steps to the model of the view. Each function stands for the one of its name in
 * helper/inside/mounts.c or helper/inside/paths.c.
 */
#include "helper/caller/view.h"

#include <dirent.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/inside/paths.h"
#include "helper/io.h"

static void *grow(void *items, size_t count, size_t size)
{
	if (count % 64 == 0)
		items = realloc(items, (count + 64) * size);
	if (!items)
		die("out of memory");
	return items;
}

static char *copy(const char *text)
{
	char *result = strdup(text);

	if (!result)
		die("out of memory");
	return result;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static const char *text_of(const struct view *view, plan_ref ref)
{
	return plan_string(view->plan, ref);
}

static const struct plan_step *step_of(const struct view *view, int step)
{
	return (const struct plan_step *)plan_array(view->plan, view->plan->steps) + step;
}

/* --- parts of the model ---------------------------------------------------------------------------------------------------*/

static int add_mount(struct view *view, const struct view_mount *mount)
{
	view->mounts = grow(view->mounts, view->mount_count, sizeof(*view->mounts));
	view->mounts[view->mount_count] = *mount;
	view->mounts[view->mount_count].path = copy(mount->path);
	return (int)view->mount_count++;
}

static struct view_node *add_node(struct view *view, unsigned filesystem, const char *path, mode_t mode, int step)
{
	view->nodes = grow(view->nodes, view->node_count, sizeof(*view->nodes));
	struct view_node *node = &view->nodes[view->node_count++];
	*node = (struct view_node){
	        .filesystem = filesystem,
	        .path = copy(path),
	        .mode = mode,
	        .owner = view->plan->uid,
	        .step = step,
	};
	return node;
}

static noreturn void cannot(const char *what, const char *path, int error)
{
	if (error == ELOOP)
		die("%s: there is a link on the way that others than root can change", path);
	errno = error;
	die_errno("%s %s", what, path);
}

/* Whether a path of the host is in the tree below a directory. */
static bool is_in(const char *path, const struct stat *tree)
{
	int now = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat status, last = {0};

	while (now >= 0 && fstat(now, &status) == 0 && !same_file(&status, tree) && !same_file(&status, &last)) {
		int above = openat(now, "..", O_PATH | O_CLOEXEC);
		close_fd(&now);
		now = above;
		last = status;
	}
	bool found = now >= 0 && same_file(&status, tree);
	close_fd(&now);
	return found;
}

/* Whether the host forbids to execute something below; in a copy of its mounts that stays (mount_namespaces(7)). */
static bool is_locked(int source)
{
	char line[8192], path[PATH_MAX], options[512];
	struct statvfs flags;
	struct stat tree;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");

	if (!mounts || fstat(source, &tree) != 0 || fstatvfs(source, &flags) != 0)
		die_errno("look at the host's mounts");
	bool locked = flags.f_flag & ST_NOEXEC;
	while (!locked && fgets(line, sizeof(line), mounts))
		locked = sscanf(line, "%*s %*s %*s %*s %4095s %511s", path, options) == 2 &&
		         strstr(options, "noexec") && is_in(path, &tree);
	fclose(mounts);
	return locked;
}

static void set_attributes(struct view_mount *mount, const struct plan_step *step, int index)
{
	if ((step->clear & MOUNT_ATTR_NOEXEC) && mount->kind == VIEW_HOST && is_locked(mount->source))
		cannot("set mount attributes of", mount->path, EPERM);
	uint64_t added = step->attributes & ~mount->attributes;

	mount->attributes = (mount->attributes | step->attributes) & ~step->clear;
	if (added & MOUNT_ATTR_RDONLY)
		mount->read_only = index;
	if (added & MOUNT_ATTR_NOEXEC)
		mount->no_exec = index;
}

/* A mount of a kind on a place, as its step wants it. Takes the source. */
static int mount_on(struct view *view, const struct view_place *place, enum view_kind kind, int source, int step)
{
	struct view_mount mount = {
	        .kind = kind,
	        .parent = place->mount,
	        .path = (char *)(uintptr_t)place->path,
	        .filesystem = ++view->filesystem_count,
	        .source = source,
	        .step = step,
	        .read_only = -1,
	        .no_exec = -1,
	};

	set_attributes(&mount, step_of(view, step), step);
	return add_mount(view, &mount);
}

/* --- names ----------------------------------------------------------------------------------------------------------------*/

static bool is_root(const struct view_place *place)
{
	return place->mount == 0 && !place->path[1];
}

/* Each returns 0 or an errno; the place is to be cleared in any case. */
static int find_target(const struct view *view, const char *path, struct view_place *ret_place)
{
	int error = view_walk(view, path, VIEW_STRICT, ret_place);

	return error == 0 && is_root(ret_place) ? ELOOP : error;
}

/* Where a link leads to is asked of /proc, which a policy may have hidden by then. */
static void need_proc(const struct view *view)
{
	struct view_place place;
	int error = view_walk(view, "/proc/self", VIEW_FOLLOW, &place);

	view_place_clear(&place);
	errno = error;
	if (error != VIEW_DEPENDS)
		die_errno("look at a mount point");
}

static int find_restricted(const struct view *view, const char *path, struct view_place *ret_place)
{
	int error = find_target(view, path, ret_place);

	if (error != ELOOP)
		return error;
	view_place_clear(ret_place);
	error = view_walk(view, path, VIEW_FOLLOW, ret_place);
	if (error != 0)
		return error;
	if (is_root(ret_place))
		return ELOOP;
	if (path_is_provided(path))
		return 0;
	need_proc(view);
	bool of_root = view->mounts[ret_place->mount].filesystem == 0;
	return of_root || path_is_provided(ret_place->path) ? ELOOP : 0;
}

/* What is missing where a walk ended: directories, and what mode says as the last. Returns that. */
static struct view_node *make_missing(struct view *view, const struct view_place *place, mode_t mode, int step)
{
	char made[PATH_MAX];
	unsigned filesystem = view->mounts[place->mount].filesystem;
	size_t length = (size_t)snprintf(made, sizeof(made), "%s", place->path[1] ? place->path : "");
	struct view_node *node = NULL;

	for (const char *name = place->rest; *name; name += strspn(name, "/")) {
		int name_length = (int)strcspn(name, "/");
		length += (size_t)snprintf(made + length, sizeof(made) - length, "/%.*s", name_length, name);
		if (length >= sizeof(made))
			die("%s: the path is too long", place->path);
		name += name_length;
		node = add_node(view, filesystem, made, *name ? S_IFDIR | 0755 : mode, step);
	}
	return node;
}

/* While the view is built the person's own files cannot be closed to them: capabilities(7), CAP_DAC_OVERRIDE. */
static int may_use(const struct view *view, const struct view_place *place, int mode)
{
	int error = view_access(view, place, mode);

	if ((mode & W_OK) && (view->mounts[place->mount].attributes & MOUNT_ATTR_RDONLY))
		return EROFS;
	return error == EACCES && place->status.st_uid == view->plan->uid ? 0 : error;
}

static int made_target(struct view *view, const char *path, mode_t mode, int step, struct view_place *ret_place)
{
	int error = find_target(view, path, ret_place);

	if (error != ENOENT)
		return error;
	/* What a link names and is not there is not made. */
	const char *end = path + strlen(path) - strlen(ret_place->rest);
	if (end <= path || end[-1] != '/' || strcmp(end, ret_place->rest) != 0)
		return ELOOP;
	error = may_use(view, ret_place, W_OK | X_OK);
	if (error != 0)
		return error;
	make_missing(view, ret_place, mode, step);
	view_place_clear(ret_place);
	return find_target(view, path, ret_place);
}

/* --- steps ----------------------------------------------------------------------------------------------------------------*/

static void step_make(struct view *view, int index, mode_t mode)
{
	const char *path = text_of(view, step_of(view, index)->target);
	struct view_place place;
	int error = made_target(view, path, mode, index, &place);

	if (error != 0)
		cannot("make", path, error);
	view_place_clear(&place);
}

static void step_symlink(struct view *view, int index)
{
	const struct plan_step *step = step_of(view, index);
	struct view_place place;
	int error = find_target(view, text_of(view, step->target), &place);

	if (error != ENOENT)
		cannot("make link", text_of(view, step->target), error ? error : EEXIST);
	struct view_node *link = make_missing(view, &place, S_IFLNK | 0777, index);
	if (link)
		link->link = copy(text_of(view, step->source));
	view_place_clear(&place);
}

/* A node of no type: who starts the sandbox has a terminal, or has none. */
static void step_terminal(struct view *view, int index)
{
	struct view_place place;

	if (find_target(view, text_of(view, step_of(view, index)->target), &place) == ENOENT)
		make_missing(view, &place, 0, index);
	view_place_clear(&place);
}

/* The host's descriptor is taken. */
static void bind_source(struct view *view, int index, int source)
{
	const struct plan_step *step = step_of(view, index);
	struct view_place place;
	struct stat status;

	if (fstat(source, &status) != 0)
		die_errno("look at a mount source");
	mode_t type = S_ISDIR(status.st_mode) ? S_IFDIR | 0755 : S_IFREG | 0755;
	int error = made_target(view, text_of(view, step->target), type, index, &place);
	if (error != 0)
		cannot("make mount point", text_of(view, step->target), error);
	if (S_ISDIR(type) != S_ISDIR(place.status.st_mode))
		cannot("mount", text_of(view, step->target), EINVAL);
	mount_on(view, &place, VIEW_HOST, source, index);
	view_place_clear(&place);
}

/* As in helper/inside/mounts.c: of the host, or of another root directory of its. */
static int open_step_source(const struct view *view, const struct plan_step *step, uint64_t flags)
{
	const char *image = text_of(view, step->text), *path = text_of(view, step->source);

	return *image ? open_image_source(image, path, flags) : open_source(path, flags);
}

static void step_bind(struct view *view, int index)
{
	const struct plan_step *step = step_of(view, index);
	const char *path = text_of(view, step->source);
	int source;

	if (step->flags & STEP_BY_NAME) {
		step_make(view, index, (mode_t)step->mode);
		source = openat(view->host, path + 1, O_PATH | O_CLOEXEC);
	} else {
		source = open_step_source(view, step, O_PATH | (step->kind == STEP_OVERLAY ? O_DIRECTORY : 0));
	}
	if (source >= 0)
		bind_source(view, index, source);
	else if (!plan_step_may_skip(step, errno) || (step->inode && errno == ELOOP))
		cannot("open", path, errno);
}

/* Whether something can be mounted there; false: it is skipped. */
static bool enter_mount_point(struct view *view, int index, struct view_place *ret_place)
{
	const struct plan_step *step = step_of(view, index);
	const char *path = text_of(view, step->target);
	int error = step->flags & STEP_IF_EXISTS ? find_target(view, path, ret_place)
	                                         : made_target(view, path, S_IFDIR | 0755, index, ret_place);

	if (error != 0 && plan_step_may_skip(step, error))
		return false;
	if (error == 0 && !S_ISDIR(ret_place->status.st_mode))
		error = ENOTDIR;
	if (error == 0 && !(step->flags & STEP_BY_NAME))
		error = may_use(view, ret_place, X_OK);
	if (error != 0)
		cannot("enter mount point", path, error);
	return true;
}

/* A file system of the kernel's or of our own. Returns its number, or 0 where it is skipped. */
static unsigned mount_new(struct view *view, int index, enum view_kind kind, mode_t mode)
{
	struct view_place place;
	int source = -1;

	if (!enter_mount_point(view, index, &place)) {
		view_place_clear(&place);
		return 0;
	}
	if (kind == VIEW_PROC) {
		source = openat(view->host, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (source < 0)
			die_errno("open /proc");
	}
	mount_on(view, &place, kind, source, index);
	if (kind == VIEW_MADE)
		add_node(view, view->filesystem_count, place.path, mode, index);
	view_place_clear(&place);
	return view->filesystem_count;
}

static void step_devpts(struct view *view, int index)
{
	char path[PATH_MAX];
	unsigned filesystem = mount_new(view, index, VIEW_MADE, S_IFDIR | 0755);

	if (filesystem == 0)
		return;
	view->nodes[view->node_count - 1].owner = 0;
	snprintf(path, sizeof(path), "%s/ptmx", text_of(view, step_of(view, index)->target));
	add_node(view, filesystem, path, S_IFCHR | 0666, index);
}

/* The copies of mounts below a path, on the copy of the mount they stand on. */
static void copy_mounts_below(struct view *view, int from, int to, const char *path, int step)
{
	size_t count = view->mount_count;

	for (size_t i = 0; i < count; i++) {
		struct view_mount mount = view->mounts[i];
		if (mount.parent != from || (int)i == to || !view_is_below(mount.path, path))
			continue;
		mount.parent = to;
		set_attributes(&mount, step_of(view, step), step);
		copy_mounts_below(view, (int)i, add_mount(view, &mount), path, step);
	}
}

static void step_attributes(struct view *view, int index)
{
	const struct plan_step *step = step_of(view, index);
	const char *path = text_of(view, step->target);
	struct view_place place;
	int error = step->clear ? find_target(view, path, &place) : find_restricted(view, path, &place);

	if (error != 0) {
		view_place_clear(&place);
		if (!plan_step_may_skip(step, error) && error != VIEW_DEPENDS)
			cannot("open", path, error);
		return;
	}
	struct view_mount mount = view->mounts[place.mount];
	mount.parent = place.mount;
	mount.path = place.path;
	mount.source = place.fd;
	if (place.fd < 0)
		mount.kind = VIEW_MADE; /* also a mount point that is made in a directory of the host */
	set_attributes(&mount, step, index);
	if (mount.filesystem == 0)
		mount.attributes |= MOUNT_ATTR_RDONLY;
	place.fd = -1; /* the mount's now */
	copy_mounts_below(view, place.mount, add_mount(view, &mount), place.path, index);
	view_place_clear(&place);
}

static void step_mask(struct view *view, int index)
{
	const struct plan_step *step = step_of(view, index);
	const char *path = text_of(view, step->target);
	struct view_place place;
	int error = step->flags & STEP_BY_NAME ? view_walk(view, path, VIEW_FOLLOW, &place)
	                                       : find_restricted(view, path, &place);

	if (error != 0) {
		view_place_clear(&place);
		if (!plan_step_may_skip(step, error) && error != EACCES && error != VIEW_DEPENDS)
			cannot("open", path, error);
		return;
	}
	mode_t type = S_ISDIR(place.status.st_mode) ? S_IFDIR : S_IFREG;
	int mount = mount_on(view, &place, VIEW_MADE, -1, index);
	view->mounts[mount].attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	view->mounts[mount].read_only = view->mounts[mount].no_exec = index;
	add_node(view, view->mounts[mount].filesystem, place.path, type, index);
	view_place_clear(&place);
}

/* --- copies ---------------------------------------------------------------------------------------------------------------*/

/* Takes the descriptor. Which 64 are taken of more, the directory's order says there and here. */
static void copy_directory_files(struct view *view, int index, int source)
{
	char path[PATH_MAX];
	const char *target = text_of(view, step_of(view, index)->target);
	DIR *directory = fdopendir(source);
	struct view_place place;
	int copied = 0;

	if (!directory || made_target(view, target, S_IFDIR | 0755, index, &place) != 0)
		die_errno("copy %s", target);
	unsigned filesystem = view->mounts[place.mount].filesystem;
	view_place_clear(&place);
	for (struct dirent *entry; (entry = readdir(directory)) && copied < 64;) {
		struct stat status;
		snprintf(path, sizeof(path), "%s/%s", target, entry->d_name);
		if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(status.st_mode) || faccessat(dirfd(directory), entry->d_name, R_OK, AT_EACCESS) != 0)
			continue;
		add_node(view, filesystem, path, S_IFREG | (status.st_mode & 0755), index);
		copied++;
	}
	closedir(directory);
}

static void step_copy(struct view *view, int index)
{
	const struct plan_step *step = step_of(view, index);
	const char *path = text_of(view, step->source);
	const uint64_t flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	int source = step->flags & STEP_BY_NAME ? open_system_source(path, flags) : open_step_source(view, step, flags);
	struct stat status;

	if (source < 0) {
		if (!plan_step_may_skip(step, errno))
			cannot("open", path, errno);
		return;
	}
	if (fstat(source, &status) != 0)
		die_errno("look at %s", path);
	if (S_ISDIR(status.st_mode) && (step->flags & STEP_RECURSIVE)) {
		copy_directory_files(view, index, source);
	} else if (S_ISDIR(status.st_mode)) {
		bind_source(view, index, source);
	} else {
		step_make(view, index, S_IFREG | (status.st_mode & 0755));
		close(source);
	}
}

static void follow_step(struct view *view, int index)
{
	const struct plan_step *step = step_of(view, index);

	switch ((enum plan_step_kind)step->kind) {
	case STEP_DIRECTORY:
		step_make(view, index, S_IFDIR | (mode_t)step->mode);
		return;
	case STEP_FILE:
		step_make(view, index, S_IFREG | (mode_t)step->mode);
		return;
	case STEP_SYMLINK:
		step_symlink(view, index);
		return;
	case STEP_COPY:
		step_copy(view, index);
		return;
	case STEP_BIND:
	case STEP_OVERLAY: /* reads the same; what is written is kept elsewhere */
		step_bind(view, index);
		return;
	case STEP_TMPFS:
		mount_new(view, index, VIEW_MADE, S_IFDIR | (mode_t)step->mode);
		return;
	case STEP_PROC:
		mount_new(view, index, VIEW_PROC, 0);
		return;
	case STEP_DEVPTS:
		step_devpts(view, index);
		return;
	case STEP_MQUEUE:
		mount_new(view, index, VIEW_MADE, S_IFDIR | 01777);
		return;
	case STEP_TERMINAL:
		step_terminal(view, index);
		return;
	case STEP_ATTRIBUTES:
		step_attributes(view, index);
		return;
	case STEP_MASK:
		step_mask(view, index);
		return;
	case STEP_KINDS:
		break;
	}
	die("the plan has a step of unknown kind %u", step->kind);
}

static void read_landlock(struct view *view)
{
	const struct plan_landlock_rule *rules = plan_array(view->plan, view->plan->landlock_rules);

	for (uint32_t i = 0; i < view->plan->landlock_rules.count; i++) {
		struct view_place place;
		if (view_walk(view, text_of(view, rules[i].path), VIEW_FOLLOW, &place) == 0) {
			view->landlock = grow(view->landlock, view->landlock_count, sizeof(*view->landlock));
			view->landlock[view->landlock_count++] =
			        (struct view_landlock){place.status.st_dev, place.status.st_ino, rules[i].access};
		}
		view_place_clear(&place);
	}
}

void view_build(struct view *ret_view, const struct plan *plan)
{
	char slash[] = "/";
	struct view *view = ret_view;

	*view = (struct view){.plan = plan, .host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
	if (view->host < 0)
		die_errno("open /");
	paths_look(view->host, plan->uid);
	add_mount(view, &(struct view_mount){.kind = VIEW_MADE,
	                                     .parent = -1,
	                                     .path = slash,
	                                     .source = -1,
	                                     .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	                                     .step = -1,
	                                     .read_only = -1,
	                                     .no_exec = -1});
	add_node(view, 0, slash, S_IFDIR | 0755, -1);
	add_node(view, 0, "/.hidden", S_IFDIR | 0755, -1);
	add_node(view, 0, "/.hidden/file", S_IFREG, -1);
	add_node(view, 0, "/.hidden/directory", S_IFDIR, -1);
	for (uint32_t i = 0; i < plan->steps.count; i++)
		follow_step(view, (int)i);
	if (plan->flags & PLAN_ROOT_READ_ONLY)
		view->mounts[0].attributes |= MOUNT_ATTR_RDONLY;
	read_landlock(view);
}
