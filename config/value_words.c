/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of lists: for each row of config/keys.def that names a check, what its words may be. */
#include "config/value.h"

#include "config/numbers.h"
#include "config/plan.h"
#include "config/syscalls.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool value_is_name(const char *text, size_t length)
{
	if (length == 0 || length > 64 || !(is_letter(text[0]) || is_digit(text[0]) || text[0] == '_'))
		return false;
	for (size_t i = 1; i < length; i++)
		if (!(is_letter(text[i]) || is_digit(text[i]) || text[i] == '_' || text[i] == '.' || text[i] == '-'))
			return false;
	return true;
}

static bool equals(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* --- names --- */

static const char *check_name(const char *text, size_t length, size_t index)
{
	(void)index;
	return value_is_name(text, length) ? NULL : "a name of letters, digits, \"_\", \".\" and \"-\"";
}

/* Accounts of domains hold blanks and backslashes; a colon or a slash is in none (passwd(5)). */
static const char *check_account(const char *text, size_t length, size_t index)
{
	(void)index;
	bool fine = length > 0 && length <= 255 && !memchr(text, ':', length) && !memchr(text, '/', length) &&
	            !memchr(text, '\n', length);
	return fine ? NULL : "the name of an account or group";
}

/* Names of files below /etc/pam.d. */
static const char *check_service(const char *text, size_t length, size_t index)
{
	(void)index;
	return value_is_name(text, length) ? NULL : "the name of a PAM service";
}

static bool is_variable(const char *text, size_t length)
{
	if (length == 0 || is_digit(text[0]))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!(is_letter(text[i]) || is_digit(text[i]) || text[i] == '_'))
			return false;
	return true;
}

static const char *check_variable(const char *text, size_t length, size_t index)
{
	(void)index;
	return is_variable(text, length) ? NULL : "the name of an environment variable";
}

static const char *check_assignment(const char *text, size_t length, size_t index)
{
	const char *equal = memchr(text, '=', length), *at;

	(void)index;
	if (!equal || !is_variable(text, (size_t)(equal - text)))
		return "NAME=VALUE";
	return value_specifiers_known(text, length, &at) ? NULL : "NAME=VALUE with a known specifier after each %";
}

static const char *check_etc_file(const char *text, size_t length, size_t index)
{
	static const char expected[] = "a path relative to /etc without . or ..";

	(void)index;
	if (length > 0 && *text == '-') {
		text++;
		length--;
	}
	if (length == 0 || *text == '/')
		return expected;
	for (size_t i = 0, part = 0; i <= length; i++) {
		if (i < length && text[i] != '/')
			continue;
		size_t size = i - part;
		bool empty = size == 0 && i != length; /* a slash at the end is fine */
		if (empty || (size == 1 && text[part] == '.') || (size == 2 && memcmp(text + part, "..", 2) == 0))
			return expected;
		part = i + 1;
	}
	return NULL;
}

/* --- privilege --- */

/* In the order of their numbers, linux/capability.h. */
static const char *const capabilities[] = {"CAP_CHOWN",
                                           "CAP_DAC_OVERRIDE",
                                           "CAP_DAC_READ_SEARCH",
                                           "CAP_FOWNER",
                                           "CAP_FSETID",
                                           "CAP_KILL",
                                           "CAP_SETGID",
                                           "CAP_SETUID",
                                           "CAP_SETPCAP",
                                           "CAP_LINUX_IMMUTABLE",
                                           "CAP_NET_BIND_SERVICE",
                                           "CAP_NET_BROADCAST",
                                           "CAP_NET_ADMIN",
                                           "CAP_NET_RAW",
                                           "CAP_IPC_LOCK",
                                           "CAP_IPC_OWNER",
                                           "CAP_SYS_MODULE",
                                           "CAP_SYS_RAWIO",
                                           "CAP_SYS_CHROOT",
                                           "CAP_SYS_PTRACE",
                                           "CAP_SYS_PACCT",
                                           "CAP_SYS_ADMIN",
                                           "CAP_SYS_BOOT",
                                           "CAP_SYS_NICE",
                                           "CAP_SYS_RESOURCE",
                                           "CAP_SYS_TIME",
                                           "CAP_SYS_TTY_CONFIG",
                                           "CAP_MKNOD",
                                           "CAP_LEASE",
                                           "CAP_AUDIT_WRITE",
                                           "CAP_AUDIT_CONTROL",
                                           "CAP_SETFCAP",
                                           "CAP_MAC_OVERRIDE",
                                           "CAP_MAC_ADMIN",
                                           "CAP_SYSLOG",
                                           "CAP_WAKE_ALARM",
                                           "CAP_BLOCK_SUSPEND",
                                           "CAP_AUDIT_READ",
                                           "CAP_PERFMON",
                                           "CAP_BPF",
                                           "CAP_CHECKPOINT_RESTORE"};

