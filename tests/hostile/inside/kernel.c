/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * B1.10 to B1.12, B1.17: switches of the kernel, ways around the filter, calls that nothing inside needs, core dumps.
 */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- B1.10: opened only, never written ------------------------------------------------------------------------------- */

static bool any_writable(const char *const *paths)
{
	bool any = false;
	int error = ENOENT;

	for (; *paths; paths++) {
		any |= can_open(*paths, O_WRONLY);
		error = errno == ENOENT ? error : errno;
	}
	errno = error;
	return any;
}

static bool tunables(void)
{
	return any_writable((const char *const[]){"/proc/sys/kernel/hostname", "/proc/sys/kernel/pid_max",
	                                          "/proc/sys/vm/swappiness", "/proc/sys/fs/file-max",
	                                          "/proc/sys/net/ipv4/ip_forward", "/proc/sys/user/max_user_namespaces",
	                                          "/proc/sys/kernel/ns_last_pid", NULL});
}

static bool core_pattern(void)
{
	return any_writable((const char *const[]){"/proc/sys/kernel/core_pattern", NULL});
}

static bool modprobe(void)
{
	return any_writable((const char *const[]){"/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug",
	                                          "/sys/kernel/uevent_helper", NULL});
}

static bool sysrq(void)
{
	return any_writable((const char *const[]){"/proc/sysrq-trigger", NULL});
}

static bool other_switches(void)
{
	return any_writable((const char *const[]){"/proc/irq/default_smp_affinity", "/proc/mtrr", "/proc/acpi/wakeup",
	                                          "/proc/slabinfo", "/proc/timer_list", "/sys/power/state",
	                                          "/sys/kernel/mm/ksm/run", NULL});
}

static bool sys_mounted(void)
{
	return can_open("/sys/kernel", O_RDONLY) || can_open("/sys/class", O_RDONLY);
}

/* --- B1.11 ----------------------------------------------------------------------------------------------------------- */

static bool i386(void)
{
#ifdef __x86_64__
	long result = 20; /* getpid(2) */
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	errno = result < 0 ? (int)-result : 0;
	return result == getpid();
#else
	errno = ENOSYS;
	return false;
#endif
}

static bool x32(void)
{
	return syscall(0x40000000 | SYS_getpid) == getpid();
}

static bool change_personality(void)
{
	return personality(ADDR_NO_RANDOMIZE) != -1;
}

static bool change_personality_high(void)
{
	return syscall(SYS_personality, 0xffffffff00000000UL | READ_IMPLIES_EXEC) != -1;
}

static bool uring(void)
{
	char parameters[256] = {0};

	return syscall(SYS_io_uring_setup, 4, parameters) >= 0;
}

static bool uring_socket_enter(void)
{
	return syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0) == 0 || errno == EBADF;
}

/* Arguments that no call can do anything with. */
static bool unknown_numbers(void)
{
	for (long number = 470; number < 1024; number++)
		if (syscall(number, -1, -1, -1, -1, -1, -1) != -1 || (errno != ENOSYS && errno != EPERM))
			return true;
	return false;
}

/* --- B1.12: each call, so that nothing happens where it is allowed --------------------------------------------------- */

static bool map_bpf(void)
{
	union bpf_attr attributes = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)) >= 0;
}

static bool perf(void)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
	                                     .size = sizeof(attributes),
	                                     .config = PERF_COUNT_SW_TASK_CLOCK,
	                                     .exclude_kernel = 1};

	return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0) >= 0;
}

/* Allowed is what does not fail for want of permission. */
static bool reached(long result)
{
	return result != -1 || (errno != EPERM && errno != ENOSYS && errno != EACCES && errno != EOPNOTSUPP);
}

