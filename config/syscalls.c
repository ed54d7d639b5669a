/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of config/syscalls.def and the groups they form. Groups of systemd.exec(5) as systemd 252.38 has them,
 * so that a unit's SystemCallFilter= means the same here, and @sandbox, which our profiles use.
 *
 * @sandbox is what ordinary programs, shells, compilers, language runtimes and debuggers need:
 * @system-service, with ptrace (gdb, strace: it reaches no further than the pid namespace and the same user,
 * and is checked by this filter again), @pkey, mincore, seccomp, Landlock and the successors of calls that
 * are in; without what exposes much of the kernel to little use: keyrings (user keyrings reach beyond the
 * sandbox), io_uring (does the work of other calls unseen by any filter), userfaultfd, kcmp, file handles,
 * moving pages between nodes. clone, unshare and setns are in, since RestrictNamespaces= decides about
 * namespaces.
 */
#include "config/syscalls.h"

#include "config/text.h"

#include <string.h>

enum {
	DEFAULT = 1 << 0,
	AIO = 1 << 1,
	BASIC_IO = 1 << 2,
	CHOWN = 1 << 3,
	CLOCK = 1 << 4,
	CPU_EMULATION = 1 << 5,
	DEBUG = 1 << 6,
	FILE_SYSTEM = 1 << 7,
	IO_EVENT = 1 << 8,
	IPC = 1 << 9,
	KEYRING = 1 << 10,
	MEMLOCK = 1 << 11,
	MODULE = 1 << 12,
	MOUNT = 1 << 13,
	NETWORK_IO = 1 << 14,
	OBSOLETE = 1 << 15,
	PKEY = 1 << 16,
	PRIVILEGED = 1 << 17,
	PROCESS = 1 << 18,
	RAW_IO = 1 << 19,
	REBOOT = 1 << 20,
	RESOURCES = 1 << 21,
	SETUID = 1 << 22,
	SIGNAL = 1 << 23,
	SWAP = 1 << 24,
	SYNC = 1 << 25,
	SYSTEM_SERVICE = 1 << 26,
	TIMER = 1 << 27,
	SANDBOX = 1 << 28,
	EVERY = -1, /* also rows without a group */
};

/* The names one after another, found by their offset: pointers would have to be relocated at each start. */
static const struct syscall_names {
#define SYSCALL(name, x86_64, aarch64, groups) char name_##name[sizeof(#name)];
#include "config/syscalls.def"
#undef SYSCALL
} names = {
#define SYSCALL(name, x86_64, aarch64, groups) #name,
#include "config/syscalls.def"
#undef SYSCALL
};

