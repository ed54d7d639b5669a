/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A new time namespace is first only the children's, and its offsets can be set as long as nobody is in it
 * (time_namespaces(7)). Not by this process: what is not dumpable may not write its own files in /proc. In the end this
 * process enters too, since a child of vfork(2) keeps its parent's clocks.
 */
#include "helper/inside/clock.h"

#include <fcntl.h>
#include <sched.h>

#include "helper/die.h"
#include "helper/io.h"

void clock_make(const struct plan *plan)
{
	if ((plan->namespaces & CLONE_NEWTIME) && unshare(CLONE_NEWTIME) != 0)
		die_errno("make a time namespace");
}

void clock_enter(const struct plan *plan)
{
	if (!(plan->namespaces & CLONE_NEWTIME))
		return;
	CLEANUP_FD namespace = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (namespace < 0 || setns(namespace, CLONE_NEWTIME) != 0)
		die_errno("enter the time namespace");
}
