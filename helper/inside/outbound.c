/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The translator of addresses is a program of its own with two capabilities in the sandbox's user namespace: one to enter
 * the network namespace, one to configure the interface there. It runs in a view of its own, of the host's programs and
 * nothing else: whoever binds something into the sandbox's view must not choose what runs with these rights. The command
 * has no capability, so it can neither trace it nor look into its files in /proc (ptrace(2), "Ptrace access mode
 * checking"); it can end it, and is then without network. The loopback of the host stays out of reach. All signals stay
 * blocked in it: it ends with the sandbox.
 */
#include "helper/inside/outbound.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/inside/mounts.h"
#include "helper/io.h"
#include "helper/privs.h"

#define TRANSLATOR "/usr/bin/slirp4netns"

enum { NAMESPACE = 3, READY = 4, READY_TIMEOUT_MS = 5000 };

/* Takes descriptors 3 and 4 for what it is given, whatever they are now, and /dev/null for the first three. */
static noreturn void run(const struct plan *plan, int network_namespace, int ready)
{
	char *const arguments[] = {"slirp4netns",
	                           "--configure",
	                           "--mtu=65520",
	                           "--disable-host-loopback",
	                           "--enable-seccomp",
	                           "--ready-fd=4",
	                           "--netns-type=path",
	                           "/proc/self/fd/3",
	                           "tap0",
	                           NULL};
	char *const environment[] = {NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int first = fcntl(network_namespace, F_DUPFD_CLOEXEC, READY + 1),
	    second = fcntl(ready, F_DUPFD_CLOEXEC, READY + 1);

	if (null < 0 || first < 0 || second < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0 || dup2(first, NAMESPACE) < 0 || dup2(second, READY) < 0 ||
	    close_descriptors(READY + 1, ~0U, 0) != 0 || setsid() < 0 || unshare(CLONE_NEWNS) != 0)
		_exit(EXIT_REFUSED);
	mounts_enter(plan, plan->translator_steps);
	privs_no_new_privileges(); /* id 0, which IDMap=root gives, would gain all capabilities (capabilities(7)) */
	privs_keep_over_exec(1ULL << CAP_SYS_ADMIN | 1ULL << CAP_NET_ADMIN);
	execve(TRANSLATOR, arguments, environment);
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

void outbound_start(const struct plan *plan, int network_namespace)
{
	int ready[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) != 0)
		die_errno("make a pipe");
	pid_t child = fork();
	if (child < 0)
		die_errno("start " TRANSLATOR);
	if (child == 0) {
		die_hook = NULL;
		run(plan, network_namespace, ready[1]);
	}
	close(ready[1]);
	CLEANUP_FD answer = ready[0];
	struct pollfd poller = {.fd = answer, .events = POLLIN};
	/* It ends without a word where it cannot work: the other end of the pipe is gone then. */
	if (poll(&poller, 1, READY_TIMEOUT_MS) != 1 || read(answer, &byte, 1) != 1)
		die("PrivateNetwork=outbound: " TRANSLATOR " did not bring the network up; it must be installed, and "
		    "/dev/net/tun there for everybody");
}
