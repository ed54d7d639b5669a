/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For test-keys.sh: "probe NAME [NUMBER]" tries one thing that a key of the policy forbids or limits and prints "can", the
 * error's name, or the signal that ended it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char key_name[] = "sandbox-test-key";

static bool map(long mebibytes, int protection)
{
	return mmap(NULL, (size_t)mebibytes << 20, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool try_map(long mebibytes)
{
	return map(mebibytes, PROT_READ | PROT_WRITE);
}

static bool try_write_execute(long unused)
{
	(void)unused;
	return map(1, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static bool try_execute_later(long unused)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)unused;
	return memory != MAP_FAILED && mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool try_personality(long unused)
{
	(void)unused;
	return personality(ADDR_NO_RANDOMIZE) != -1;
}

static bool try_realtime(long unused)
{
	const struct sched_param parameters = {.sched_priority = 1};

	(void)unused;
	return sched_setscheduler(0, SCHED_FIFO, &parameters) == 0;
}

static bool spin(double seconds)
{
	struct timespec now;

	do {
		if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
			return false;
	} while ((double)now.tv_sec + (double)now.tv_nsec / 1e9 < seconds);
	return true;
}

static bool try_spin(long milliseconds)
{
	return spin((double)milliseconds / 1000);
}

static bool try_realtime_spin(long milliseconds)
{
	return try_realtime(0) && try_spin(milliseconds);
}

static bool try_socket(long family)
{
	return socket((int)family, family == AF_NETLINK ? SOCK_RAW : SOCK_STREAM, 0) >= 0;
}

static bool try_raw_socket(long unused)
{
	(void)unused;
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0;
}

static struct sockaddr_in loopback(long port)
{
	return (struct sockaddr_in){
	        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static bool connect_by(int protocol, long port)
{
	const struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, protocol);

	return fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

static bool try_connect(long port)
{
	return connect_by(IPPROTO_TCP, port);
}

static bool try_mptcp(long port)
{
	return connect_by(IPPROTO_MPTCP, port);
}

/* Sends the first bytes with the connection's first packet, without connect(2). */
static bool try_fast_open(long port)
{
	struct sockaddr_in address = loopback(port);

	return sendto(socket(AF_INET, SOCK_STREAM, 0), "x", 1, MSG_FASTOPEN, (struct sockaddr *)&address,
	              sizeof(address)) >= 0;
}

static bool try_fast_open_message(long port)
{
	struct sockaddr_in address = loopback(port);
	struct iovec part = {"x", 1};
	struct msghdr message = {
	        .msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &part, .msg_iovlen = 1};

	return sendmsg(socket(AF_INET, SOCK_STREAM, 0), &message, MSG_FASTOPEN) >= 0;
}

static bool try_bind(long port)
{
	const struct sockaddr_in address = loopback(port);

	return bind(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* The name comes from the test, so that several can run at once. */
static bool try_abstract(long number)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "sandbox-test-%ld", number);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&address,
	               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) + (socklen_t)length) == 0;
}

static bool try_key(long unused)
{
	(void)unused;
	return syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", key_name, 0) > 0;
}

/* Calls of other architectures: getpid(2) of i386, and of x32. */
static bool try_i386(long unused)
{
	long result = -ENOSYS;

	(void)unused;
#ifdef __x86_64__
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
#endif
	errno = result < 0 ? (int)-result : 0;
	return result == getpid();
}

static bool try_x32(long unused)
{
	(void)unused;
	return syscall(0x40000000 | 39) == getpid();
}

static bool try_chmod(long unused)
{
	(void)unused;
	return chmod(".", 0700) == 0;
}

__attribute__((noinline)) static bool use_stack(long pages)
{
	volatile char page[4096];

	page[0] = (char)pages;
	bool result = pages <= 0 || use_stack(pages - 1);
	return result && page[0] == (char)pages;
}

static bool try_stack(long mebibytes)
{
	return use_stack(mebibytes * 256);
}

static bool try_lock(long kibibytes)
{
	size_t size = (size_t)kibibytes << 10;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED && mlock(memory, size) == 0;
}

static bool try_open(long count)
{
	for (long i = 0; i < count; i++)
		if (open("/dev/null", O_RDONLY) < 0)
			return false;
	return true;
}

static bool try_fork(long count)
{
	for (long i = 0; i < count; i++) {
		pid_t child = fork();
		if (child < 0)
			return false;
		if (child == 0) {
			alarm(5);
			pause();
			_exit(0);
		}
	}
	return true; /* their process group is ended after this */
}

static bool try_queue_signals(long count)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	for (long i = 0; i < count; i++)
		if (sigqueue(getpid(), SIGRTMIN, (union sigval){0}) != 0)
			return false;
	return true;
}

static bool try_message_queue(long unused)
{
	struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = 8192};

	(void)unused;
	return mq_open("/sandbox-test", O_CREAT | O_RDWR, 0600, &attributes) >= 0 && mq_unlink("/sandbox-test") == 0;
}

static bool try_nice(long value)
{
	return setpriority(PRIO_PROCESS, 0, (int)value) == 0;
}

/* The kernel stacks 16 of them at most (landlock(7)): one less where there is one already. */
static bool try_landlock(long layers)
{
	const uint64_t handled[2] = {1, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
	for (long i = 0; i < layers; i++) {
		long ruleset = syscall(SYS_landlock_create_ruleset, handled, sizeof(handled[0]), 0);
		if (ruleset < 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
			return false;
	}
	return true;
}

static const struct probe {
	const char *name;
	bool (*attempt)(long number);
} probes[] = {
        {"map",               try_map              },
        {"write-execute",     try_write_execute    },
        {"execute-later",     try_execute_later    },
        {"personality",       try_personality      },
        {"realtime",          try_realtime         },
        {"realtime-spin",     try_realtime_spin    },
        {"spin",              try_spin             },
        {"socket",            try_socket           },
        {"raw-socket",        try_raw_socket       },
        {"connect",           try_connect          },
        {"mptcp",             try_mptcp            },
        {"fast-open",         try_fast_open        },
        {"fast-open-message", try_fast_open_message},
        {"bind",              try_bind             },
        {"abstract",          try_abstract         },
        {"key",               try_key              },
        {"i386",              try_i386             },
        {"x32",               try_x32              },
        {"chmod",             try_chmod            },
        {"stack",             try_stack            },
        {"lock",              try_lock             },
        {"open",              try_open             },
        {"fork",              try_fork             },
        {"queue-signals",     try_queue_signals    },
        {"message-queue",     try_message_queue    },
        {"nice",              try_nice             },
        {"landlock",          try_landlock         },
};

/* "probe with-key COMMAND...": the command with a key in its session keyring. */
static int with_key(char **command)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 ||
	    syscall(SYS_add_key, "user", key_name, "secret", 6, KEY_SPEC_SESSION_KEYRING) < 0) {
		perror("add a key");
		return 1;
	}
	execvp(command[0], command);
	perror(command[0]);
	return 1;
}

/* In a child with a process group of its own, so that a signal can be told and nothing is left. */
static void attempt(const struct probe *probe, long number)
{
	siginfo_t unused;
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (setpgid(0, 0) != 0)
			_exit(EXIT_FAILURE);
		bool done = probe->attempt(number);
		puts(done ? "can" : strerrorname_np(errno));
		fflush(stdout);
		_exit(0);
	}
	/* Until it is reaped the number of its group is its own. */
	if (child < 0 || waitid(P_PID, (id_t)child, &unused, WEXITED | WNOWAIT) != 0 || kill(-child, SIGKILL) != 0 ||
	    waitpid(child, &status, 0) != child)
		perror("probe");
	else if (WIFSIGNALED(status))
		printf("SIG%s\n", sigabbrev_np(WTERMSIG(status)));
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "with-key") == 0)
		return with_key(argv + 2);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		if (argc > 1 && strcmp(argv[1], probes[i].name) == 0) {
			attempt(&probes[i], argc > 2 ? atol(argv[2]) : 0);
			return 0;
		}
	fputs("usage: probe NAME [NUMBER]\n", stderr);
	return 2;
}
