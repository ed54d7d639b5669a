/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens policy files and proves that only root could have written them: every directory on the way and the
 * file itself are held open while they are judged, no symbolic link is followed, and what is judged is what
 * is read.
 */
#include "config/files.h"

#include "config/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 256 };

/* One file's path and text in one piece of memory. */
struct loaded {
	struct loaded *next;
	char bytes[];
};

struct loader {
	struct policy_files *files;
	struct policy_errors *errors;
	bool trusted;
};

/* The names of one directory. */
struct listing {
	char **names;
	size_t count;
};

static int fail(const struct loader *loader, const char *path, const char *hint, const char *what, int error)
{
	char quoted[512];

	quote_bytes(quoted, sizeof(quoted), path, strlen(path));
	policy_error_add(loader->errors, false, quoted, 0, 0, hint, "%s%s%s", what, error ? ": " : "",
	                 error ? strerror(error) : "");
	return -1;
}

/* --- trust --- */

/* A directory that others can write lets them replace what is in it, whoever owns that. */
static int check_trust(const struct loader *loader, int fd, const char *path, bool directory)
{
	static const char hint[] = "policy files and every directory above them: owned by root, mode go-w";
	struct stat status;

	if (fstat(fd, &status) != 0)
		return fail(loader, path, NULL, "cannot be examined", errno);
	if (status.st_uid != 0)
		return fail(loader, path, hint, directory ? "the directory is not root's" : "the file is not root's",
		            0);
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return fail(loader, path, hint,
		            directory ? "the directory can be written by others than root"
		                      : "the file can be written by others than root",
		            0);
	return 0;
}

/* Walks to the directory that holds the last part of an absolute path. Returns its descriptor, -1 with an
 * error, -2 where there is no such directory. */
static int walk_to_parent(const struct loader *loader, const char *path, const char **ret_last)
{
	char part[PATH_MAX];
	const char *at = path, *slash;

	if (*path != '/' || strlen(path) >= sizeof(part))
		return fail(loader, path, NULL, "a trusted policy needs an absolute path", 0);
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || check_trust(loader, fd, "/", true) != 0)
		goto failed;
	for (at++; (slash = strchr(at, '/')); at = slash + 1) {
		size_t length = (size_t)(slash - at);
		if (length == 0)
			continue;
		memcpy(part, at, length);
		part[length] = '\0';
		int next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int error = errno;
		close(fd);
		fd = next;
		memcpy(part, path, (size_t)(slash - path));
		part[slash - path] = '\0';
		if (fd < 0 && error == ENOENT)
			return -2;
		if (fd < 0)
			return fail(loader, part, "no directory on the way may be a symbolic link", "cannot be entered",
			            error);
		if (check_trust(loader, fd, part, true) != 0)
			goto failed;
	}
	*ret_last = at;
	return fd;
failed:
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Opens a path for reading. Descriptor, -1 with an error, -2 where there is nothing of that name. */
static int open_path(const struct loader *loader, const char *path, int flags)
{
	const char *last = path;
	int parent = AT_FDCWD, fd, error;

	flags |= O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	if (loader->trusted) {
		parent = walk_to_parent(loader, path, &last);
		if (parent < 0)
			return parent;
		flags |= O_NOFOLLOW;
	}
	fd = openat(parent, last, flags);
	error = errno;
	if (parent >= 0)
		close(parent);
	if (fd < 0 && error == ENOENT)
		return -2;
	if (fd < 0)
		return fail(loader, path, error == ELOOP ? "policy files may not be symbolic links" : NULL,
		            "cannot be opened", error);
	return fd;
}

/* --- one file --- */

static int add_source(const struct loader *loader, const char *path, const char *text, size_t length)
{
	struct policy_files *files = loader->files;
	struct policy_source *sources = reallocarray(files->sources, files->count + 1, sizeof(*sources));

	if (!sources)
		return fail(loader, path, NULL, "out of memory", 0);
	sources[files->count++] = (struct policy_source){path, text, length};
	files->sources = sources;
	return 0;
}

/* Up to size bytes; the number read, -1 with errno. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t got = read(fd, buffer + used, size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	return (ssize_t)used;
}

/* size: what fstat(2) told; a byte more is asked for, to see that the file has not grown. */
static int load(const struct loader *loader, int fd, const char *path, size_t size)
{
	size_t path_size = strlen(path) + 1;
	struct loaded *loaded = malloc(sizeof(*loaded) + path_size + size + 1);

	if (!loaded)
		return fail(loader, path, NULL, "out of memory", 0);
	loaded->next = loader->files->memory;
	loader->files->memory = loaded;
	memcpy(loaded->bytes, path, path_size);
	char *text = loaded->bytes + path_size;
	ssize_t length = read_all(fd, text, size + 1);
	if (length < 0)
		return fail(loader, path, NULL, "cannot be read", errno);
	if ((size_t)length > size)
		return fail(loader, path, NULL, "the file grew while it was read", 0);
	return add_source(loader, loaded->bytes, text, (size_t)length);
}

static int load_descriptor(const struct loader *loader, int fd, const char *path)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return fail(loader, path, NULL, "cannot be examined", errno);
	if (!S_ISREG(status.st_mode))
		return fail(loader, path, NULL, "not a regular file", 0);
	if (loader->trusted && check_trust(loader, fd, path, false) != 0)
		return -1;
	if (status.st_size > (off_t)TEXT_FILE_MAX)
		return fail(loader, path, NULL, "the file is larger than 1 MiB", 0);
	if (loader->files->count > FILES_MAX) /* the compiled-in source is not a file */
		return fail(loader, path, NULL, "more than 256 policy files", 0);
	return load(loader, fd, path, (size_t)status.st_size);
}