#define CALL(name, ...)                                                                                                \
	static bool call_##name(void)                                                                                  \
	{                                                                                                              \
		return reached(syscall(SYS_##name, __VA_ARGS__));                                                      \
	}

static const struct timezone greenwich = {0, 0};

CALL(userfaultfd, 1 /* UFFD_USER_MODE_ONLY */)
CALL(keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0)
CALL(add_key, "user", "hostile", "x", 1, KEY_SPEC_PROCESS_KEYRING)
CALL(request_key, "user", "hostile", NULL, 0)
CALL(kexec_load, 0, 0, NULL, 0)
CALL(kexec_file_load, -1, -1, 0, NULL, 4 /* KEXEC_FILE_NO_INITRAMFS */)
CALL(init_module, NULL, 0, "")
CALL(finit_module, -1, "", 0)
CALL(delete_module, "no-such-module", O_NONBLOCK)
CALL(quotactl, 0x80000101 /* Q_SYNC */, NULL, 0, NULL)
CALL(fanotify_init, 0x200 /* FAN_REPORT_FID */, O_RDONLY)
CALL(syslog, 10 /* SYSLOG_ACTION_SIZE_BUFFER */, NULL, 0)
CALL(kcmp, getpid(), getpid(), 0, 0, 0)
CALL(move_pages, 0, 0, NULL, NULL, NULL, 0)
CALL(migrate_pages, 0, 0, NULL, NULL)
CALL(swapon, "/no/such", 0)
CALL(swapoff, "/no/such")
CALL(acct, "/no/such")
CALL(settimeofday, NULL, &greenwich)
CALL(clock_settime, -1, NULL)
CALL(adjtimex, NULL)
CALL(memfd_secret, 0)
CALL(reboot, 0, 0, 0, NULL)
CALL(process_mrelease, -1, 0)
CALL(lookup_dcookie, 0, NULL, 0)
CALL(sethostname, NULL, -1)
CALL(mount_setattr, -1, "", 0, NULL, 0)
CALL(chroot, "/no/such")
#ifdef SYS_iopl
CALL(iopl, 3)
CALL(ioperm, 0x80, 1, 1)
CALL(modify_ldt, 0, NULL, 0)
#endif

/* --- B1.17 ----------------------------------------------------------------------------------------------------------- */

static bool dump_core(void)
{
	struct rlimit limit;
	int status;
	char name[64];

	pid_t child = fork();
	if (child == 0) {
		if (getrlimit(RLIMIT_CORE, &limit) != 0)
			_exit(1);
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_CORE, &limit);
		prctl(PR_SET_DUMPABLE, 1);
		raise(SIGQUIT);
		_exit(1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	snprintf(name, sizeof(name), "core.%d", child);
	bool got = WCOREDUMP(status) || access("core", F_OK) == 0 || access(name, F_OK) == 0;
	unlink("core");
	unlink(name);
	return got || because("no core");
}

static bool raise_core_limit(void)
{
	struct rlimit limit = {1 << 20, 1 << 20};

	return setrlimit(RLIMIT_CORE, &limit) == 0;
}

const struct attempt kernel_attempts[] = {
        {"B1.10", "/proc/sys",                    tunables               },
        {"B1.10", "core_pattern",                 core_pattern           },
        {"B1.10", "modprobe, uevent_helper",      modprobe               },
        {"B1.10", "sysrq-trigger",                sysrq                  },
        {"B1.10", "other switches",               other_switches         },
        {"B1.10", "/sys",                         sys_mounted            },
        {"B1.11", "int 0x80",                     i386                   },
        {"B1.11", "x32",                          x32                    },
        {"B1.11", "personality",                  change_personality     },
        {"B1.11", "personality with high bits",   change_personality_high},
        {"B1.11", "io_uring_setup",               uring                  },
        {"B1.11", "io_uring_enter",               uring_socket_enter     },
        {"B1.11", "numbers nobody knows",         unknown_numbers        },
        {"B1.12", "bpf",                          map_bpf                },
        {"B1.12", "perf_event_open",              perf                   },
#define ROW(name)                                                                                                      \
	{                                                                                                              \
		"B1.12", #name, call_##name                                                                            \
	}
        ROW(userfaultfd),
        ROW(keyctl),
        ROW(add_key),
        ROW(request_key),
        ROW(kexec_load),
        ROW(kexec_file_load),
        ROW(init_module),
        ROW(finit_module),
        ROW(delete_module),
        ROW(quotactl),
        ROW(fanotify_init),
        ROW(syslog),
        ROW(kcmp),
        ROW(move_pages),
        ROW(migrate_pages),
        ROW(swapon),
        ROW(swapoff),
        ROW(acct),
        ROW(settimeofday),
        ROW(clock_settime),
        ROW(adjtimex),
        ROW(memfd_secret),
        ROW(reboot),
        ROW(process_mrelease),
        ROW(lookup_dcookie),
        ROW(sethostname),
        ROW(mount_setattr),
        ROW(chroot),
#ifdef SYS_iopl
        ROW(iopl),
        ROW(ioperm),
        ROW(modify_ldt),
#endif
        {"B1.17", "a core file",                  dump_core              },
        {"B1.17", "a higher limit of core files", raise_core_limit       },
        {NULL,    NULL,                           NULL                   },
};
