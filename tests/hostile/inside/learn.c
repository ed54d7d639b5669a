/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * B2: what can be learnt of the host and of other people, and groups used to bar.
 */
#include "attempt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- B2.1 ------------------------------------------------------------------------------------------------------------ */

static bool host_process(void)
{
	DIR *directory = opendir("/proc");
	char path[300];

	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
		if (atoi(entry->d_name) > 0 && holds(path, fact("mark")))
			return true;
	}
	return because("none of the host");
}

/* Numbers that /proc does not list may still answer. */
static bool host_process_by_number(void)
{
	char path[64];
	pid_t victim = (pid_t)atol(fact("victim"));

	snprintf(path, sizeof(path), "/proc/%d/cmdline", victim);
	return holds(path, fact("mark"));
}

static bool other_people(void)
{
	return holds("/etc/passwd", fact("other-person")) || holds("/etc/group", fact("other-person"));
}

static bool other_home(void)
{
	return access(fact("other-home"), F_OK) == 0;
}

static bool login_records(void)
{
	return can_read("/run/utmp") || can_read("/var/log/wtmp") || can_read("/var/log/lastlog");
}

static bool host_name(void)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1) != 0)
		return false;
	return strcmp(name, fact("hostname")) == 0 || holds("/proc/sys/kernel/hostname", fact("hostname")) ||
	       holds("/etc/hostname", fact("hostname")) || because("called %s", name);
}

static bool machine_id(void)
{
	return holds("/etc/machine-id", fact("machine-id")) || holds("/var/lib/dbus/machine-id", fact("machine-id"));
}

static bool boot_id(void)
{
	return holds("/proc/sys/kernel/random/boot_id", fact("boot-id"));
}

static bool interfaces(void)
{
	return holds("/proc/net/dev", fact("interface"));
}

static bool mounts(void)
{
	return holds("/proc/self/mountinfo", fact("mount")) || holds("/proc/mounts", fact("mount"));
}

static bool list_mounts(void)
{
	struct {
		unsigned size, spare;
		unsigned long mount, parameter, namespace;
	} request = {sizeof(request), 0, ~0UL /* LSMT_ROOT */, 0, 0};
	unsigned long found[8];

	return syscall(457 + 1, &request, found, 8, 0) > 0;
}

static bool cgroup_path(void)
{
	char line[512];
	FILE *file = fopen("/proc/self/cgroup", "re");

	while (file && fgets(line, sizeof(line), file)) {
		const char *path = strrchr(line, ':');
		if (path && strcmp(path, ":/\n") != 0)
			return true;
	}
	return because("/ everywhere");
}

static bool cgroup_tree(void)
{
	return can_open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY) && access("/sys/fs/cgroup/nothing", F_OK) != 0;
}

/* --- B2.2 ------------------------------------------------------------------------------------------------------------ */

static bool kernel_log(void)
{
	return klogctl(10 /* SYSLOG_ACTION_SIZE_BUFFER */, NULL, 0) >= 0;
}

static bool kernel_log_device(void)
{
	return can_open("/dev/kmsg", O_RDONLY) || can_open("/proc/kmsg", O_RDONLY);
}

#define FILE_OF(name, path)                                                                                            \
	static bool file_##name(void)                                                                                  \
	{                                                                                                              \
		return can_read(path);                                                                                 \
	}

FILE_OF(kcore, "/proc/kcore")
FILE_OF(kallsyms, "/proc/kallsyms")
FILE_OF(keys, "/proc/keys")
FILE_OF(timer_list, "/proc/timer_list")
FILE_OF(slabinfo, "/proc/slabinfo")
FILE_OF(interrupts, "/proc/interrupts")
FILE_OF(config, "/proc/config.gz")
FILE_OF(vmallocinfo, "/proc/vmallocinfo")
FILE_OF(pagetypeinfo, "/proc/pagetypeinfo")
FILE_OF(kpageflags, "/proc/kpageflags")
FILE_OF(modules, "/sys/kernel/notes")
FILE_OF(debug, "/sys/kernel/debug/sched/debug")

