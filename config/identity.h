/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The person a sandbox is for, as resolved before anything else happened. Pure data: who fills it owns the memory.
 */
#ifndef CONFIG_IDENTITY_H
#define CONFIG_IDENTITY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct identity_group {
	gid_t gid;
	const char *name; /* NULL where no name is known */
};

/* Ids from start on; none where count is 0. */
struct id_range {
	uint32_t start, count;
};

struct identity {
	uid_t uid;
	gid_t gid;                      /* primary group */
	const char *name;               /* never NULL or empty: the decimal uid where the person has no account */
	const char *primary_group_name; /* NULL where unknown */
	const char *gecos;
	const char *home;                    /* absolute; "/" where the account has none */
	const char *shell;                   /* absolute; "/bin/sh" where the account has none */
	const struct identity_group *groups; /* supplementary groups exactly as the kernel will have them */
	size_t group_count;
	gid_t tty_gid; /* the group "tty" of the host; (gid_t)-1: none */
};

#endif
