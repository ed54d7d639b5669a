/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is asked for: a command to run or a login session to open. Pure data, filled by helper/outside/request.c from
 * bytes nobody trusts.
 */
#ifndef CONFIG_REQUEST_H
#define CONFIG_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum request_kind {
	REQUEST_RUN,     /* a command */
	REQUEST_SESSION, /* a login; no payload, people enter by the door */
};

struct request {
	enum request_kind kind;
	const char *name;             /* --name; NULL: none */
	const char *service;          /* PAM service of a session */
	const char *const *arguments; /* the command, NULL-terminated; empty: the person's shell as a login shell */
	size_t argument_count;
	const char *const *environment; /* the caller's, NULL-terminated, as data; never consulted by getenv */
	const char *directory;          /* the caller's, absolute; NULL: unknown or deleted */
	uid_t directory_owner;
	uint64_t directory_device, directory_inode; /* which it was: names can be exchanged */
};

#endif
