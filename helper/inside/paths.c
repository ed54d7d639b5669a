/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openat2(2) with RESOLVE_NO_SYMLINKS refuses all links, so those that may be followed are replaced by what they hold, one
 * after the other, and the last walk meets none.
 */
#include "helper/inside/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"

enum { PATH_BYTES = 4096, LINKS_MAX = 40 };

static int host = -1, view = -1;
static dev_t root_device;
static ino_t root_inode;
static uid_t owner;

void paths_begin(int host_root, uid_t person)
{
	struct stat status;

	host = host_root;
	owner = person;
	view = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (view < 0 || fstat(view, &status) != 0)
		die_errno("open the new root");
	root_device = status.st_dev;
	root_inode = status.st_ino;
}

void paths_look(int host_root, uid_t person)
{
	host = host_root;
	owner = person;
}

void paths_leave(void)
{
	close_fd(&host);
	close_fd(&view);
}

int paths_host(void)
{
	return host;
}

int is_of_root(int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		die_errno("look at a mount point");
	return status.st_dev == root_device;
}

static int open_without_links(int root, const char *path, uint64_t flags)
{
	return open_resolved(root, path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

/*
 * The first link on the way is replaced by what it holds. Returns -1 with errno: ELOOP where others than root may have
 * chosen it, which is so for their own links and for every link below a directory that they can change.
 */
static int replace_link(int root, char *path)
{
	char content[PATH_BYTES], rest[PATH_BYTES];
	struct stat status;
	bool exposed = false;

	for (char *end = path; *end;) {
		char *start = end + strspn(end, "/");
		end = start + strcspn(start, "/");
		snprintf(rest, sizeof(rest), "%s", end);
		*end = '\0';
		CLEANUP_FD fd = open_without_links(root, path, O_PATH | O_NOFOLLOW);
		if (fd < 0 || fstat(fd, &status) != 0)
			return -1;
		memcpy(end, rest, strlen(rest) + 1);
		/* The new root itself is the plan's. */
		exposed |= status.st_dev != root_device &&
		           (status.st_uid == owner || (!S_ISLNK(status.st_mode) && (status.st_mode & 022)));
		if (!S_ISLNK(status.st_mode))
			continue;
		if (exposed) {
			errno = ELOOP;
			return -1;
		}
		ssize_t length = readlinkat(fd, "", content, sizeof(content) - 1);
		if (length < 0)
			return -1;
		content[length] = '\0';
		if (content[0] == '/')
			start = path;
		if ((size_t)(start - path) + (size_t)length + strlen(rest) >= PATH_BYTES) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(start, content, (size_t)length);
		memcpy(start + length, rest, strlen(rest) + 1);
		return 0;
	}
	return 0; /* the link is gone meanwhile */
}

static int open_below(int root, const char *path, uint64_t flags)
{
	char now[PATH_BYTES];
	int fd = open_without_links(root, path, flags);

	if (fd >= 0 || errno != ELOOP)
		return fd;
	if (snprintf(now, sizeof(now), "%s", path) >= (int)sizeof(now)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (int links = 0; links < LINKS_MAX; links++) {
		if (replace_link(root, now) != 0)
			return -1;
		fd = open_without_links(root, now, flags);
		if (fd >= 0 || errno != ELOOP)
			return fd;
	}
	return -1;
}

int open_source(const char *path, uint64_t flags)
{
	return open_below(host, path, flags);
}

int open_system_source(const char *path, uint64_t flags)
{
	return open_resolved(host, path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int open_image_source(const char *image, const char *path, uint64_t flags)
{
	struct stat status;
	CLEANUP_FD top = open_source(image, O_PATH | O_DIRECTORY);

	if (top < 0 || fstat(top, &status) != 0)
		return -1;
	bool exposed = status.st_uid == owner || (status.st_mode & 022);
	return exposed ? open_without_links(top, path, flags) : open_below(top, path, flags);
}

/* Never the root itself: what is mounted over it would be a second view, which "/.." leads to. */
static int not_root(int fd)
{
	struct stat status;

	if (fd >= 0 && (fstat(fd, &status) != 0 || (status.st_dev == root_device && status.st_ino == root_inode))) {
		close_fd(&fd);
		errno = ELOOP;
	}
	return fd;
}

int open_target(const char *path)
{
	return not_root(open_below(view, path, O_PATH));
}

bool path_is_provided(const char *path)
{
	static const char *const provided[] = {"/etc",    "/usr",  "/bin", "/sbin", "/lib", "/lib32",  "/lib64",
	                                       "/libx32", "/proc", "/sys", "/dev",  "/run", "/var/log"};

	if (strcmp(path, "/var") == 0)
		return true;
	for (size_t i = 0; i < sizeof(provided) / sizeof(provided[0]); i++) {
		size_t count = strlen(provided[i]);
		if (strncmp(path, provided[i], count) == 0 && (path[count] == '/' || path[count] == '\0'))
			return true;
	}
	return false;
}

/* By the name it has in the view, whose /proc is there before anything is restricted. */
static bool leads_to_provided(int fd)
{
	char link[64], name[PATH_BYTES];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, name, sizeof(name) - 1);
	if (length < 0)
		die_errno("look at a mount point");
	name[length] = '\0';
	return path_is_provided(name) || is_of_root(fd);
}

int open_restricted(const char *path)
{
	int fd = open_target(path);

	if (fd >= 0 || errno != ELOOP)
		return fd;
	fd = not_root(open_resolved(view, path, O_PATH, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
	/* A name of the system's is meant as it is: for root, its links are the person's own. */
	if (fd >= 0 && !path_is_provided(path) && leads_to_provided(fd)) {
		close_fd(&fd);
		errno = ELOOP;
	}
	return fd;
}

/* Makes the directories that are missing on the way to path, and path as one. Returns it opened, or -1 with errno. */
static int make_directories(const char *path)
{
	char now[PATH_BYTES];
	size_t length = 0;
	int fd = open_below(view, "/", O_PATH);

	do {
		length += 1 + strcspn(path + length + 1, "/");
		snprintf(now, sizeof(now), "%.*s", (int)length, path);
		char *last = strrchr(now, '/') + 1;
		int above = fd;
		fd = open_target(now);
		if (fd < 0 && errno == ENOENT && (mkdirat(above, last, 0755) == 0 || errno == EEXIST))
			fd = open_target(now);
		close_fd(&above);
	} while (fd >= 0 && path[length]);
	return fd;
}

int open_parent(const char *path, const char **ret_last)
{
	const char *last = strrchr(path, '/');
	char parent[PATH_BYTES];

	if (!last || (size_t)(last - path) >= sizeof(parent)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	*ret_last = last + 1;
	snprintf(parent, sizeof(parent), "%.*s", last == path ? 1 : (int)(last - path), path);
	int fd = open_below(view, parent, O_PATH);
	return fd >= 0 || errno != ENOENT ? fd : make_directories(parent);
}

static int make_below(int parent, const char *name, mode_t mode)
{
	int result = S_ISDIR(mode) ? mkdirat(parent, name, mode & 07777) : mknodat(parent, name, mode, 0);

	return result == 0 || errno == EEXIST ? 0 : -1;
}

int make_target(const char *path, mode_t mode)
{
	const char *name;
	int fd = open_target(path);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	CLEANUP_FD parent = open_parent(path, &name);
	if (parent < 0 || make_below(parent, name, mode) != 0)
		return -1;
	return open_resolved(parent, name, O_PATH, 0, RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
}

int make_node(const char *path, mode_t mode)
{
	const char *name;
	int result = S_ISDIR(mode) ? mkdir(path, mode & 07777) : mknod(path, mode, 0);

	if (result == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -1;
	CLEANUP_FD parent = open_parent(path, &name);
	return parent < 0 ? -1 : make_below(parent, name, mode);
}
