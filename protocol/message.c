/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One message, one datagram. Whatever does not look exactly as message_send writes it is refused whole, and
 * the descriptors that came with it are closed. No heap and no statics: usable between clone and exec and in
 * a PAM module.
 */
#include "protocol/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

struct wire_header {
	uint32_t kind;
	int32_t value;
	uint32_t length;
	uint32_t descriptor_count;
};

/* unix(7): control data must be aligned as a struct cmsghdr is. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(MESSAGE_DESCRIPTORS * sizeof(int))];
};

static void attach_descriptors(struct msghdr *datagram, union control *control, const struct message *message)
{
	size_t size = message->descriptor_count * sizeof(int);

	memset(control, 0, sizeof(*control));
	datagram->msg_control = control->bytes;
	datagram->msg_controllen = CMSG_SPACE(size);
	struct cmsghdr *part = &control->align; /* the first header of the buffer (cmsg(3)) */
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(part), message->descriptors, size);
}

int message_send(int socket, const struct message *message)
{
	struct wire_header header = {message->kind, message->value, message->length, message->descriptor_count};
	struct iovec parts[2] = {
	        {.iov_base = &header, .iov_len = sizeof(header)},
                {.iov_len = message->length                  }
        };
	struct msghdr datagram = {.msg_iov = parts, .msg_iovlen = message->length > 0 ? 2 : 1};
	union control control;
	ssize_t sent;

	if (message->length > MESSAGE_TEXT_MAX || message->descriptor_count > MESSAGE_DESCRIPTORS) {
		errno = EMSGSIZE;
		return -1;
	}
	/* sendmsg(2) only reads, but struct iovec has no const. */
	memcpy(&parts[1].iov_base, &message->text, sizeof(message->text));
	if (message->descriptor_count > 0)
		attach_descriptors(&datagram, &control, message);
	do
		sent = sendmsg(socket, &datagram, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -1;
	if ((size_t)sent != sizeof(header) + message->length) {
		errno = EIO;
		return -1;
	}
	return 0;
}

int message_send_value(int socket, enum message_kind kind, int32_t value)
{
	struct message message = {.kind = kind, .value = value};

	return message_send(socket, &message);
}

/* Takes every descriptor that arrived. Returns -1 where there was control data of another kind. */
static int collect_descriptors(struct msghdr *datagram, struct message *message)
{
	int result = 0;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(datagram); part; part = CMSG_NXTHDR(datagram, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
			result = -1;
			continue;
		}
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(fd));
			if (message->descriptor_count < MESSAGE_DESCRIPTORS) {
				message->descriptors[message->descriptor_count++] = fd;
			} else {
				close(fd);
				result = -1;
			}
		}
	}
	return result;
}

static int well_formed(const struct wire_header *header, size_t got, int flags, uint32_t descriptor_count)
{
	return !(flags & (MSG_TRUNC | MSG_CTRUNC)) && got >= sizeof(*header) &&
	       header->length == got - sizeof(*header) && header->length <= MESSAGE_TEXT_MAX &&
	       header->descriptor_count == descriptor_count && header->kind > 0 && header->kind < MESSAGE_KINDS;
}

int message_receive(int socket, struct message *ret_message, char *buffer, size_t size, int flags)
{
	struct wire_header header = {0};
	struct iovec parts[2] = {
	        {.iov_base = &header, .iov_len = sizeof(header)         },
	        {.iov_base = buffer,  .iov_len = size > 0 ? size - 1 : 0}
        };
	union control control;
	struct msghdr datagram = {.msg_iov = parts,
	                          .msg_iovlen = 2,
	                          .msg_control = control.bytes,
	                          .msg_controllen = sizeof(control.bytes)};
	struct message message = {0};
	ssize_t got;

	do
		got = recvmsg(socket, &datagram, flags | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	int foreign = collect_descriptors(&datagram, &message);
	if (got == 0 && message.descriptor_count == 0)
		return 0;
	if (foreign != 0 || !well_formed(&header, (size_t)got, datagram.msg_flags, message.descriptor_count)) {
		for (uint32_t i = 0; i < message.descriptor_count; i++)
			close(message.descriptors[i]);
		errno = EPROTO;
		return -1;
	}
	message.kind = header.kind;
	message.value = header.value;
	message.length = header.length;
	message.text = "";
	if (size > 0) {
		buffer[header.length] = '\0';
		message.text = buffer;
	}
	*ret_message = message;
	return 1;
}
