/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of MESSAGE_SESSION, written by the PAM module and read by the helper. The writer refuses what the
 * reader would refuse, so that a login fails where its cause is known.
 */
#include "protocol/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field {
	FIELD_USER,
	FIELD_UID,
	FIELD_GID,
	FIELD_HOME,
	FIELD_SHELL,
	FIELD_SERVICE,
	FIELDS_REQUIRED,
	FIELD_GROUP_NAME = FIELDS_REQUIRED,
	FIELD_GECOS,
	FIELD_TTY,
	FIELD_RHOST,
	FIELD_RUSER,
	FIELD_TTY_GID,
	FIELD_RESTRICTED,
	FIELDS,
};

static const char *const field_names[FIELDS] = {
        [FIELD_USER] = "user",
        [FIELD_UID] = "uid",
        [FIELD_GID] = "gid",
        [FIELD_HOME] = "home",
        [FIELD_SHELL] = "shell",
        [FIELD_SERVICE] = "service",
        [FIELD_GROUP_NAME] = "group-name",
        [FIELD_GECOS] = "gecos",
        [FIELD_TTY] = "tty",
        [FIELD_RHOST] = "rhost",
        [FIELD_RUSER] = "ruser",
        [FIELD_TTY_GID] = "tty-gid",
        [FIELD_RESTRICTED] = "restricted",
};

static const char group_prefix[] = "group=";

enum { DECIMAL_SIZE = 11 }; /* 4294967295 and its terminator */

/* A decimal id as snprintf writes it and nothing else: no sign, blank, leading zero or overflow, and not -1,
 * which the kernel takes for "leave as it is". */
