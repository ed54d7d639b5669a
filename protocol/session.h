/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of MESSAGE_SESSION: what the PAM module knows of a login, as NAME=VALUE strings, each terminated by a NUL.
 * Names: user uid gid group-name(primary) gecos home shell service tty rhost ruser tty-gid restricted(1), and one "group=GID:NAME" for
 * each supplementary group (NAME may be empty). Names appear once but for group; all but gecos, group-name, tty, rhost,
 * ruser, tty-gid, restricted and group are required.
 */
#ifndef PROTOCOL_SESSION_H
#define PROTOCOL_SESSION_H

#include "config/identity.h"

#include <stdbool.h>

struct session_request {
	struct identity person;
	const char *service;
	const char *terminal;
	const char *remote_host;
	const char *remote_user;
	bool restricted; /* the login program has done what MESSAGE_RESTRICT asks for */
	void *memory;
};

/* Writes the text into buffer. Returns its length, or -1 with errno EMSGSIZE where it does not fit and EINVAL where a
 * value holds a NUL or is missing. */
long session_request_write(const struct session_request *request, char *buffer, size_t size);

/* Reads it back, strictly. Returns 0 (free with session_request_free), or -1 with errno EPROTO or ENOMEM. */
int session_request_read(const char *text, size_t length, struct session_request *ret_request);
void session_request_free(struct session_request *request);

#endif
