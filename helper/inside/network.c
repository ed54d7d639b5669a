/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A new network namespace has a loopback interface that is down (network_namespaces(7)). unshare(2) and setns(2) move the
 * calling thread alone.
 */
#include "helper/inside/network.h"

#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/inside/outbound.h"
#include "helper/io.h"

/* Its own, since making and unmapping one costs as much as the thread. */
static _Alignas(4096) char stack[64 << 10];
static pthread_t maker;
static bool begun;
static int inside = -1; /* a socket in the new namespace */
static int namespace = -1;

static void *make(void *unused)
{
	struct ifreq request = {.ifr_name = "lo"};

	if (unshare(CLONE_NEWNET) != 0)
		die_hint("see sysctl user.max_net_namespaces", "make a network namespace: %s", strerrordesc_np(errno));
	inside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (inside < 0 || ioctl(inside, SIOCGIFFLAGS, &request) != 0)
		die_errno("look at the loopback interface");
	request.ifr_flags |= IFF_UP;
	if (ioctl(inside, SIOCSIFFLAGS, &request) != 0)
		die_errno("bring the loopback interface up");
	return unused;
}

void network_begin(const struct plan *plan)
{
	pthread_attr_t attributes;

	if (!(plan->namespaces & CLONE_NEWNET))
		return;
	if ((errno = pthread_attr_init(&attributes)) != 0 ||
	    (errno = pthread_attr_setstack(&attributes, stack, sizeof(stack))) != 0 ||
	    (errno = pthread_create(&maker, &attributes, make, NULL)) != 0)
		die_errno("start a thread");
	begun = true;
}

static void finish(void)
{
	if (namespace >= 0)
		return;
	if ((errno = pthread_join(maker, NULL)) != 0)
		die_errno("wait for a thread");
	/* Needs CAP_NET_ADMIN over it, as its maker had (SIOCGSKNS, net/socket.c). */
	namespace = ioctl(inside, SIOCGSKNS);
	if (namespace < 0)
		die_errno("look at the network namespace");
}

/*
 * A socket bound to the way out (SO_BINDTODEVICE, which takes no capability) passes the routes of the own loopback by, and
 * takes the default one: the translator, in the host's network, would connect to the host's. With this route there is none,
 * and nobody answers on the link.
 */
static void refuse_loopback(void)
{
	const struct sockaddr_in network = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000)};
	const struct sockaddr_in mask = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(IN_CLASSA_NET)};
	struct rtentry route = {.rt_flags = RTF_UP | RTF_REJECT};

	memcpy(&route.rt_dst, &network, sizeof(network));
	memcpy(&route.rt_genmask, &mask, sizeof(mask));
	if (ioctl(inside, SIOCADDRT, &route) != 0)
		die_errno("refuse other ways to the loopback interface");
}

void network_translate(const struct plan *plan)
{
	if (!(plan->flags & PLAN_OUTBOUND))
		return;
	finish();
	refuse_loopback();
	outbound_start(plan, namespace);
}

void network_enter(void)
{
	if (!begun)
		return;
	finish();
	if (setns(namespace, CLONE_NEWNET) != 0)
		die_errno("enter the network namespace");
	close_fd(&namespace);
	close_fd(&inside);
}
