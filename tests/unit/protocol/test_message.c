/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* protocol/message.c: what is sent arrives, and anything that does not look like it is refused with nothing
 * leaked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/message.h"

struct pair {
	int sender;
	int receiver;
	int open_before;
};

static char buffer[MESSAGE_TEXT_MAX + 1];

static int count_open(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static int make_pair(void **state)
{
	struct pair *pair = malloc(sizeof(*pair));
	int sockets[2];

	if (!pair || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
		return -1;
	*pair = (struct pair){.sender = sockets[0], .receiver = sockets[1], .open_before = count_open()};
	*state = pair;
	return 0;
}

static int close_pair(void **state)
{
	struct pair *pair = *state;

	if (pair->sender >= 0)
		close(pair->sender);
	close(pair->receiver);
	free(pair);
	return 0;
}

static void text_and_value_arrive(void **state)
{
	struct pair *pair = *state;
	struct message sent = {.kind = MESSAGE_FAILED, .value = -7, .text = "a\0b", .length = 3};
	struct message got;

	assert_int_equal(message_send(pair->sender, &sent), 0);
	assert_int_equal(message_receive(pair->receiver, &got, buffer, sizeof(buffer), 0), 1);
	assert_int_equal(got.kind, MESSAGE_FAILED);
	assert_int_equal(got.value, -7);
	assert_int_equal(got.length, 3);
	assert_memory_equal(got.text, "a\0b\0", 4);
	assert_int_equal(got.descriptor_count, 0);
}

static void a_value_alone_arrives_with_an_empty_text(void **state)
{
	struct pair *pair = *state;
	struct message got;

	assert_int_equal(message_send_value(pair->sender, MESSAGE_EXITED, 256), 0);
	assert_int_equal(message_receive(pair->receiver, &got, NULL, 0, 0), 1);
	assert_int_equal(got.kind, MESSAGE_EXITED);
	assert_int_equal(got.value, 256);
	assert_string_equal(got.text, "");
}

static void the_longest_text_arrives(void **state)
{
	struct pair *pair = *state;
	char *text = malloc(MESSAGE_TEXT_MAX);
	struct message sent = {.kind = MESSAGE_SESSION, .text = text, .length = MESSAGE_TEXT_MAX};
	struct message got;

	assert_non_null(text);
	memset(text, 'x', MESSAGE_TEXT_MAX);
	assert_int_equal(message_send(pair->sender, &sent), 0);
	free(text);
	assert_int_equal(message_receive(pair->receiver, &got, buffer, sizeof(buffer), 0), 1);
	assert_int_equal(got.length, MESSAGE_TEXT_MAX);
	assert_int_equal(strlen(got.text), MESSAGE_TEXT_MAX);
}

static void every_descriptor_arrives_in_order_and_closes_on_exec(void **state)
{
	struct pair *pair = *state;
	struct message sent = {.kind = MESSAGE_JOIN, .descriptor_count = MESSAGE_DESCRIPTORS};
	struct message got;
	struct stat status[2];

	for (size_t i = 0; i < MESSAGE_DESCRIPTORS; i++)
		sent.descriptors[i] = i % 2 ? pair->sender : pair->receiver;
	assert_int_equal(message_send(pair->sender, &sent), 0);
	assert_int_equal(message_receive(pair->receiver, &got, buffer, sizeof(buffer), 0), 1);
	assert_int_equal(got.descriptor_count, MESSAGE_DESCRIPTORS);
	for (size_t i = 0; i < MESSAGE_DESCRIPTORS; i++) {
		assert_int_equal(fcntl(got.descriptors[i], F_GETFD), FD_CLOEXEC);
		assert_int_equal(fstat(got.descriptors[i], &status[0]), 0);
		assert_int_equal(fstat(sent.descriptors[i], &status[1]), 0);
		assert_true(status[0].st_ino == status[1].st_ino);
		close(got.descriptors[i]);
	}
}

static void too_much_is_not_sent(void **state)
{
	struct pair *pair = *state;
	struct message long_text = {.kind = MESSAGE_BROKEN, .text = buffer, .length = MESSAGE_TEXT_MAX + 1};
	struct message many = {.kind = MESSAGE_JOIN, .descriptor_count = MESSAGE_DESCRIPTORS + 1};

	assert_int_equal(message_send(pair->sender, &long_text), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(message_send(pair->sender, &many), -1);
	assert_int_equal(errno, EMSGSIZE);
}

static void end_of_file_is_zero(void **state)
{
	struct pair *pair = *state;
	struct message got;

	close(pair->sender);
	pair->sender = -1;
	assert_int_equal(message_receive(pair->receiver, &got, buffer, sizeof(buffer), 0), 0);
}

static void a_gone_receiver_is_an_error_and_no_signal(void **state)
{
	struct pair *pair = *state;
	struct message message = {.kind = MESSAGE_BYE};

	close(pair->sender);
	pair->sender = -1;
	assert_int_equal(message_send(pair->receiver, &message), -1);
	assert_int_equal(errno, EPIPE);
}

static void nothing_there_is_eagain(void **state)
{
	struct pair *pair = *state;
	struct message got;

	assert_int_equal(message_receive(pair->receiver, &got, buffer, sizeof(buffer), MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void a_text_larger_than_the_buffer_is_refused(void **state)
{
	struct pair *pair = *state;
	struct message sent = {.kind = MESSAGE_REFUSED, .text = "12345678", .length = 8};
	struct message got;

	assert_int_equal(message_send(pair->sender, &sent), 0);
	assert_int_equal(message_receive(pair->receiver, &got, buffer, 8, 0), -1);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(message_send(pair->sender, &sent), 0);
	assert_int_equal(message_receive(pair->receiver, &got, buffer, 9, 0), 1);
	assert_string_equal(got.text, "12345678");
}

/* As the wire has it: kind, value, length, number of descriptors, text. */
struct raw {
	uint32_t words[4];
	char text[8];
};

struct forgery {
	const char *what;
	struct raw raw;
	size_t size;
	uint32_t descriptors;
};

static const struct forgery forgeries[] = {
        {"kind 0",                     {{0, 0, 0, 0}, ""},                    16, 0 },
        {"kind unknown",               {{MESSAGE_KINDS, 0, 0, 0}, ""},        16, 0 },
        {"kind huge",                  {{UINT32_MAX, 0, 0, 0}, ""},           16, 0 },
        {"header cut",                 {{MESSAGE_BYE, 0, 0, 0}, ""},          15, 0 },
        {"one byte",                   {{MESSAGE_BYE, 0, 0, 0}, ""},          1,  1 },
        {"length above the text",      {{MESSAGE_BYE, 0, 9, 0}, ""},          24, 0 },
        {"length below the text",      {{MESSAGE_BYE, 0, 7, 0}, ""},          24, 0 },
        {"length huge",                {{MESSAGE_BYE, 0, UINT32_MAX, 0}, ""}, 24, 0 },
        {"a descriptor missing",       {{MESSAGE_JOIN, 0, 0, 2}, ""},         16, 1 },
        {"a descriptor not announced", {{MESSAGE_JOIN, 0, 0, 1}, ""},         16, 2 },
        {"descriptors not announced",  {{MESSAGE_JOIN, 0, 0, 0}, ""},         16, 24},
        {"more descriptors than fit",  {{MESSAGE_JOIN, 0, 0, 25}, ""},        16, 25},
};

static void send_raw(int socket, const struct forgery *forgery)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(32 * sizeof(int))];
	} control;
	struct raw raw = forgery->raw;
	struct iovec part = {.iov_base = &raw, .iov_len = forgery->size};
	struct msghdr datagram = {.msg_iov = &part, .msg_iovlen = 1};

	memset(&control, 0, sizeof(control));
	if (forgery->descriptors > 0) {
		datagram.msg_control = control.bytes;
		datagram.msg_controllen = CMSG_SPACE(forgery->descriptors * sizeof(int));
		struct cmsghdr *header = CMSG_FIRSTHDR(&datagram);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(forgery->descriptors * sizeof(int));
		for (size_t i = 0; i < forgery->descriptors; i++)
			memcpy(CMSG_DATA(header) + i * sizeof(int), &socket, sizeof(int));
	}
	assert_int_equal(sendmsg(socket, &datagram, 0), (int)forgery->size);
}

static void forgeries_are_refused_and_leak_nothing(void **state)
{
	struct pair *pair = *state;

	for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
		struct message got = {.value = 4711};
		send_raw(pair->sender, &forgeries[i]);
		int result = message_receive(pair->receiver, &got, buffer, sizeof(buffer), 0);
		if (result != -1 || errno != EPROTO || got.value != 4711)
			fail_msg("%s: result %d, errno %d", forgeries[i].what, result, errno);
		if (count_open() != pair->open_before)
			fail_msg("%s: a descriptor stayed open", forgeries[i].what);
	}
}

static void credentials_among_the_control_data_are_refused(void **state)
{
	struct pair *pair = *state;
	struct message sent = {.kind = MESSAGE_JOIN, .descriptor_count = 1, .descriptors = {pair->sender}};
	struct message got;
	int on = 1;

	assert_int_equal(setsockopt(pair->receiver, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	assert_int_equal(message_send(pair->sender, &sent), 0);
	assert_int_equal(message_receive(pair->receiver, &got, buffer, sizeof(buffer), 0), -1);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(count_open(), pair->open_before);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_pair, close_pair)
	const struct CMUnitTest tests[] = {
	        CASE(text_and_value_arrive),
	        CASE(a_value_alone_arrives_with_an_empty_text),
	        CASE(the_longest_text_arrives),
	        CASE(every_descriptor_arrives_in_order_and_closes_on_exec),
	        CASE(too_much_is_not_sent),
	        CASE(end_of_file_is_zero),
	        CASE(a_gone_receiver_is_an_error_and_no_signal),
	        CASE(nothing_there_is_eagain),
	        CASE(a_text_larger_than_the_buffer_is_refused),
	        CASE(forgeries_are_refused_and_leak_nothing),
	        CASE(credentials_among_the_control_data_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
