/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * B3: exhausting the host, raising one's own limits, outliving. Each is bounded in amount and time, and is to be started only
 * where a control group bounds it as well.
 */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FORKS = 150, MEGABYTES = 192, INODES = 2000 };

/* --- B3.1 ------------------------------------------------------------------------------------------------------------ */

static bool many_processes(void)
{
	pid_t children[FORKS];
	int count = 0;

	while (count < FORKS && (children[count] = fork()) >= 0) {
		if (children[count] == 0) {
			alarm(5);
			pause();
			_exit(0);
		}
		count++;
	}
	int error = errno;
	for (int i = 0; i < count; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	errno = error;
	return count == FORKS;
}

static bool touch(char *memory, size_t size)
{
	if (memory == MAP_FAILED)
		return false;
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 1;
	return true;
}

static bool much_memory(void)
{
	size_t size = (size_t)MEGABYTES << 20;

	return touch(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size);
}

static bool fill(int fd, size_t size)
{
	static char block[1 << 20];
	bool whole = fd >= 0;

	memset(block, 1, sizeof(block));
	for (size_t i = 0; whole && i < size >> 20; i++)
		whole = write(fd, block, sizeof(block)) == (ssize_t)sizeof(block);
	return whole;
}

static bool fill_file(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
	bool whole = fill(fd, (size_t)MEGABYTES << 20);
	int error = errno;

	unlink(path);
	errno = error;
	return whole;
}

static bool fill_tmp(void)
{
	return fill_file("/tmp/hostile-fill");
}

static bool fill_var_tmp(void)
{
	return fill_file("/var/tmp/hostile-fill");
}

static bool fill_shm(void)
{
	return fill_file("/dev/shm/hostile-fill");
}

static bool fill_memfd(void)
{
	return fill(memfd_create("hostile", 0), (size_t)MEGABYTES << 20);
}

static bool fill_shared_segment(void)
{
	size_t size = (size_t)MEGABYTES << 20;
	int segment = shmget(IPC_PRIVATE, size, 0600);
	void *memory = segment >= 0 ? shmat(segment, NULL, 0) : MAP_FAILED;

	if (segment >= 0)
		shmctl(segment, IPC_RMID, NULL);
	return touch(memory == (void *)-1 ? MAP_FAILED : memory, size);
}

static bool many_inodes(void)
{
	char path[64];
	int made = 0, error;

	mkdir("/tmp/hostile-inodes", 0700);
	for (; made < INODES; made++) {
		snprintf(path, sizeof(path), "/tmp/hostile-inodes/%d", made);
		int fd = open(path, O_CREAT | O_WRONLY, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	error = errno;
	for (int i = 0; i < made; i++) {
		snprintf(path, sizeof(path), "/tmp/hostile-inodes/%d", i);
		unlink(path);
	}
	rmdir("/tmp/hostile-inodes");
	errno = error;
	return made == INODES;
}

/* Socket buffers are the kernel's memory: as many as it takes. */
static bool fill_sockets(void)
{
	static char block[64 << 10];
	size_t written = 0;
	int pair[2], large = 16 << 20;

	memset(block, 1, sizeof(block));
	for (int i = 0; i < 4000 && written < (size_t)MEGABYTES << 20; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
			return false;
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &large, sizeof(large));
		for (ssize_t got; (got = write(pair[0], block, sizeof(block))) > 0;)
			written += (size_t)got;
	}
	return written >= (size_t)MEGABYTES << 20;
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* More than half of a processor for a second. */
static bool spin(void)
{
	double start = seconds(CLOCK_MONOTONIC), used = seconds(CLOCK_PROCESS_CPUTIME_ID);

	while (seconds(CLOCK_MONOTONIC) < start + 1)
		;
	used = seconds(CLOCK_PROCESS_CPUTIME_ID) - used;
	return used > 0.5 || because("%.2f s in 1 s", used);
}

/* --- B3.2 ------------------------------------------------------------------------------------------------------------ */

static bool protect_from_oom(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	return fd >= 0 && write(fd, "-1000", 5) == 5;
}

static bool protect_other(pid_t target)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", target);
	int fd = open(path, O_WRONLY);
	return fd >= 0 && write(fd, "-1000", 5) == 5;
}

static bool protect_others_from_oom(void)
{
	return any_target(protect_other);
}

static bool raise_nice(void)
{
	return setpriority(PRIO_PROCESS, 0, -10) == 0;
}

static bool realtime(void)
{
	const struct sched_param parameters = {.sched_priority = 1};

	return sched_setscheduler(0, SCHED_FIFO, &parameters) == 0;
}

static bool realtime_high(void)
{
	const struct sched_param parameters = {.sched_priority = 1};

	return syscall(SYS_sched_setscheduler, 0, 0xffffffff00000000UL | SCHED_RR, &parameters) == 0;
}

static bool deadline(void)
{
	struct {
		unsigned size, policy;
		unsigned long flags;
		int nice;
		unsigned priority;
		unsigned long runtime, deadline, period;
	} attributes = {sizeof(attributes), SCHED_FIFO, 0, 0, 1, 0, 0, 0};

	return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

static bool raise_hard_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return false;
	limit.rlim_max++;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static bool realtime_io(void)
{
	return syscall(SYS_ioprio_set, 1, 0, 1 << 13) == 0;
}

/* --- B3.4 ------------------------------------------------------------------------------------------------------------ */

static bool lock_host_file(void)
{
	int fd = open(fact("lock"), O_RDONLY);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* --- B3.5: the driver looks whether the file "beat" still grows after the end ------------------------------------------ */

static void beat(void)
{
	for (int i = 0; i < 200; i++) {
		int fd = open("beat", O_WRONLY | O_CREAT | O_APPEND, 0644);
		if (fd < 0 || write(fd, ".", 1) != 1)
			_exit(1);
		close(fd);
		usleep(10000);
	}
}

/* Stuck in vfork(2): uninterruptible until the child, which ends by itself, is gone. */
static void be_stuck(void)
{
	if (vfork() == 0) {
		sleep(2);
		_exit(0);
	}
	_exit(0);
}

/* Of another session, without our output, deaf to signals; one of them stopped, one stuck. Outside they end by themselves. */
static void stay(void)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	if (fork() == 0)
		be_stuck();
	pid_t stopped = fork();
	if (stopped == 0) {
		kill(getpid(), SIGSTOP);
		_exit(0);
	}
	beat();
	kill(stopped, SIGKILL);
	_exit(0);
}

static bool outlive(void)
{
	for (int number = 1; number < 32; number++)
		signal(number, SIG_IGN);
	pid_t child = fork();
	if (child == 0)
		stay();
	usleep(100000);
	return because("it is the driver's to see");
}

const struct attempt exhaust_attempts[] = {
        {"B3.1", "fork bomb",                  many_processes         },
        {"B3.1", "memory bomb",                much_memory            },
        {"B3.1", "filling /tmp",               fill_tmp               },
        {"B3.1", "filling /var/tmp",           fill_var_tmp           },
        {"B3.1", "filling /dev/shm",           fill_shm               },
        {"B3.1", "filling a memfd",            fill_memfd             },
        {"B3.1", "filling a shared segment",   fill_shared_segment    },
        {"B3.1", "filling sockets",            fill_sockets           },
        {"B3.1", "inodes of /tmp",             many_inodes            },
        {"B3.1", "a spinning processor",       spin                   },
        {"B3.2", "oom_score_adj",              protect_from_oom       },
        {"B3.2", "oom_score_adj of others",    protect_others_from_oom},
        {"B3.2", "a better nice value",        raise_nice             },
        {"B3.2", "SCHED_FIFO",                 realtime               },
        {"B3.2", "SCHED_RR with high bits",    realtime_high          },
        {"B3.2", "sched_setattr",              deadline               },
        {"B3.2", "a higher hard limit",        raise_hard_limit       },
        {"B3.2", "real-time input and output", realtime_io            },
        {"B3.4", "a lock file of the host",    lock_host_file         },
        {"B3.5", "outliving",                  outlive                },
        {NULL,   NULL,                         NULL                   },
};