static bool read_id(const char *text, size_t length, uint32_t *ret_id)
{
	uint64_t value = 0;

	if (length == 0 || length >= DECIMAL_SIZE || (length > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	if (value >= UINT32_MAX)
		return false;
	*ret_id = (uint32_t)value;
	return true;
}

/* What must hold on both sides beyond presence. */
static bool values_sound(const char *const values[FIELDS])
{
	for (size_t i = 0; i < FIELDS_REQUIRED; i++)
		if (!values[i] || values[i][0] == '\0')
			return false;
	return values[FIELD_HOME][0] == '/' && values[FIELD_SHELL][0] == '/';
}

/* --- writing --- */

struct writer {
	char *buffer;
	size_t size;
	size_t length;
	bool full;
};

static void append(struct writer *writer, const char *text, size_t length)
{
	if (writer->full || length > writer->size - writer->length) {
		writer->full = true;
		return;
	}
	memcpy(writer->buffer + writer->length, text, length);
	writer->length += length;
}

static void append_field(struct writer *writer, const char *name, const char *value)
{
	append(writer, name, strlen(name));
	append(writer, "=", 1);
	append(writer, value, strlen(value) + 1);
}

static void append_group(struct writer *writer, const struct identity_group *group)
{
	char number[DECIMAL_SIZE + 1];
	int length = snprintf(number, sizeof(number), "%" PRIu32 ":", (uint32_t)group->gid);
	const char *name = group->name ? group->name : "";

	append(writer, group_prefix, sizeof(group_prefix) - 1);
	append(writer, number, (size_t)length);
	append(writer, name, strlen(name) + 1);
}

long session_request_write(const struct session_request *request, char *buffer, size_t size)
{
	const struct identity *person = &request->person;
	struct writer writer = {.buffer = buffer, .size = size};
	char uid[DECIMAL_SIZE], gid[DECIMAL_SIZE], tty_gid[DECIMAL_SIZE];
	const char *const values[FIELDS] = {
	        [FIELD_USER] = person->name,
	        [FIELD_UID] = uid,
	        [FIELD_GID] = gid,
	        [FIELD_HOME] = person->home,
	        [FIELD_SHELL] = person->shell,
	        [FIELD_SERVICE] = request->service,
	        [FIELD_GROUP_NAME] = person->primary_group_name,
	        [FIELD_GECOS] = person->gecos,
	        [FIELD_TTY] = request->terminal,
	        [FIELD_RHOST] = request->remote_host,
	        [FIELD_RUSER] = request->remote_user,
	        [FIELD_TTY_GID] = person->tty_gid == (gid_t)-1 ? NULL : tty_gid,
	        [FIELD_RESTRICTED] = request->restricted ? "1" : NULL,
	};

	snprintf(uid, sizeof(uid), "%" PRIu32, (uint32_t)person->uid);
	snprintf(gid, sizeof(gid), "%" PRIu32, (uint32_t)person->gid);
	snprintf(tty_gid, sizeof(tty_gid), "%" PRIu32, (uint32_t)person->tty_gid);
	if (!values_sound(values) || person->uid == (uid_t)-1 || person->gid == (gid_t)-1) {
		errno = EINVAL;
		return -1;
	}
	for (size_t i = 0; i < FIELDS; i++)
		if (values[i])
			append_field(&writer, field_names[i], values[i]);
	for (size_t i = 0; i < person->group_count; i++) {
		if (person->groups[i].gid == (gid_t)-1) {
			errno = EINVAL;
			return -1;
		}
		append_group(&writer, &person->groups[i]);
	}
	if (writer.full) {
		errno = EMSGSIZE;
		return -1;
	}
	return (long)writer.length;
}

/* --- reading --- */

/* One block: the groups, then the text they and the other values point into. */
struct reader {
	struct identity_group *groups;
	size_t group_count;
	const char *values[FIELDS];
};

static bool read_group(const char *value, struct reader *reader)
{
	const char *colon = strchr(value, ':');
	uint32_t gid;

	if (!colon || !read_id(value, (size_t)(colon - value), &gid))
		return false;
	reader->groups[reader->group_count++] =
	        (struct identity_group){.gid = gid, .name = colon[1] != '\0' ? colon + 1 : NULL};
	return true;
}

static bool read_field(const char *text, struct reader *reader)
{
	const char *equals = strchr(text, '=');

	if (!equals)
		return false;
	if (strncmp(text, group_prefix, sizeof(group_prefix) - 1) == 0)
		return read_group(equals + 1, reader);
	for (size_t i = 0; i < FIELDS; i++) {
		if (strlen(field_names[i]) != (size_t)(equals - text) ||
		    memcmp(field_names[i], text, (size_t)(equals - text)) != 0)
			continue;
		if (reader->values[i])
			return false;
		reader->values[i] = equals + 1;
		return true;
	}
	return false;
}

static bool read_number(const char *value, uint32_t *ret_id)
{
	return read_id(value, strlen(value), ret_id);
}

static bool read_fields(const char *text, size_t length, struct reader *reader, struct session_request *request)
{
	const char *const *values = reader->values;
	uint32_t uid, gid, tty_gid = (uint32_t)-1;

	for (const char *field = text; field < text + length; field += strlen(field) + 1)
		if (!read_field(field, reader))
			return false;
	if (!values_sound(values) || !read_number(values[FIELD_UID], &uid) || !read_number(values[FIELD_GID], &gid) ||
	    (values[FIELD_TTY_GID] && !read_number(values[FIELD_TTY_GID], &tty_gid)) ||
	    (values[FIELD_RESTRICTED] && strcmp(values[FIELD_RESTRICTED], "1") != 0))
		return false;
	request->person = (struct identity){
	        .uid = uid,
	        .gid = gid,
	        .name = values[FIELD_USER],
	        .primary_group_name = values[FIELD_GROUP_NAME],
	        .gecos = values[FIELD_GECOS] ? values[FIELD_GECOS] : "",
	        .home = values[FIELD_HOME],
	        .shell = values[FIELD_SHELL],
	        .groups = reader->groups,
	        .group_count = reader->group_count,
	        .tty_gid = tty_gid,
	};
	request->service = values[FIELD_SERVICE];
	request->terminal = values[FIELD_TTY];
	request->remote_host = values[FIELD_RHOST];
	request->remote_user = values[FIELD_RUSER];
	request->restricted = values[FIELD_RESTRICTED] != NULL;
	return true;
}

int session_request_read(const char *text, size_t length, struct session_request *ret_request)
{
	struct session_request request = {0};
	struct reader reader = {0};
	size_t fields = 0;

	if (length == 0 || text[length - 1] != '\0') {
		errno = EPROTO;
		return -1;
	}
	for (size_t i = 0; i < length; i++)
		fields += text[i] == '\0';
	char *memory = malloc(fields * sizeof(*reader.groups) + length);
	if (!memory)
		return -1;
	char *copy = memory + fields * sizeof(*reader.groups);
	memcpy(copy, text, length);
	reader.groups = (struct identity_group *)(void *)memory;
	if (!read_fields(copy, length, &reader, &request)) {
		free(memory);
		errno = EPROTO;
		return -1;
	}
	request.memory = memory;
	*ret_request = request;
	return 0;
}

void session_request_free(struct session_request *request)
{
	free(request->memory);
	request->memory = NULL;
}