/* fd as open_path returned it; it is closed. */
static int load_opened(const struct loader *loader, int fd, const char *path, bool must_exist)
{
	if (fd == -2)
		return must_exist ? fail(loader, path, NULL, "cannot be opened", ENOENT) : 0;
	if (fd < 0)
		return -1;
	int result = load_descriptor(loader, fd, path);
	close(fd);
	return result;
}

/* --- directories --- */

static void listing_free(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i]);
	free(listing->names);
}

static bool is_policy_name(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > 5 && strcmp(name + length - 5, ".conf") == 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_names(const struct loader *loader, DIR *stream, const char *path, struct listing *listing)
{
	const struct dirent *entry;

	listing->names = calloc(FILES_MAX, sizeof(*listing->names));
	if (!listing->names)
		return fail(loader, path, NULL, "out of memory", 0);
	for (errno = 0; (entry = readdir(stream)); errno = 0) {
		if (!is_policy_name(entry->d_name))
			continue;
		if (listing->count == FILES_MAX)
			return fail(loader, path, NULL, "more than 256 policy files", 0);
		listing->names[listing->count] = strdup(entry->d_name);
		if (!listing->names[listing->count])
			return fail(loader, path, NULL, "out of memory", 0);
		listing->count++;
	}
	if (errno)
		return fail(loader, path, NULL, "cannot be listed", errno);
	qsort(listing->names, listing->count, sizeof(*listing->names), by_bytes);
	return 0;
}

/* The names of *.conf; *ret_stream keeps the directory open to read them from, NULL where there is none. */
static int open_listing(const struct loader *loader, const char *path, struct listing *listing, DIR **ret_stream)
{
	int fd = open_path(loader, path, O_DIRECTORY);

	if (fd == -2)
		return 0;
	if (fd < 0)
		return -1;
	if (loader->trusted && check_trust(loader, fd, path, true) != 0) {
		close(fd);
		return -1;
	}
	*ret_stream = fdopendir(fd);
	if (!*ret_stream) {
		int error = errno;
		close(fd);
		return fail(loader, path, NULL, "cannot be listed", error);
	}
	return list_names(loader, *ret_stream, path, listing);
}

static bool is_listed(const struct listing *listing, const char *name)
{
	return listing->count && bsearch(&name, listing->names, listing->count, sizeof(*listing->names), by_bytes);
}

static int load_name(const struct loader *loader, int directory, const char *directory_path, const char *name)
{
	char path[PATH_MAX + NAME_MAX + 2];
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (loader->trusted ? O_NOFOLLOW : 0);

	snprintf(path, sizeof(path), "%s/%s", directory_path, name);
	int fd = openat(directory, name, flags);
	if (fd < 0)
		return fail(loader, path, errno == ELOOP ? "policy files may not be symbolic links" : NULL,
		            "cannot be opened", errno);
	return load_opened(loader, fd, path, true);
}

/* A name that a higher directory also has is passed over there: it masks. All names are tried, to report all
 * errors. */
static int load_listing(const struct loader *loader, DIR *stream, const char *path, const struct listing *listing,
                        const struct listing *masks)
{
	int result = 0;

	for (size_t i = 0; i < listing->count; i++)
		if (!is_listed(masks, listing->names[i]) &&
		    load_name(loader, dirfd(stream), path, listing->names[i]) != 0)
			result = -1;
	return result;
}

/* --- entry --- */

static int begin(const struct loader *loader)
{
	*loader->files = (struct policy_files){0};
	return add_source(loader, policy_builtin.name, policy_builtin.text, policy_builtin.length);
}

int policy_files_read(const char *vendor_directory, const char *file, const char *directory, bool trusted,
                      struct policy_files *ret_files, struct policy_errors *errors)
{
	struct loader loader = {.files = ret_files, .errors = errors, .trusted = trusted};
	struct listing vendor = {0}, own = {0}, none = {0};
	DIR *vendor_stream = NULL, *own_stream = NULL;
	int result = begin(&loader);

	if (open_listing(&loader, directory, &own, &own_stream) != 0 ||
	    open_listing(&loader, vendor_directory, &vendor, &vendor_stream) != 0)
		result = -1;
	if (vendor_stream && load_listing(&loader, vendor_stream, vendor_directory, &vendor, &own) != 0)
		result = -1;
	if (load_opened(&loader, open_path(&loader, file, 0), file, false) != 0)
		result = -1;
	if (own_stream && load_listing(&loader, own_stream, directory, &own, &none) != 0)
		result = -1;
	listing_free(&vendor);
	listing_free(&own);
	if (vendor_stream)
		closedir(vendor_stream);
	if (own_stream)
		closedir(own_stream);
	return result;
}

int policy_file_read(const char *file, bool trusted, struct policy_files *ret_files, struct policy_errors *errors)
{
	struct loader loader = {.files = ret_files, .errors = errors, .trusted = trusted};

	if (begin(&loader) != 0)
		return -1;
	return load_opened(&loader, open_path(&loader, file, 0), file, true);
}

void policy_files_free(struct policy_files *files)
{
	struct loaded *loaded = files->memory;

	while (loaded) {
		struct loaded *next = loaded->next;
		free(loaded);
		loaded = next;
	}
	free(files->sources);
	*files = (struct policy_files){0};
}
