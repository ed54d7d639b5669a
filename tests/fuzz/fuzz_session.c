/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as the text of a login's request. What is read is what was written: a request that is accepted is written and
 * read again without a difference, and one made of any names whatever arrives as it was sent, or is not sent.
 */
#include "tests/fuzz/fuzz.h"

#include "protocol/message.h"
#include "protocol/session.h"

#include <errno.h>
#include <stdbool.h>

enum { GROUPS_MAX = 16 };

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void assert_same(const struct session_request *a, const struct session_request *b)
{
	const struct identity *x = &a->person, *y = &b->person;

	HOLDS(x->uid == y->uid && x->gid == y->gid && x->tty_gid == y->tty_gid && x->group_count == y->group_count);
	HOLDS(same(x->name, y->name) && same(x->primary_group_name, y->primary_group_name) &&
	      same(x->gecos, y->gecos) && same(x->home, y->home) && same(x->shell, y->shell));
	HOLDS(same(a->service, b->service) && same(a->terminal, b->terminal) && same(a->remote_host, b->remote_host) &&
	      same(a->remote_user, b->remote_user));
	for (size_t i = 0; i < x->group_count; i++)
		HOLDS(x->groups[i].gid == y->groups[i].gid && same(x->groups[i].name, y->groups[i].name));
}

static bool is_sound(const struct session_request *request)
{
	const struct identity *person = &request->person;
	bool sound = person->name && *person->name && person->home && *person->home == '/' && person->shell &&
	             *person->shell == '/' && request->service && *request->service && person->uid != (uid_t)-1 &&
	             person->gid != (gid_t)-1;

	for (size_t i = 0; sound && i < person->group_count; i++)
		sound = person->groups[i].gid != (gid_t)-1;
	return sound;
}

/* In blocks of their exact size: a sanitizer sees what goes past them. */
static long write_and_read(const struct session_request *request)
{
	static char whole[MESSAGE_TEXT_MAX];
	struct session_request again;
	long length = session_request_write(request, whole, sizeof(whole));

	if (length < 0) {
		HOLDS(errno == EMSGSIZE || (errno == EINVAL && !is_sound(request)));
		return -1;
	}
	HOLDS(is_sound(request));
	char *exact = malloc((size_t)length), *shorter = malloc((size_t)length);
	HOLDS(exact && shorter);
	HOLDS(session_request_write(request, exact, (size_t)length) == length);
	HOLDS(session_request_write(request, shorter, (size_t)length - 1) == -1 && errno == EMSGSIZE);
	HOLDS(session_request_read(exact, (size_t)length, &again) == 0);
	free(exact);
	free(shorter);
	assert_same(request, &again);
	session_request_free(&again);
	return length;
}

static void read_any(const unsigned char *data, size_t size)
{
	struct session_request request = {.service = "untouched"};
	char *text = malloc(size + (size == 0));

	HOLDS(text);
	if (size)
		memcpy(text, data, size);
	errno = 0;
	if (session_request_read(text, size, &request) == 0) {
		HOLDS(is_sound(&request));
		free(text);
		/* In no other words: nothing twice, no zeros in front. What is not known of gecos is written as empty. */
		long length = write_and_read(&request);
		HOLDS(length < 0 || length == (long)size || length == (long)(size + sizeof("gecos=")));
		session_request_free(&request);
		return;
	}
	HOLDS(errno == EPROTO && same(request.service, "untouched"));
	free(text);
}

/* Two bytes say which values are there, then ids, then the values, each ended by a byte 0x01. */
static void write_any(struct input input)
{
	struct identity_group groups[GROUPS_MAX];
	char *texts[9 + GROUPS_MAX];
	uint32_t present = take(&input, 2);
	struct session_request request = {
	        .person = {
	                   .uid = take(&input, 4), .gid = take(&input, 4), .tty_gid = take(&input, 4), .groups = groups}
        };
	size_t count = take(&input, 1) % (GROUPS_MAX + 1);

	for (size_t i = 0; i < count; i++)
		groups[i].gid = take(&input, 4);
	for (size_t i = 0; i < COUNT(texts); i++)
		texts[i] = i < 9 + count ? take_text(&input, NULL) : NULL;
	request.person.name = present & 1 ? texts[0] : NULL;
	request.person.home = present & 2 ? texts[1] : NULL;
	request.person.shell = present & 4 ? texts[2] : NULL;
	request.service = present & 8 ? texts[3] : NULL;
	request.person.primary_group_name = present & 16 ? texts[4] : NULL;
	request.person.gecos = texts[5];
	request.terminal = present & 32 ? texts[6] : NULL;
	request.remote_host = present & 64 ? texts[7] : NULL;
	request.remote_user = present & 128 ? texts[8] : NULL;
	request.person.group_count = count;
	for (size_t i = 0; i < count; i++)
		groups[i].name = *texts[9 + i] ? texts[9 + i] : NULL;
	write_and_read(&request);
	for (size_t i = 0; i < 9 + count; i++)
		free(texts[i]);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	read_any(data, size);
	write_any((struct input){data, data + size});
	return 0;
}
