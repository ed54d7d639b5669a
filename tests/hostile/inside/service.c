/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * B1.13 to B1.16: services of the host behind sockets, inherited descriptors, the session keyring, mounts made later.
 */
#include "attempt.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* --- B1.13 ----------------------------------------------------------------------------------------------------------- */

static bool connect_unix(const char *name, bool abstract)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name), offset = offsetof(struct sockaddr_un, sun_path) + abstract;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || !length || length >= sizeof(address.sun_path) - 1)
		return false;
	memcpy(address.sun_path + abstract, name, length);
	return connect(fd, (struct sockaddr *)&address, (socklen_t)(offset + length)) == 0;
}

static bool abstract_socket(void)
{
	return connect_unix(fact("abstract"), true);
}

static bool path_socket(void)
{
	return connect_unix(fact("socket"), false);
}

static bool connect_tcp(const char *address_text)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(fact("port")))};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd >= 0 && inet_pton(AF_INET, address_text, &address.sin_addr) == 1 &&
	       connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static bool loopback_tcp(void)
{
	return connect_tcp("127.0.0.1");
}

static bool loopback_any(void)
{
	return connect_tcp("0.0.0.0");
}

static bool loopback_six(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6,
	                               .sin6_port = htons((uint16_t)atoi(fact("port"))),
	                               .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

/* The listener answers what it gets. */
static bool loopback_udp(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(fact("port")))};
	struct timeval patience = {.tv_usec = 300000};
	char byte = 1;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	       connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && send(fd, &byte, 1, 0) == 1 &&
	       recv(fd, &byte, 1, 0) == 1;
}

static bool interface(void)
{
	struct if_nameindex *list = if_nameindex();
	bool any = false;

	for (struct if_nameindex *entry = list; entry && entry->if_index; entry++)
		any |= strcmp(entry->if_name, "lo") != 0;
	return any || because("lo alone");
}

static bool family(int number, int type)
{
	return socket(number, type, 0) >= 0;
}

#define FAMILY(name, type)                                                                                             \
	static bool family_##name(void)                                                                                \
	{                                                                                                              \
		return family(AF_##name, type);                                                                        \
	}

FAMILY(VSOCK, SOCK_STREAM)
FAMILY(ALG, SOCK_SEQPACKET)
FAMILY(KEY, SOCK_RAW)
FAMILY(CAN, SOCK_RAW)
FAMILY(BLUETOOTH, SOCK_RAW)
FAMILY(TIPC, SOCK_RDM)
FAMILY(XDP, SOCK_RAW)
FAMILY(RDS, SOCK_SEQPACKET)
FAMILY(KCM, SOCK_DGRAM)
FAMILY(QIPCRTR, SOCK_DGRAM)
FAMILY(SMC, SOCK_STREAM)
FAMILY(NFC, SOCK_RAW)
FAMILY(LLC, SOCK_DGRAM)

static bool family_PACKET(void)
{
	return family(AF_PACKET, SOCK_RAW);
}

static bool family_raw(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0;
}

/* The second word of the call is 64 bits wide and the kernel looks at 32. */
static bool family_high(void)
{
	return syscall(SYS_socket, 0xffffffff00000000UL | AF_PACKET, SOCK_RAW, 0) >= 0;
}

/* --- B1.14 ----------------------------------------------------------------------------------------------------------- */

static bool inherited(void)
{
	DIR *directory = opendir("/proc/self/fd");

	for (struct dirent *entry; directory && (entry = readdir(directory));)
		if (atoi(entry->d_name) > 2 && atoi(entry->d_name) != dirfd(directory))
			return true;
	return because("none above 2");
}

static bool inherited_directory(void)
{
	struct stat status;

	for (int fd = 0; fd < 64; fd++)
		if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) && openat(fd, "..", O_RDONLY | O_DIRECTORY) >= 0)
			return true;
	return because("no directory is open");
}

/* The other end sends a directory to whoever holds this one. */
static bool received_directory(void)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec part = {&byte, 1};
	struct msghdr message = {
	        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

	for (int fd = 3; fd < 64; fd++)
		if (recvmsg(fd, &message, MSG_DONTWAIT) == 1 && message.msg_controllen > 0)
			return true;
	return because("no socket is open");
}

/* --- B1.15 ----------------------------------------------------------------------------------------------------------- */

static bool find_key(void)
{
	return syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", fact("key"), 0) > 0;
}

static bool ask_for_key(void)
{
	return syscall(SYS_request_key, "user", fact("key"), NULL, 0) > 0;
}

static bool list_keys(void)
{
	return holds("/proc/keys", fact("key"));
}

/* --- B1.16: the driver mounts when it sees "ready" and says so by "mounted" ------------------------------------------ */

static bool late_mount(void)
{
	close(open("ready", O_CREAT | O_WRONLY, 0644));
	for (int i = 0; i < 300 && access("mounted", F_OK) != 0; i++)
		usleep(10000);
	if (access("mounted", F_OK) != 0)
		return because("the driver did not mount");
	return access(fact("late"), F_OK) == 0;
}

const struct attempt service_attempts[] = {
        {"B1.13", "abstract socket",            abstract_socket    },
        {"B1.13", "socket in /run",             path_socket        },
        {"B1.13", "loopback TCP",               loopback_tcp       },
        {"B1.13", "loopback TCP by 0.0.0.0",    loopback_any       },
        {"B1.13", "loopback TCP of IPv6",       loopback_six       },
        {"B1.13", "loopback UDP",               loopback_udp       },
        {"B1.13", "an interface of the host",   interface          },
        {"B1.13", "AF_VSOCK",                   family_VSOCK       },
        {"B1.13", "AF_ALG",                     family_ALG         },
        {"B1.13", "AF_PACKET",                  family_PACKET      },
        {"B1.13", "AF_PACKET with high bits",   family_high        },
        {"B1.13", "AF_KEY",                     family_KEY         },
        {"B1.13", "AF_CAN",                     family_CAN         },
        {"B1.13", "AF_BLUETOOTH",               family_BLUETOOTH   },
        {"B1.13", "AF_TIPC",                    family_TIPC        },
        {"B1.13", "AF_XDP",                     family_XDP         },
        {"B1.13", "AF_RDS",                     family_RDS         },
        {"B1.13", "AF_KCM",                     family_KCM         },
        {"B1.13", "AF_QIPCRTR",                 family_QIPCRTR     },
        {"B1.13", "AF_SMC",                     family_SMC         },
        {"B1.13", "AF_NFC",                     family_NFC         },
        {"B1.13", "AF_LLC",                     family_LLC         },
        {"B1.13", "raw ICMP",                   family_raw         },
        {"B1.14", "an inherited descriptor",    inherited          },
        {"B1.14", "an inherited directory",     inherited_directory},
        {"B1.14", "a directory by SCM_RIGHTS",  received_directory },
        {"B1.15", "search the session keyring", find_key           },
        {"B1.15", "request_key",                ask_for_key        },
        {"B1.15", "/proc/keys",                 list_keys          },
        {"B1.16", "a mount made later outside", late_mount         },
        {NULL,    NULL,                         NULL               },
};