static const struct syscall_row {
	int groups;
	short number; /* native, -1: none */
	unsigned short name;
} rows[] = {
#define SYSCALL(name, x86_64, aarch64, groups)                                                                         \
	{(groups), SYSCALL_NATIVE(x86_64, aarch64), offsetof(struct syscall_names, name_##name)},
#include "config/syscalls.def"
#undef SYSCALL
};

#define SYSCALL(name, x86_64, aarch64, groups)                                                                         \
	_Static_assert((x86_64) < SYSCALL_NUMBERS && (aarch64) < SYSCALL_NUMBERS, #name);
#include "config/syscalls.def"
#undef SYSCALL

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* A group is every row with one of its bits. */
static const struct {
	char name[20];
	int groups;
} groups[] = {
        {"@aio",            AIO                                                                                                           },
        {"@basic-io",       BASIC_IO                                                                                                      },
        {"@chown",          CHOWN                                                                                                         },
        {"@clock",          CLOCK                                                                                                         },
        {"@cpu-emulation",  CPU_EMULATION                                                                                                 },
        {"@debug",          DEBUG                                                                                                         },
        {"@default",        DEFAULT                                                                                                       },
        {"@file-system",    FILE_SYSTEM                                                                                                   },
        {"@io-event",       IO_EVENT                                                                                                      },
        {"@ipc",            IPC                                                                                                           },
        {"@keyring",        KEYRING                                                                                                       },
        {"@known",          EVERY                                                                                                         },
        {"@memlock",        MEMLOCK                                                                                                       },
        {"@module",         MODULE                                                                                                        },
        {"@mount",          MOUNT                                                                                                         },
        {"@network-io",     NETWORK_IO                                                                                                    },
        {"@obsolete",       OBSOLETE                                                                                                      },
        {"@pkey",           PKEY                                                                                                          },
        {"@privileged",     PRIVILEGED | CHOWN | CLOCK | MODULE | RAW_IO | REBOOT | SWAP                                                  },
        {"@process",        PROCESS                                                                                                       },
        {"@raw-io",         RAW_IO                                                                                                        },
        {"@reboot",         REBOOT                                                                                                        },
        {"@resources",      RESOURCES                                                                                                     },
        {"@sandbox",        SANDBOX                                                                                                       },
        {"@setuid",         SETUID                                                                                                        },
        {"@signal",         SIGNAL                                                                                                        },
        {"@swap",           SWAP                                                                                                          },
        {"@sync",           SYNC                                                                                                          },
        {"@system-service", SYSTEM_SERVICE | AIO | BASIC_IO | CHOWN | DEFAULT | FILE_SYSTEM | IO_EVENT | IPC | KEYRING |
                                    MEMLOCK | NETWORK_IO | PROCESS | RESOURCES | SETUID | SIGNAL | SYNC | TIMER},
        {"@timer",          TIMER                                                                                                         },
};

enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

static const char *row_name(const struct syscall_row *row)
{
	return (const char *)&names + row->name;
}

static void set_add(struct syscall_set *set, int number)
{
	if (number >= 0)
		set->bits[number / 64] |= UINT64_C(1) << number % 64;
}

static void set_add_groups(struct syscall_set *set, int bits)
{
	for (size_t i = 0; i < ROWS; i++)
		if (bits == EVERY || rows[i].groups & bits)
			set_add(set, rows[i].number);
}

static int compare(const char *word, size_t length, const char *name)
{
	int order = strncmp(word, name, length);

	return order ? order : -(name[length] != '\0');
}

static const struct syscall_row *find_row(const char *word, size_t length)
{
	size_t low = 0, high = ROWS;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = compare(word, length, row_name(&rows[middle]));
		if (order == 0)
			return &rows[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

int syscall_word(const char *word, size_t length, struct syscall_set *ret_set)
{
	memset(ret_set, 0, sizeof(*ret_set));
	if (length > 0 && *word == '@') {
		for (size_t i = 0; i < GROUPS; i++)
			if (compare(word, length, groups[i].name) == 0) {
				set_add_groups(ret_set, groups[i].groups);
				return 0;
			}
		return -1;
	}
	const struct syscall_row *row = find_row(word, length);
	if (!row)
		return -1;
	set_add(ret_set, row->number);
	return 0;
}

void syscall_set_begin(struct syscall_set *ret_set, const char *first_word)
{
	memset(ret_set, 0, sizeof(*ret_set));
	set_add_groups(ret_set, !first_word || *first_word == '~' ? EVERY : DEFAULT);
}

int syscall_set_apply(struct syscall_set *set, const char *word)
{
	bool refuse = *word == '~';
	struct syscall_set named;

	word += refuse;
	if (syscall_word(word, strlen(word), &named) != 0)
		return -1;
	for (size_t i = 0; i < SYSCALL_NUMBERS / 64; i++) {
		if (refuse)
			set->bits[i] &= ~named.bits[i];
		else
			set->bits[i] |= named.bits[i];
	}
	return 0;
}

int syscall_number(const char *name)
{
	const struct syscall_row *row = find_row(name, strlen(name));

	return row ? row->number : -2;
}

const char *syscall_name(unsigned number)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].number >= 0 && (unsigned)rows[i].number == number)
			return row_name(&rows[i]);
	return NULL;
}

const char *syscall_nearest(const char *word, size_t length)
{
	const char *nearest = NULL;
	unsigned best = length < 5 ? 2 : 3; /* one or two slips */

	for (size_t i = 0; i < ROWS + GROUPS; i++) {
		const char *name = i < ROWS ? row_name(&rows[i]) : groups[i - ROWS].name;
		unsigned distance = text_distance(word, length, name, strlen(name));
		if (distance < best) {
			best = distance;
			nearest = name;
		}
	}
	return nearest;
}
