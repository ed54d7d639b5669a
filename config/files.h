/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one file of config/ that touches the system: opens policy files and checks that only root could have written
 * them. What was checked is what is read: one descriptor, one copy.
 */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include "config/policy.h"

struct policy_files {
	struct policy_source *sources; /* lowest layer first; the compiled-in one is sources[0] */
	size_t count;
	void *memory;
};

/*
 * Reads all layers: vendor_directory/ *.conf, file, directory/ *.conf, in that order, names sorted bytewise; a file in
 * directory masks the vendor file of its name. What does not exist adds nothing. trusted: each must be a regular file of
 * root, not writable by group or others, and so every parent directory. Opened O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC and
 * checked on the descriptor; at most 1 MiB a file and 256 files. Returns 0, or -1 with errors; free in both cases.
 */
int policy_files_read(const char *vendor_directory, const char *file, const char *directory, bool trusted,
                      struct policy_files *ret_files, struct policy_errors *errors);

/* The same for --policy FILE: the compiled-in layer and this file, which must exist. */
int policy_file_read(const char *file, bool trusted, struct policy_files *ret_files, struct policy_errors *errors);

void policy_files_free(struct policy_files *files);

#endif