int value_capability(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		if (equals(name, length, capabilities[i]))
			return (int)i;
	return -1;
}

static const char *check_capability(const char *text, size_t length, size_t index)
{
	(void)index;
	if (length > 0 && *text == '~') {
		text++;
		length--;
	}
	return value_capability(text, length) >= 0 ? NULL : "a capability (CAP_...)";
}

static const struct {
	const char *name;
	int number;
} families[] = {
        {"AF_UNIX",       AF_UNIX      },
        {"AF_LOCAL",      AF_UNIX      },
        {"AF_INET",       AF_INET      },
        {"AF_AX25",       AF_AX25      },
        {"AF_IPX",        AF_IPX       },
        {"AF_APPLETALK",  AF_APPLETALK },
        {"AF_NETROM",     AF_NETROM    },
        {"AF_BRIDGE",     AF_BRIDGE    },
        {"AF_ATMPVC",     AF_ATMPVC    },
        {"AF_X25",        AF_X25       },
        {"AF_INET6",      AF_INET6     },
        {"AF_ROSE",       AF_ROSE      },
        {"AF_NETBEUI",    AF_NETBEUI   },
        {"AF_SECURITY",   AF_SECURITY  },
        {"AF_KEY",        AF_KEY       },
        {"AF_NETLINK",    AF_NETLINK   },
        {"AF_PACKET",     AF_PACKET    },
        {"AF_ECONET",     AF_ECONET    },
        {"AF_ATMSVC",     AF_ATMSVC    },
        {"AF_RDS",        AF_RDS       },
        {"AF_IRDA",       AF_IRDA      },
        {"AF_PPPOX",      AF_PPPOX     },
        {"AF_WANPIPE",    AF_WANPIPE   },
        {"AF_LLC",        AF_LLC       },
        {"AF_IB",         AF_IB        },
        {"AF_MPLS",       AF_MPLS      },
        {"AF_CAN",        AF_CAN       },
        {"AF_TIPC",       AF_TIPC      },
        {"AF_BLUETOOTH",  AF_BLUETOOTH },
        {"AF_IUCV",       AF_IUCV      },
        {"AF_RXRPC",      AF_RXRPC     },
        {"AF_ISDN",       AF_ISDN      },
        {"AF_PHONET",     AF_PHONET    },
        {"AF_IEEE802154", AF_IEEE802154},
        {"AF_CAIF",       AF_CAIF      },
        {"AF_ALG",        AF_ALG       },
        {"AF_NFC",        AF_NFC       },
        {"AF_VSOCK",      AF_VSOCK     },
        {"AF_KCM",        AF_KCM       },
        {"AF_QIPCRTR",    AF_QIPCRTR   },
        {"AF_SMC",        AF_SMC       },
        {"AF_XDP",        AF_XDP       },
};

int value_family(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (equals(name, length, families[i].name))
			return families[i].number;
	return -1;
}

static const char *check_family(const char *text, size_t length, size_t index)
{
	if (equals(text, length, "none"))
		return index == 0 ? NULL : "\"none\" alone";
	if (length > 0 && *text == '~') {
		text++;
		length--;
	}
	return value_family(text, length) >= 0 ? NULL : "an address family (AF_UNIX, AF_INET, ...)";
}

static const char *check_architecture(const char *text, size_t length, size_t index)
{
	static const char *const names[] = {"native",   "x86",     "x86-64",    "x32",     "arm",        "arm64",
	                                    "mips",     "mips64",  "mips64-le", "mips-le", "ppc",        "ppc64",
	                                    "ppc64-le", "riscv64", "s390",      "s390x",   "loongarch64"};

	(void)index;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (equals(text, length, names[i]))
			return NULL;
	return "an architecture (native, x86-64, x86, arm64, ...)";
}

static const char *check_syscall(const char *text, size_t length, size_t index)
{
	struct syscall_set unused;

	(void)index;
	if (length > 0 && *text == '~') {
		text++;
		length--;
	}
	return syscall_word(text, length, &unused) == 0 ? NULL : "a system call or @group";
}

/* --- numbers --- */

static bool read_number(const char *text, size_t length, uint64_t maximum, uint64_t *ret_number)
{
	uint64_t last;

	return !memchr(text, '-', length) && numbers_range(text, length, maximum, ret_number, &last);
}