static bool file_sys(void)
{
	DIR *directory = opendir("/sys");

	for (struct dirent *entry; directory && (entry = readdir(directory));)
		if (entry->d_name[0] != '.')
			return true;
	return because("empty");
}

/* --- B2.3 ------------------------------------------------------------------------------------------------------------ */

static bool other_file(void)
{
	return can_read(fact("other-file"));
}

static bool root_file(void)
{
	return can_read(fact("root-file"));
}

static bool become(uid_t uid)
{
	return setresuid(uid, uid, uid) == 0;
}

static bool become_root(void)
{
	return setresgid(0, 0, 0) == 0 && become(0);
}

static bool become_other(void)
{
	return become((uid_t)atol(fact("other-uid")));
}

static bool become_nobody(void)
{
	return become(65534);
}

static bool give_away(void)
{
	bool given = false;
	const uid_t uids[] = {0, 65534, (uid_t)atol(fact("other-uid"))};

	close(open("given", O_CREAT | O_WRONLY, 0644));
	for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++)
		given |= chown("given", uids[i], (gid_t)-1) == 0;
	int error = errno;
	unlink("given");
	errno = error;
	return given;
}

static bool more_than_one_uid(void)
{
	unsigned inside, outside, count;
	FILE *file = fopen("/proc/self/uid_map", "re");

	return file && fscanf(file, "%u %u %u", &inside, &outside, &count) == 3 &&
	       (count > 1 || outside == 0 || fscanf(file, "%u", &inside) == 1 || because("the own id"));
}

/* --- B2.4 ------------------------------------------------------------------------------------------------------------ */

static bool drop_groups(void)
{
	uid_t own = (uid_t)atol(fact("own-uid"));

	return setgroups(0, NULL) == 0 && (geteuid() != 0 || setresuid(own, own, own) == 0) && can_read(fact("barred"));
}

const struct attempt learn_attempts[] = {
        {"B2.1", "processes of the host",       host_process          },
        {"B2.1", "a process by its number",     host_process_by_number},
        {"B2.1", "names of other people",       other_people          },
        {"B2.1", "homes of other people",       other_home            },
        {"B2.1", "records of logins",           login_records         },
        {"B2.1", "the host's name",             host_name             },
        {"B2.1", "machine-id",                  machine_id            },
        {"B2.1", "boot-id",                     boot_id               },
        {"B2.1", "interfaces",                  interfaces            },
        {"B2.1", "mounts",                      mounts                },
        {"B2.1", "listmount",                   list_mounts           },
        {"B2.1", "the cgroup's path",           cgroup_path           },
        {"B2.1", "the tree of cgroups",         cgroup_tree           },
        {"B2.2", "syslog",                      kernel_log            },
        {"B2.2", "kmsg",                        kernel_log_device     },
        {"B2.2", "kcore",                       file_kcore            },
        {"B2.2", "kallsyms",                    file_kallsyms         },
        {"B2.2", "keys",                        file_keys             },
        {"B2.2", "timer_list",                  file_timer_list       },
        {"B2.2", "slabinfo",                    file_slabinfo         },
        {"B2.2", "interrupts",                  file_interrupts       },
        {"B2.2", "config.gz",                   file_config           },
        {"B2.2", "vmallocinfo",                 file_vmallocinfo      },
        {"B2.2", "pagetypeinfo",                file_pagetypeinfo     },
        {"B2.2", "kpageflags",                  file_kpageflags       },
        {"B2.2", "/sys/kernel/notes",           file_modules          },
        {"B2.2", "/sys/kernel/debug",           file_debug            },
        {"B2.2", "/sys",                        file_sys              },
        {"B2.3", "a file of another person",    other_file            },
        {"B2.3", "a file of root",              root_file             },
        {"B2.3", "become root",                 become_root           },
        {"B2.3", "become another person",       become_other          },
        {"B2.3", "become what shows as nobody", become_nobody         },
        {"B2.3", "give a file away",            give_away             },
        {"B2.3", "more than the own id",        more_than_one_uid     },
        {"B2.4", "drop the groups",             drop_groups           },
        {NULL,   NULL,                          NULL                  },
};
