/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any datagram, with descriptors and foreign control data, received into a buffer of any size: exactly what message_send
 * writes is accepted, everything else is refused, no byte is written past the buffer and no descriptor stays open.
 */
#include "tests/fuzz/fuzz.h"

#include "protocol/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEADER = 16, DESCRIPTORS_MAX = 40, DATAGRAM_MAX = 70000 };

static int pair[2], spare; /* spare is copied for every descriptor that is sent */

struct datagram {
	const unsigned char *bytes;
	size_t length;
	unsigned descriptors;
	bool credentials;
	size_t room; /* of the receiver */
};

static int lowest_free(void)
{
	int fd = dup(spare);

	HOLDS(fd >= 0);
	close(fd);
	return fd;
}

static void send_raw(const struct datagram *datagram)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control = {0};
	struct iovec part = {.iov_len = datagram->length};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes};
	struct cmsghdr *at = &control.align;

	memcpy(&part.iov_base, &datagram->bytes, sizeof(datagram->bytes));
	if (datagram->descriptors > 0) {
		*at = (struct cmsghdr){CMSG_LEN(datagram->descriptors * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		for (unsigned i = 0; i < datagram->descriptors; i++)
			memcpy(CMSG_DATA(at) + i * sizeof(int), &spare, sizeof(int));
		message.msg_controllen = CMSG_SPACE(datagram->descriptors * sizeof(int));
		at = (struct cmsghdr *)(void *)(control.bytes + message.msg_controllen);
	}
	if (datagram->credentials) {
		const struct ucred own = {getpid(), getuid(), getgid()};
		*at = (struct cmsghdr){CMSG_LEN(sizeof(own)), SOL_SOCKET, SCM_CREDENTIALS};
		memcpy(CMSG_DATA(at), &own, sizeof(own));
		message.msg_controllen += CMSG_SPACE(sizeof(own));
	}
	const int wanted = datagram->credentials; /* unix(7): the receiver is shown them where it asks */
	HOLDS(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &wanted, sizeof(wanted)) == 0);
	HOLDS(sendmsg(pair[0], &message, MSG_NOSIGNAL) == (ssize_t)datagram->length);
}

/* What message.h promises, said another way. */
static bool is_message(const struct datagram *datagram)
{
	uint32_t header[4];

	if (datagram->length < HEADER || datagram->length > HEADER + MESSAGE_TEXT_MAX || datagram->credentials)
		return false;
	memcpy(header, datagram->bytes, sizeof(header));
	size_t text = datagram->length - HEADER;
	return header[0] >= 1 && header[0] < MESSAGE_KINDS && header[2] == text &&
	       text <= (datagram->room > 0 ? datagram->room - 1 : 0) && datagram->descriptors <= MESSAGE_DESCRIPTORS &&
	       header[3] == datagram->descriptors;
}

static int receive(struct message *message, char *buffer, size_t room)
{
	errno = 0;
	return message_receive(pair[1], message, buffer, room, MSG_DONTWAIT);
}

static void assert_is(const struct message *message, const struct datagram *datagram)
{
	HOLDS(memcmp(message, datagram->bytes, HEADER) == 0);
	HOLDS(datagram->room == 0 || message->text[message->length] == '\0');
	HOLDS(memcmp(message->text, datagram->bytes + HEADER, message->length) == 0);
	for (uint32_t i = 0; i < message->descriptor_count; i++)
		HOLDS(fcntl(message->descriptors[i], F_GETFD) == FD_CLOEXEC);
}

/* What was accepted is what message_send sends. */
static void assert_sent_again(const struct message *message, const struct datagram *datagram)
{
	struct message again = {0};
	char *buffer = malloc(datagram->room + 1);

	HOLDS(buffer && message_send(pair[0], message) == 0);
	HOLDS(receive(&again, buffer, datagram->room) == 1);
	assert_is(&again, datagram);
	for (uint32_t i = 0; i < again.descriptor_count; i++)
		close(again.descriptors[i]);
	free(buffer);
}

static void try(const struct datagram *datagram)
{
	struct message message = {.kind = 77};
	char *buffer = malloc(datagram->room + (datagram->room == 0));
	int before = lowest_free();

	HOLDS(buffer);
	send_raw(datagram);
	int result = receive(&message, buffer, datagram->room);
	if (is_message(datagram)) {
		HOLDS(result == 1 && message.descriptor_count == datagram->descriptors);
		assert_is(&message, datagram);
		assert_sent_again(&message, datagram);
		for (uint32_t i = 0; i < message.descriptor_count; i++)
			close(message.descriptors[i]);
	} else {
		HOLDS(message.kind == 77);
		HOLDS((result == -1 && errno == EPROTO) || (result == 0 && datagram->length == 0));
	}
	HOLDS(lowest_free() == before);
	HOLDS(receive(&message, buffer, datagram->room) == -1 && errno == EAGAIN);
	free(buffer);
}

static void set_up(void)
{
	if (spare > 0)
		return;
	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	HOLDS(spare > 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
}

/* Three bytes say how it is sent and received, a fourth how much of it is repeated; the rest is the datagram. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static unsigned char bytes[DATAGRAM_MAX];
	static const size_t rooms[] = {0, 1, 2, 17, 64, 4096, MESSAGE_TEXT_MAX, MESSAGE_TEXT_MAX + 1, DATAGRAM_MAX};
	struct input input = {data, data + size};
	struct datagram datagram = {.bytes = bytes};

	set_up();
	uint32_t shape = take(&input, 1), times = take(&input, 1);
	datagram.descriptors = take(&input, 1) % (DESCRIPTORS_MAX + 1);
	datagram.credentials = shape & 1;
	datagram.room = rooms[(shape >> 2) % COUNT(rooms)];
	size_t left = (size_t)(input.end - input.at);
	for (uint32_t i = 0; i <= times && left > 0 && datagram.length + left <= DATAGRAM_MAX; i++) {
		memcpy(bytes + datagram.length, input.at, left);
		datagram.length += left;
	}
	if (datagram.length >= HEADER && (shape & 2)) { /* the length that is so: else few would get any further */
		uint32_t text = (uint32_t)datagram.length - HEADER;
		memcpy(bytes + 8, &text, sizeof(text));
	}
	try(&datagram);
	return 0;
}
