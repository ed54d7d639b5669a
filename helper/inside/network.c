/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A new network namespace has a loopback interface that is down (network_namespaces(7)); uts_namespaces(7) for the name.
 */
#include "helper/inside/network.h"

#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"

static void loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	CLEANUP_FD socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (socket_fd < 0 || ioctl(socket_fd, SIOCGIFFLAGS, &request) != 0)
		die_errno("look at the loopback interface");
	request.ifr_flags |= IFF_UP;
	if (ioctl(socket_fd, SIOCSIFFLAGS, &request) != 0)
		die_errno("bring the loopback interface up");
}

void network_enter(const struct plan *plan)
{
	const char *name = plan_string(plan, plan->host_name);

	if (*name && sethostname(name, strlen(name)) != 0)
		die_errno("set the host name");
	if (plan->flags & PLAN_LOOPBACK)
		loopback_up();
}
