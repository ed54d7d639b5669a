/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages between our own processes: the PAM module and the helper, the supervisor and PID 1. One message is one
 * datagram of a SOCK_SEQPACKET pair: a header, at most MESSAGE_TEXT_MAX bytes of text, at most MESSAGE_DESCRIPTORS
 * descriptors.
 */
#ifndef PROTOCOL_MESSAGE_H
#define PROTOCOL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_TEXT_MAX 61440u
#define MESSAGE_DESCRIPTORS 24u

enum message_kind {
	/* PID 1 to supervisor */
	MESSAGE_ENTERED = 1, /* the cgroup is entered; the supervisor looks, then opens the second gate */
	MESSAGE_READY,       /* a session's set-up is complete */
	MESSAGE_STARTED,     /* the payload's execve succeeded */
	MESSAGE_FAILED,      /* a step failed; value: errno or 0, text: "step: what"; nothing of the payload ran */
	MESSAGE_EXITED,      /* value: wait status of the payload */
	MESSAGE_STOPPED,     /* value: signal that stopped the payload's process group */
	/* supervisor to PID 1 */
	MESSAGE_SIGNAL,     /* value: signal for the payload's process group */
	MESSAGE_SIGNAL_ALL, /* value: signal for every process inside but PID 1 */
	MESSAGE_CONTINUE,   /* continue the payload; value 1: and give it the terminal first */
	/* module to helper */
	MESSAGE_SESSION, /* text: the request (protocol/session.h); descriptor 0: pidfd of the opener */
	MESSAGE_BYE,     /* the session is over */
	MESSAGE_JOINED,  /* the login program has joined; the set-up process may go */
	/* helper to module */
	MESSAGE_NOT_CONFINED,
	MESSAGE_REFUSED,  /* policy or limit; text: one line for the person */
	MESSAGE_BROKEN,   /* helper, kernel or policy failed; text: one line for the log */
	MESSAGE_JOIN,     /* text: session id; descriptors: pidfd of PID 1, pidfd of the set-up process, then "tasks" or
			    * "cgroup.procs" files of the login leaf, into each of which the module writes "0" */
	MESSAGE_RESTRICT, /* descriptor 0: a Landlock ruleset; the login program restricts itself and asks again, once */
	/* PID 1 to the relay, descriptor 0: the master of the sandbox's terminal; and back, when it is ready */
	MESSAGE_TERMINAL,
	MESSAGE_KINDS,
};

struct message {
	uint32_t kind;
	int32_t value;
	uint32_t length; /* of text, without the terminator that message_receive adds */
	uint32_t descriptor_count;
	int descriptors[MESSAGE_DESCRIPTORS];
	const char *text; /* send: may be NULL when length is 0 */
};

/* Sends one message whole. Never raises SIGPIPE. Returns 0, or -1 with errno (EMSGSIZE: text or descriptors too many). */
int message_send(int socket, const struct message *message);

/* Shorthand without text and descriptors. */
int message_send_value(int socket, enum message_kind kind, int32_t value);

/*
 * Receives one message into *ret_message; its text points into buffer, terminated. Descriptors are O_CLOEXEC and belong
 * to the caller. flags: of recvmsg(2) (MSG_DONTWAIT). Returns 1; 0 at end of file; -1 with errno: EPROTO for a malformed,
 * truncated or oversized message or an unknown kind, after closing what came with it.
 */
int message_receive(int socket, struct message *ret_message, char *buffer, size_t size, int flags);

#endif
