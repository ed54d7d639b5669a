/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system call filters of our own long-lived processes. Both need no_new_privs and end the process when they fail. */
#ifndef HELPER_OWN_FILTER_H
#define HELPER_OWN_FILTER_H

/* A supervisor, once the sandbox runs: wait, forward, remove. No exec, no fork, no mount, no change of identity. */
void own_filter_supervisor(void);

/* PID 1 of a sandbox: wait, reap, signal. It opens no file at all. */
void own_filter_init(void);

/* For helper/caller/relay.c: reads, writes, waits. */
void own_filter_relay(void);

#endif
