/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole reads and writes, and opening by descriptor. No heap, no locale: usable between clone and exec.
 */
#include "helper/io.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

ssize_t read_text(int directory, const char *path, char *buffer, size_t size)
{
	CLEANUP_FD fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	size_t length = 0;

	if (fd < 0)
		return -1;
	while (length < size) {
		ssize_t got = read(fd, buffer + length, size - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	if (length == size) {
		errno = EFBIG;
		return -1;
	}
	buffer[length] = '\0';
	return (ssize_t)length;
}

int write_text(int directory, const char *path, const char *text, size_t length)
{
	CLEANUP_FD fd = openat(directory, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -1;
	ssize_t written = write(fd, text, length);
	if (written >= 0 && (size_t)written != length) {
		errno = EIO;
		return -1;
	}
	return written < 0 ? -1 : 0;
}

int write_all(int fd, const void *bytes, size_t length)
{
	const char *next = bytes;

	while (length > 0) {
		ssize_t written = write(fd, next, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return -1;
		next += written;
		length -= (size_t)written;
	}
	return 0;
}

int open_resolved(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
	long fd = -1;

	/* EAGAIN: a rename anywhere raced with the walk (openat2(2)). Bounded, since a person can rename for ever. */
	for (int tries = 0; tries < 100; tries++) {
		fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EINTR && errno != EAGAIN))
			break;
	}
	return (int)fd;
}

int open_proc(void)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct statfs filesystem;

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &filesystem) != 0 || filesystem.f_type != PROC_SUPER_MAGIC) {
		close(fd);
		errno = ENODEV;
		return -1;
	}
	return fd;
}

void close_set(uint64_t descriptors)
{
	for (int fd = 0; fd < 64; fd++)
		if (descriptors >> fd & 1)
			close(fd);
}

int close_descriptors(unsigned first, unsigned last, unsigned flags)
{
	if (first > last)
		return 0;
	if (syscall(SYS_close_range, first, last, flags) == 0)
		return 0;
	if (errno != ENOSYS && errno != EINVAL)
		return -1;
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return -1;
	/* Descriptors above a limit lowered later stay open, so look a good deal further than the limit says. */
	unsigned end = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > 1048576 ? 1048576 : (unsigned)limit.rlim_max;
	for (unsigned fd = first; fd <= last && fd < end; fd++) {
		if (flags & CLOSE_RANGE_CLOEXEC) {
			if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0 && errno != EBADF)
				return -1;
		} else {
			close((int)fd);
		}
	}
	return 0;
}
