/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes are copied and never looked at. This process is in the caller's session and process group, so the kernel tells it when
 * the window's size changes. It ends when PID 1 of the sandbox, which keeps the other side open, has.
 */
#include "helper/caller/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"
#include "helper/own_filter.h"
#include "helper/privs.h"
#include "protocol/message.h"

enum { TERMINAL = 0, SOCKET = 1, LAST_WORDS_MS = 1000 };

struct flow {
	int from, to;
	size_t start, end;
	char bytes[4096];
	bool ended; /* nothing more comes */
};

static void drop_everything(int terminal, int socket)
{
	privs_become_caller();
	privs_become_supervisor(false); /* of root, too, no capability is left */
	if (dup2(terminal, TERMINAL) < 0 || dup2(socket, SOCKET) < 0 || close_descriptors(2, ~0U, 0) != 0)
		_exit(EXIT_REFUSED);
}

static void copy_size(int master)
{
	struct winsize size;

	if (ioctl(TERMINAL, TIOCGWINSZ, &size) == 0)
		(void)ioctl(master, TIOCSWINSZ, &size); /* a size that does not arrive harms nothing */
}

static int take_master(const struct termios *modes)
{
	struct message message;
	char nothing[1];

	if (message_receive(SOCKET, &message, nothing, sizeof(nothing), 0) != 1 || message.kind != MESSAGE_TERMINAL ||
	    message.descriptor_count != 1)
		return -1;
	int master = message.descriptors[0], yes = 1;
	copy_size(master);
	if (tcsetattr(master, TCSANOW, modes) != 0 || ioctl(master, FIONBIO, &yes) != 0 ||
	    ioctl(TERMINAL, FIONBIO, &yes) != 0 || message_send_value(SOCKET, MESSAGE_TERMINAL, 0) != 0)
		return -1;
	close(SOCKET);
	return master;
}

static void take_in(struct flow *flow)
{
	ssize_t got = read(flow->from, flow->bytes, sizeof(flow->bytes));

	if (got > 0) {
		flow->start = 0;
		flow->end = (size_t)got;
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		flow->ended = true;
	}
}

static void give_out(struct flow *flow)
{
	ssize_t put = write(flow->to, flow->bytes + flow->start, flow->end - flow->start);

	if (put >= 0)
		flow->start += (size_t)put;
	else if (errno != EAGAIN && errno != EINTR)
		flow->ended = true;
}

static bool is_full(const struct flow *flow)
{
	return flow->start < flow->end;
}

static short wanted(const struct flow *in, const struct flow *out)
{
	return (short)((is_full(in) ? 0 : POLLIN) | (is_full(out) ? POLLOUT : 0));
}

static void copy(int master, int sizes)
{
	struct flow typed = {.from = TERMINAL, .to = master}, shown = {.from = master, .to = TERMINAL};
	struct signalfd_siginfo unused;

	while (!typed.ended && !(shown.ended && !is_full(&shown))) {
		struct pollfd watched[] = {
		        {.fd = TERMINAL, .events = wanted(&typed, &shown)},
		        {.fd = shown.ended ? -1 : master,              .events = wanted(&shown,       &typed)},
		        {.fd = sizes,       .events = POLLIN                       },
		};
		int ready = poll(watched, 3, shown.ended ? LAST_WORDS_MS : -1);
		if (ready < 0 && errno != EINTR)
			return;
		if (ready == 0)
			return; /* the last words find nobody who takes them */
		if (watched[2].revents && read(sizes, &unused, sizeof(unused)) > 0)
			copy_size(master);
		if (!is_full(&typed) && (watched[0].revents & (POLLIN | POLLHUP | POLLERR)))
			take_in(&typed);
		if (is_full(&shown) && (watched[0].revents & POLLOUT))
			give_out(&shown);
		if (!is_full(&shown) && !shown.ended && (watched[1].revents & (POLLIN | POLLHUP | POLLERR)))
			take_in(&shown);
		if (is_full(&typed) && (watched[1].revents & POLLOUT))
			give_out(&typed);
	}
}

void relay_main(int terminal, int socket, const struct termios *modes)
{
	sigset_t window;

	die_hook = NULL;
	die_cleanup = NULL;
	drop_everything(terminal, socket);
	sigemptyset(&window);
	sigaddset(&window, SIGWINCH);
	int sizes = signalfd(-1, &window, SFD_CLOEXEC | SFD_NONBLOCK);
	own_filter_relay();
	int master = sizes < 0 ? -1 : take_master(modes);
	if (master >= 0)
		copy(master, sizes);
	_exit(tcsetattr(TERMINAL, TCSANOW, modes) == 0 || errno == EIO ? 0 : EXIT_REFUSED);
}
