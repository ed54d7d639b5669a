/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entries below RUNDIR. Locks are those of fcntl(2): they name their holder and go with the process.
 */
#include "helper/outside/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"

enum { ENTRY_BYTES_MAX = 128 << 10, HIDDEN_SECONDS = 60 };

void registry_id(char *ret_id, size_t size)
{
	unsigned char bytes[6];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		die_errno("get random bytes");
	snprintf(ret_id, size, "%02x%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
}

int registry_open(void)
{
	struct stat status;

	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int root = open(RUNDIR, flags);

	if (root < 0 && errno == ENOENT && (mkdir(RUNDIR, 0755) == 0 || errno == EEXIST))
		root = open(RUNDIR, flags);
	if (root < 0)
		return -1;
	if (fstat(root, &status) != 0 || status.st_uid != 0 || (status.st_mode & 022)) {
		close(root);
		errno = EPERM;
		return -1;
	}
	return root;
}

static int set_lock(int fd, short type)
{
	struct flock whole = {.l_type = type, .l_whence = SEEK_SET};

	return fcntl(fd, F_SETLK, &whole);
}

/*
 * Under a hidden name until its lock is held: whoever finds an entry unlocked may take it for dead. Meanwhile a read lock on
 * RUNDIR says that somebody is making one. Nobody ever takes a write lock there, others only look, so nobody can be made to
 * wait.
 */
void registry_create(struct registry_entry *ret_entry, const char *id, const struct plan *plan)
{
	char hidden[72];

	*ret_entry = (struct registry_entry){.directory = -1, .plan = -1};
	snprintf(hidden, sizeof(hidden), ".%.64s", id);
	ret_entry->root = registry_open();
	if (ret_entry->root < 0)
		die_errno("open %s", RUNDIR);
	if (set_lock(ret_entry->root, F_RDLCK) != 0)
		die_errno("lock %s", RUNDIR);
	if (mkdirat(ret_entry->root, hidden, 0700) != 0)
		die_errno("make %s/%s", RUNDIR, hidden);
	snprintf(ret_entry->id, sizeof(ret_entry->id), "%s", hidden);
	ret_entry->directory = openat(ret_entry->root, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ret_entry->directory < 0)
		die_errno("open %s/%s", RUNDIR, hidden);
	ret_entry->plan =
	        openat(ret_entry->directory, "plan", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (ret_entry->plan < 0 || set_lock(ret_entry->plan, F_WRLCK) != 0)
		die_errno("lock %s/%s/plan", RUNDIR, hidden);
	/* RUNDIR is everybody's: a caller's megabyte of arguments is not kept there. */
	if (((plan->flags & PLAN_SESSION) || plan->size <= ENTRY_BYTES_MAX) &&
	    write_all(ret_entry->plan, plan, plan->size) != 0)
		die_errno("write %s/%s/plan", RUNDIR, hidden);
	if (renameat(ret_entry->root, hidden, ret_entry->root, id) != 0)
		die_errno("make %s/%s", RUNDIR, id);
	snprintf(ret_entry->id, sizeof(ret_entry->id), "%s", id);
	if (set_lock(ret_entry->root, F_UNLCK) != 0)
		die_errno("unlock %s", RUNDIR);
}

static int remove_tree(int root, const char *id)
{
	CLEANUP_FD directory = openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (directory < 0)
		return -1;
	int copy = dup(directory);
	DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
	if (!stream) {
		close_fd(&copy);
		return -1;
	}
	int result = 0;
	for (struct dirent *entry; (entry = readdir(stream));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(directory, entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0) != 0)
			result = -1;
	}
	closedir(stream);
	return result == 0 ? unlinkat(root, id, AT_REMOVEDIR) : -1;
}

int registry_remove(struct registry_entry *entry)
{
	int result = 0;

	/* The plan is all there is; a tree is looked through only where that is not so. */
	if (entry->id[0] && (entry->directory < 0 || unlinkat(entry->directory, "plan", 0) != 0 ||
	                     unlinkat(entry->root, entry->id, AT_REMOVEDIR) != 0))
		result = remove_tree(entry->root, entry->id);
	entry->id[0] = '\0';
	close_fd(&entry->plan);
	close_fd(&entry->directory);
	close_fd(&entry->root);
	return result;
}

static const struct plan *map_plan(int fd, size_t *ret_size)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || status.st_size < (off_t)sizeof(struct plan) || status.st_size > PLAN_SIZE_MAX)
		return NULL;
	*ret_size = (size_t)status.st_size;
	void *image = mmap(NULL, *ret_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image == MAP_FAILED)
		return NULL;
	if (plan_validate(image, *ret_size) == 0)
		return image;
	munmap(image, *ret_size);
	return NULL;
}

static int visit_entry(int root, const char *id, int (*visit)(const struct registry_item *, void *), void *data)
{
	struct registry_item item = {.id = id, .directory = root};
	struct flock holder = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[96];
	struct stat status;
	size_t size = 0;

	snprintf(path, sizeof(path), "%.64s/plan", id);
	CLEANUP_FD fd = openat(root, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	/* Dead is only what is seen to be: no plan, or a plan nobody has locked. Not being able to look is no sign. */
	item.alive = fd < 0 ? errno != ENOENT : fcntl(fd, F_GETLK, &holder) != 0 || holder.l_type != F_UNLCK;
	if (fd >= 0 && item.alive)
		item.supervisor = holder.l_pid;
	if (fd >= 0 && fstat(fd, &status) == 0)
		item.started = status.st_mtime;
	item.plan = fd >= 0 ? map_plan(fd, &size) : NULL;
	int result = visit(&item, data);
	if (item.plan)
		munmap((void *)(uintptr_t)item.plan, size);
	return result;
}

/* The name was read before this looks, so it is not one of a maker who comes later. */
static bool is_nobody_making(int root)
{
	struct flock maker = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(root, F_GETLK, &maker) == 0 && maker.l_type == F_UNLCK;
}

/* A hidden one may be being made, unless that was a while ago: anybody can hold a read lock on RUNDIR. */
static bool is_entry(int root, const char *name)
{
	struct stat status;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strlen(name) > 64)
		return false;
	return name[0] != '.' || is_nobody_making(root) ||
	       (fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	        time(NULL) - status.st_mtime > HIDDEN_SECONDS);
}

int registry_each(int (*visit)(const struct registry_item *item, void *data), void *data)
{
	CLEANUP_FD root = registry_open();
	int result = 0;

	if (root < 0)
		return -1;
	int copy = dup(root);
	DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
	if (!stream) {
		close_fd(&copy);
		return -1;
	}
	for (struct dirent *entry; result == 0 && (entry = readdir(stream));)
		if (is_entry(root, entry->d_name))
			result = visit_entry(root, entry->d_name, visit, data);
	closedir(stream);
	return result;
}

int registry_remove_dead(int root, const char *id)
{
	char path[96];

	snprintf(path, sizeof(path), "%.64s/plan", id);
	CLEANUP_FD fd = openat(root, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 ? errno != ENOENT : set_lock(fd, F_WRLCK) != 0)
		return -1;
	return remove_tree(root, id);
}
