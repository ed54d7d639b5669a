/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small file helpers of the helper: whole reads, whole writes, descriptors that close themselves. */
#ifndef HELPER_IO_H
#define HELPER_IO_H

#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CLEANUP_FD __attribute__((cleanup(close_fd))) int

/* For CLEANUP_FD: closes where not negative. */
void close_fd(int *fd);

/* Reads at most size - 1 bytes and terminates them. Returns the length, or -1 with errno (EFBIG: there was more). */
ssize_t read_text(int directory, const char *path, char *buffer, size_t size);

/* Writes all bytes in one call to an existing file opened for writing. Returns 0, or -1 with errno (EIO: short write). */
int write_text(int directory, const char *path, const char *text, size_t length);

/* Writes everything, over several calls if need be. Returns 0, or -1 with errno. */
int write_all(int fd, const void *bytes, size_t length);

/* openat2(2). resolve: RESOLVE_*. Returns the descriptor, always O_CLOEXEC, or -1 with errno. */
int open_resolved(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/* Opens /proc and proves that it is a procfs (threats A6.6). Returns an O_PATH descriptor, or -1 with errno. */
int open_proc(void);

/* Closes every descriptor whose bit is set. */
void close_set(uint64_t descriptors);

/* close_range(2) for first to last with flags, by hand where the kernel lacks it. Returns 0, or -1 with errno. */
int close_descriptors(unsigned first, unsigned last, unsigned flags);

#endif
