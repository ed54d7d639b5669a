/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of steps inside, from the clone to PID 1's loop. Before the gate is open and the ids are switched this process
 * has ids of the host that are not the person's: it touches nothing but the gate and a new network namespace (threats G1).
 */
#include "helper/inside/enter.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/inside/clock.h"
#include "helper/inside/init.h"
#include "helper/inside/mounts.h"
#include "helper/inside/network.h"
#include "helper/inside/session.h"
#include "helper/io.h"
#include "helper/privs.h"
#include "protocol/message.h"

static int report_socket = -1;

/* A step that failed in here: the supervisor says it, once. */
static void report_failure(const char *text, int error)
{
	struct message message = {
	        .kind = MESSAGE_FAILED, .value = error, .text = text, .length = (uint32_t)strlen(text)};

	if (message_send(report_socket, &message) != 0)
		_exit(EXIT_REFUSED); /* the supervisor is gone, and with it anybody to tell */
}

/* Waits for one byte. End of file: the supervisor is gone. */
static void wait_gate(int gate)
{
	char byte;
	ssize_t got;

	do
		got = read(gate, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(EXIT_REFUSED);
}

static void become_person(const struct plan *plan)
{
	const uint32_t *groups = plan->flags & PLAN_PRIVILEGED ? plan_array(plan, plan->groups) : NULL;

	_Static_assert(sizeof(gid_t) == sizeof(uint32_t), "the plan holds gids");
	privs_enter_person(plan->inside_uid, plan->inside_gid, groups, plan->groups.count);
}

/* Armed after the last change of ids, which would clear it; the supervisor may have died before, so look once. */
static void tie_to_supervisor(int gate)
{
	struct pollfd poller = {.fd = gate};

	privs_die_with_parent();
	if (poll(&poller, 1, 0) < 0 || (poller.revents & (POLLHUP | POLLERR)))
		_exit(EXIT_REFUSED);
}

/* cgroups(7): membership first, so that the cgroup namespace is rooted there. */
static void enter_cgroup(const struct inside *inside)
{
	if (inside->cgroup && cgroup_enter_self(inside->cgroup) != 0)
		die_errno("enter the cgroup");
	if (message_send_value(inside->control, MESSAGE_ENTERED, 0) != 0)
		die_errno("report to the supervisor");
	if ((inside->plan->namespaces & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) != 0)
		die_errno("make a cgroup namespace");
}

static void set_host_name(const struct plan *plan)
{
	const char *name = plan_string(plan, plan->host_name);

	if (*name && sethostname(name, strlen(name)) != 0)
		die_errno("set the host name");
}

void inside_keep_only(const struct inside *inside)
{
	unsigned next = 3, control = (unsigned)inside->control;

	unsigned last = inside->relay > inside->control ? (unsigned)inside->relay : control;

	for (unsigned fd = 3; fd <= PLAN_DESCRIPTOR_MAX || fd <= last; fd++) {
		bool passed = fd <= PLAN_DESCRIPTOR_MAX && (inside->plan->descriptors >> fd & 1);
		if (fd != control && (int)fd != inside->relay && !passed)
			continue;
		if (close_descriptors(next, fd - 1, 0) != 0)
			die_errno("close the host's descriptors");
		next = fd + 1;
	}
	if (close_descriptors(next, ~0U, 0) != 0)
		die_errno("close the host's descriptors");
}

void inside_main(const struct inside *inside)
{
	const struct plan *plan = inside->plan;
	sigset_t all;

	report_socket = inside->control;
	die_hook = report_failure;
	die_cleanup = NULL;
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) != 0)
		die_errno("block signals");

	network_begin(plan);
	wait_gate(inside->gate);
	become_person(plan);
	tie_to_supervisor(inside->gate);
	clock_make(plan);
	enter_cgroup(inside);
	set_host_name(plan);
	network_translate(plan);
	mounts_enter(plan, plan->steps);
	network_enter();
	wait_gate(inside->gate);
	clock_enter(plan);
	pid_t offered = plan->flags & PLAN_SESSION ? session_offer(inside) : 0;
	inside_keep_only(inside);
	privs_drop_capabilities(plan->flags & PLAN_SESSION ? 0 : plan->ambient, plan->bounding);
	init_main(inside, offered);
}
