/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * B4: another sandbox of the same person, at the same time. The neighbour holds one of everything; the attempts look for it.
 * Their files in the shared directory are the one channel that is meant to be.
 */
#include "attempt.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEY = 0x48534e42, PORT = 42731 };
static const char *const files[] = {"/tmp/neighbour", "/var/tmp/neighbour", "/dev/shm/neighbour"};
static const char abstract[] = "hostile-neighbour", queue[] = "/hostile-neighbour", key[] = "hostile-neighbour";

static int unix_socket(struct sockaddr_un *address, socklen_t *length)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path + 1, abstract, sizeof(abstract) - 1);
	*length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(abstract));
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int tcp_socket(struct sockaddr_in *address)
{
	*address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT)};
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return socket(AF_INET, SOCK_STREAM, 0);
}

static void remove_everything(int segment, int semaphores, int messages)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	shmctl(segment, IPC_RMID, NULL);
	semctl(semaphores, 0, IPC_RMID);
	msgctl(messages, IPC_RMID, NULL);
	mq_unlink(queue);
}

int be_neighbour(void)
{
	struct sockaddr_un local;
	struct sockaddr_in loopback;
	socklen_t length;
	int one = 1, fd = unix_socket(&local, &length), tcp = tcp_socket(&loopback);
	char byte;

	prctl(PR_SET_NAME, "neighbour-mark");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		close(open(files[i], O_CREAT | O_RDWR, 0666));
	int segment = shmget(KEY, 4096, IPC_CREAT | 0666), semaphores = semget(KEY, 1, IPC_CREAT | 0666),
	    messages = msgget(KEY, IPC_CREAT | 0666);
	mqd_t posix = mq_open(queue, O_CREAT | O_RDWR, 0666, NULL);
	setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	bool whole = bind(fd, (struct sockaddr *)&local, length) == 0 && listen(fd, 5) == 0 &&
	             bind(tcp, (struct sockaddr *)&loopback, sizeof(loopback)) == 0 && listen(tcp, 5) == 0 &&
	             segment >= 0 && semaphores >= 0 && messages >= 0 && posix >= 0;
	syscall(SYS_add_key, "user", key, "x", 1, KEY_SPEC_USER_KEYRING); /* refused inside, as it should be */
	close(open("shared-by-neighbour", O_CREAT | O_WRONLY, 0644));
	signal(SIGUSR1, SIG_DFL);
	printf("%s %d\n", whole ? "ready" : strerrorname_np(errno), getpid());
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	remove_everything(segment, semaphores, messages);
	return 0;
}

static bool file_tmp(void)
{
	return access(files[0], F_OK) == 0;
}

static bool file_var_tmp(void)
{
	return access(files[1], F_OK) == 0;
}

static bool file_shm(void)
{
	return access(files[2], F_OK) == 0;
}

static bool shared_segment(void)
{
	return shmget(KEY, 0, 0) >= 0;
}

static bool semaphore_set(void)
{
	return semget(KEY, 0, 0) >= 0;
}

static bool message_queue(void)
{
	return msgget(KEY, 0) >= 0;
}

static bool posix_queue(void)
{
	return mq_open(queue, O_RDONLY) >= 0;
}

static bool abstract_socket(void)
{
	struct sockaddr_un address;
	socklen_t length;
	int fd = unix_socket(&address, &length);

	return connect(fd, (struct sockaddr *)&address, length) == 0;
}

static bool loopback_port(void)
{
	struct sockaddr_in address;
	int fd = tcp_socket(&address);

	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

/* By name in /proc: the number the neighbour knows itself by says nothing here. */
static pid_t find(void)
{
	DIR *directory = opendir("/proc");
	char path[300];

	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (atoi(entry->d_name) > 0 && holds(path, "neighbour-mark"))
			return atoi(entry->d_name);
	}
	errno = ESRCH;
	return 0;
}

static bool process(void)
{
	return find() > 0;
}

/* The number it has outside, too. */
static bool signal_it(void)
{
	pid_t outside = (pid_t)atol(fact("neighbour"));

	return (outside > 0 && kill(outside, 0) == 0) || (find() > 0 && kill(find(), 0) == 0);
}

static bool trace_it(void)
{
	pid_t outside = (pid_t)atol(fact("neighbour"));

	return outside > 0 && ptrace(PTRACE_SEIZE, outside, 0, 0) == 0;
}

static bool descriptor_of_it(void)
{
	pid_t outside = (pid_t)atol(fact("neighbour"));
	int pidfd = (int)syscall(SYS_pidfd_open, outside, 0);

	return pidfd >= 0 && syscall(SYS_pidfd_getfd, pidfd, 0, 0) >= 0;
}

static bool keyring(void)
{
	return syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", key, 0) > 0;
}

static bool limits(void)
{
	pid_t outside = (pid_t)atol(fact("neighbour"));

	return outside > 0 && syscall(SYS_prlimit64, outside, 7 /* RLIMIT_NOFILE */, NULL, &(long[2]){0}) == 0;
}

/* Without privilege there is no cgroup of one's own; where there is, its name is nowhere. */
static bool cgroup_of_it(void)
{
	const char *directory = fact("neighbour-cgroup");

	return *directory && access(directory, F_OK) == 0;
}

/* Ids of sandboxes are 12 hexadecimal digits. */
static bool registry(void)
{
	DIR *directory = opendir("/run/sandbox-run");

	for (struct dirent *entry; directory && (entry = readdir(directory));)
		if (strspn(entry->d_name, "0123456789abcdef") == 12)
			return true;
	return because("no id is shown");
}

const struct attempt neighbour_attempts[] = {
        {"B4.1", "/tmp",                   file_tmp        },
        {"B4.1", "/var/tmp",               file_var_tmp    },
        {"B4.1", "/dev/shm",               file_shm        },
        {"B4.1", "a shared segment",       shared_segment  },
        {"B4.1", "a semaphore set",        semaphore_set   },
        {"B4.1", "a message queue",        message_queue   },
        {"B4.1", "a POSIX message queue",  posix_queue     },
        {"B4.1", "an abstract socket",     abstract_socket },
        {"B4.1", "a port of the loopback", loopback_port   },
        {"B4.1", "a process",              process         },
        {"B4.1", "a signal",               signal_it       },
        {"B4.1", "ptrace",                 trace_it        },
        {"B4.1", "pidfd_getfd",            descriptor_of_it},
        {"B4.1", "limits",                 limits          },
        {"B4.1", "the user's keyring",     keyring         },
        {"B4.1", "its cgroup",             cgroup_of_it    },
        {"B4.1", "its name",               registry        },
        {NULL,   NULL,                     NULL            },
};