static bool is_range(const char *text, size_t length, uint64_t minimum, uint64_t maximum)
{
	uint64_t first, last;

	return numbers_range(text, length, maximum, &first, &last) && first >= minimum;
}

static const char *check_index(const char *text, size_t length, size_t index)
{
	(void)index;
	return is_range(text, length, 0, 8191) ? NULL : "a number or range (0-3)";
}

static const char *check_port(const char *text, size_t length, size_t index)
{
	if (equals(text, length, "none"))
		return index == 0 ? NULL : "\"none\" alone";
	return is_range(text, length, 1, 65535) ? NULL : "a port, a range of ports (8000-8080) or none";
}

static const char *check_descriptor(const char *text, size_t length, size_t index)
{
	uint64_t number;

	(void)index;
	return read_number(text, length, PLAN_DESCRIPTOR_MAX, &number) && number > 2
	               ? NULL
	               : "the number of a descriptor, 3 to 63";
}

static bool is_amount(const char *text, size_t length)
{
	uint64_t number;

	if (equals(text, length, "infinity"))
		return true;
	if (length > 1 && strchr("KMGT", text[length - 1]))
		length--;
	return read_number(text, length, UINT64_MAX >> 41, &number);
}

/* --- devices --- */

static bool starts_with(const char *text, size_t length, const char *prefix)
{
	size_t size = strlen(prefix);

	return length > size && memcmp(text, prefix, size) == 0;
}

static const char *check_device(const char *text, size_t length, size_t index)
{
	if (starts_with(text, length, "/dev/") || starts_with(text, length, "char-") ||
	    starts_with(text, length, "block-"))
		return NULL;
	bool access = index > 0 && length > 0 && length <= 3;
	for (size_t i = 0; access && i < length; i++)
		access = strchr("rwm", text[i]) && !memchr(text, text[i], i);
	return access ? NULL : "a device (/dev/..., char-..., block-...), then any of r, w, m";
}

static const char *check_device_weight(const char *text, size_t length, size_t index)
{
	uint64_t weight;

	if (index % 2 == 0)
		return *text == '/' ? NULL : "the path of a device, then its weight";
	return read_number(text, length, 10000, &weight) && weight > 0 ? NULL : "a weight from 1 to 10000";
}

static const char *check_device_rate(const char *text, size_t length, size_t index)
{
	if (index % 2 == 0)
		return *text == '/' ? NULL : "the path of a device, then its rate";
	return is_amount(text, length) ? NULL : "a rate (10M) or infinity";
}

static const char *check_huge_page(const char *text, size_t length, size_t index)
{
	if (is_amount(text, length))
		return NULL;
	return index % 2 == 0 ? "the size of a page (2M), then the most of it" : "a size (64M) or infinity";
}

static const char *check_interface_priority(const char *text, size_t length, size_t index)
{
	uint64_t priority;

	if (index % 2 == 0)
		return length < 16 && value_is_name(text, length) ? NULL
		                                                  : "the name of an interface, then its priority";
	return read_number(text, length, UINT32_MAX, &priority) ? NULL : "a priority";
}

/* --- the table --- */

static const struct word_check {
	const char *name;
	const char *(*check)(const char *text, size_t length, size_t index);
	bool inverts;
} checks[] = {
        {"service",            check_service,            false},
        {"account",            check_account,            false},
        {"name",               check_name,               false},
        {"etc-file",           check_etc_file,           false},
        {"assignment",         check_assignment,         false},
        {"variable",           check_variable,           false},
        {"capability",         check_capability,         true },
        {"syscall",            check_syscall,            true },
        {"family",             check_family,             true },
        {"architecture",       check_architecture,       false},
        {"index",              check_index,              false},
        {"port",               check_port,               false},
        {"descriptor",         check_descriptor,         false},
        {"device",             check_device,             false},
        {"device-weight",      check_device_weight,      false},
        {"device-rate",        check_device_rate,        false},
        {"huge-page",          check_huge_page,          false},
        {"interface-priority", check_interface_priority, false},
};

static const struct word_check *find_check(const struct key *key)
{
	size_t length;

	if (!key->words)
		return NULL;
	length = strcspn(key->words, "?");
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (strlen(checks[i].name) == length && memcmp(checks[i].name, key->words, length) == 0)
			return &checks[i];
	return NULL;
}

const char *value_word_check(const struct key *key, const char *text, size_t length, size_t index)
{
	const struct word_check *check = find_check(key);

	if (!check)
		return "nothing: the key table names no check";
	return length == 0 ? "a word that is not empty" : check->check(text, length, index);
}

bool value_words_invert(const struct key *key)
{
	const struct word_check *check = find_check(key);

	return check && check->inverts;
}
