/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a command, follows every process that takes part in building its sandbox, and lets exactly one system call of exactly
 * one of them fail, or ends that process there. Then lets go: the payload is never traced, so it sees the world it would see.
 *
 *	inject FILE -- COMMAND...                 FILE: a line "role call n object when" for each call, tab separated
 *	inject FILE ROLE CALL N ERROR -- COMMAND  ERROR: a number of errno(3), or KILL. FILE: "hit", if it came to that
 *
 * strace(1) cannot do this: its when= counts in every process alike, so what the supervisor calls N times can never be made
 * to fail in a process made later. A role is a process between two execve(2):
 *
 *	supervisor  sandbox-helper            login       the program that opens a PAM session
 *	init        PID 1, from its clone     between     of the module's two forks the first
 *	network     its thread                asking      the second, until it executes the helper
 *	payload     until its execve          person      what the login program starts, until it executes the door
 *	offer       a session's, to be joined door        sandbox-door, until its execve
 *	lookup      sandbox-lookup
 *
 * "when" is "after" once a payload was executed; then FILE has "began" too, and the payload's lines of /proc/PID/cgroup.
 * Ends as the command ends, but not before all that it follows has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/syscalls.h"

#ifndef __x86_64__
#error "registers are those of x86-64"
#endif

enum { PROCESSES_MAX = 64, OBJECT = 512 };

struct process {
	pid_t pid;
	const char *role; /* NULL: not yet known, or of no interest */
	bool waiting;     /* stopped until its role is known */
	long error;       /* what its present call is to fail with; 0: nothing */
	unsigned counts[SYSCALL_NUMBERS];
};

static struct process processes[PROCESSES_MAX];
static FILE *record;
static bool began;

/* What is to happen; role NULL: nothing, calls are recorded. */
static struct {
	const char *role, *call;
	unsigned number;
	long error; /* 0: SIGKILL */
} fault;

static void fail(const char *what)
{
	perror(what);
	exit(99);
}

/* --- processes ----------------------------------------------------------------------------------------------------------*/

static struct process *find(pid_t pid)
{
	for (size_t i = 0; i < PROCESSES_MAX; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	return NULL;
}

static struct process *find_or_add(pid_t pid)
{
	struct process *process = find(pid);

	if (process)
		return process;
	process = find(0);
	if (!process)
		fail("too many processes");
	memset(process, 0, sizeof(*process));
	process->pid = pid;
	return process;
}

static bool same_link(pid_t one, pid_t other, const char *name)
{
	char path[64], first[64] = "", second[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/%s", one, name);
	ssize_t length = readlink(path, first, sizeof(first) - 1);
	snprintf(path, sizeof(path), "/proc/%d/%s", other, name);
	return length > 0 && readlink(path, second, sizeof(second) - 1) == length && strcmp(first, second) == 0;
}

static const char *role_of_child(const struct process *parent, pid_t child, int event)
{
	const char *role = parent->role ? parent->role : "";

	if (strcmp(role, "supervisor") == 0)
		return same_link(parent->pid, child, "ns/pid") ? "lookup" : "init";
	if (strcmp(role, "init") == 0)
		return event == PTRACE_EVENT_VFORK ? "payload" : event == PTRACE_EVENT_FORK ? "offer" : "network";
	if (strcmp(role, "login") == 0)
		return event == PTRACE_EVENT_CLONE ? "between" : "person";
	return strcmp(role, "between") == 0 ? "asking" : NULL;
}

/* Of what was executed, whatever path it has where it was executed. NULL: somebody else's program. */
static const char *role_of_program(pid_t pid)
{
	static const char *const programs[][2] = {
	        {LIBEXECDIR "/sandbox-helper",    "supervisor"},
	        {LIBEXECDIR "/sandbox-lookup",    "lookup"    },
	        {LIBEXECDIR "/door/sandbox-door", "door"      },
	        {LIBEXECDIR "/fault-login",       "login"     },
	};
	struct stat executed, program;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &executed) != 0)
		return NULL;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (stat(programs[i][0], &program) == 0 && program.st_dev == executed.st_dev &&
		    program.st_ino == executed.st_ino)
			return programs[i][1];
	return NULL;
}

/* --- what a call is about -------------------------------------------------------------------------------------------------*/

/* Arguments by kind: s text, f descriptor, d directory descriptor, x number, - nothing. Others have no object. */
static const char *const shapes[][2] = {
        {"access",        "s"   },
        {"chdir",         "s"   },
        {"clone3",        ""    },
        {"close",         "f"   },
        {"close_range",   "xxx" },
        {"connect",       "f"   },
        {"dup",           "f"   },
        {"dup2",          "fx"  },
        {"execve",        "s"   },
        {"faccessat",     "ds"  },
        {"faccessat2",    "ds"  },
        {"fchdir",        "f"   },
        {"fcntl",         "fx"  },
        {"fsconfig",      "-xs" },
        {"fsopen",        "s"   },
        {"fstat",         "f"   },
        {"fstatfs",       "f"   },
        {"getdents64",    "f"   },
        {"getrlimit",     "x"   },
        {"ioctl",         "fx"  },
        {"keyctl",        "x"   },
        {"lseek",         "f"   },
        {"mkdir",         "s"   },
        {"mkdirat",       "ds"  },
        {"mknod",         "s"   },
        {"mknodat",       "ds"  },
        {"mount",         "sssx"},
        {"mount_setattr", "ds"  },
        {"move_mount",    "fsfs"},
        {"newfstatat",    "ds"  },
        {"open",          "s"   },
        {"open_tree",     "ds"  },
        {"openat",        "ds"  },
        {"openat2",       "ds"  },
        {"pivot_root",    "ss"  },
        {"prctl",         "xx"  },
        {"pread64",       "f"   },
        {"prlimit64",     "xx"  },
        {"read",          "f"   },
        {"readlink",      "s"   },
        {"readlinkat",    "ds"  },
        {"recvmsg",       "f"   },
        {"renameat",      "dsds"},
        {"renameat2",     "dsds"},
        {"rmdir",         "s"   },
        {"rt_sigaction",  "x"   },
        {"sendfile",      "ff"  },
        {"sendmsg",       "f"   },
        {"setns",         "fx"  },
        {"setrlimit",     "x"   },
        {"statfs",        "s"   },
        {"symlink",       "ss"  },
        {"umount2",       "s"   },
        {"unlinkat",      "ds"  },
        {"unshare",       "x"   },
        {"write",         "f"   },
};

/* Text at an address of the process, cut to what fits and to what can be printed. */
static void read_text(pid_t pid, unsigned long long address, char *text, size_t size)
{
	size_t length = 0;

	while (length + 1 < size) {
		size_t room = 4096 - (size_t)((address + length) & 4095);
		struct iovec local = {text + length, room < size - 1 - length ? room : size - 1 - length};
		struct iovec remote = {(void *)(uintptr_t)(address + length), local.iov_len};
		ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
		if (got <= 0)
			break;
		if (memchr(text + length, 0, (size_t)got)) {
			length += strlen(text + length);
			break;
		}
		length += (size_t)got;
	}
	text[length] = '\0';
	for (char *byte = text; *byte; byte++)
		if (*byte < 0x20 || *byte > 0x7e)
			*byte = '?';
}

static void read_descriptor(pid_t pid, int fd, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	ssize_t length = readlink(path, text, size - 1);
	text[length > 0 ? length : 0] = '\0';
}

static void describe(pid_t pid, const char *name, const unsigned long long *arguments, char *object)
{
	const char *shape = "";
	size_t length = 0;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strcmp(shapes[i][0], name) == 0)
			shape = shapes[i][1];
	object[0] = '\0';
	for (size_t i = 0; shape[i]; i++) {
		char text[256];
		if (shape[i] == 's' && arguments[i] != 0)
			read_text(pid, arguments[i], text, sizeof(text));
		else if (shape[i] == 'f' || (shape[i] == 'd' && (int)arguments[i] >= 0))
			read_descriptor(pid, (int)arguments[i], text, sizeof(text));
		else if (shape[i] == 'x')
			snprintf(text, sizeof(text), "%llu", arguments[i]);
		else
			continue;
		length += (size_t)snprintf(object + length, OBJECT - length, "%s%s", length ? " " : "", text);
		if (length >= OBJECT)
			break;
	}
}

/* --- calls ----------------------------------------------------------------------------------------------------------------*/

/* A call that fails did nothing, so another takes its place; getpid(2) no filter forbids. But close(2) closes, whatever it
 * returns. */
static void strike(struct process *process, const char *name)
{
	struct user_regs_struct registers;

	if (fault.error == 0) {
		if (kill(process->pid, SIGKILL) != 0)
			fail("kill");
		return;
	}
	process->error = fault.error;
	if (strcmp(name, "close") == 0)
		return;
	if (ptrace(PTRACE_GETREGS, process->pid, NULL, &registers) != 0)
		fail("read registers");
	registers.orig_rax = SYS_getpid;
	if (ptrace(PTRACE_SETREGS, process->pid, NULL, &registers) != 0)
		fail("set registers");
}

static void answer(struct process *process)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, process->pid, NULL, &registers) != 0)
		fail("read registers");
	registers.rax = (unsigned long long)-process->error;
	if (ptrace(PTRACE_SETREGS, process->pid, NULL, &registers) != 0)
		fail("set registers");
	process->error = 0;
}

static void entered(struct process *process, unsigned long long number, const unsigned long long *arguments)
{
	const char *name = number < SYSCALL_NUMBERS ? syscall_name((unsigned)number) : NULL;
	char object[OBJECT];

	if (!name || !process->role || !*process->role)
		return;
	unsigned count = ++process->counts[number];
	bool hit = fault.role && strcmp(fault.role, process->role) == 0 && strcmp(fault.call, name) == 0 &&
	           count == fault.number;
	if (!fault.role) {
		describe(process->pid, name, arguments, object);
		fprintf(record, "%s\t%s\t%u\t%s\t%s\n", process->role, name, count, object, began ? "after" : "before");
	} else if (hit) {
		fprintf(record, "hit\n");
		strike(process, name);
	}
}

static void call_stop(struct process *process)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof(info), &info) <= 0)
		return; /* killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		entered(process, info.entry.nr, (const unsigned long long *)info.entry.args);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT && process->error)
		answer(process);
}

/* The payload's cgroups and their limits as they are seen from outside: it cannot tell itself. */
static void note_limits(const char *controllers, const char *group)
{
	static const char *const files[] = {"pids.max", "memory.limit_in_bytes", "memory.max", "cpu.cfs_quota_us", "cpu.max"};
	char path[4096], value[128];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s%s/%s", controllers, group, files[i]);
		FILE *file = fopen(path, "re");
		if (file && fgets(value, sizeof(value), file))
			fprintf(record, "cgroup %s %s", path, value);
		if (file)
			fclose(file);
	}
}

static void note_cgroups(pid_t pid)
{
	char path[64], line[4096];

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		char *group = strstr(line, "/sandbox-run/"), *controllers = strchr(line, ':') + 1;
		if (!group)
			continue;
		group[strcspn(group, "\n")] = '\0';
		fprintf(record, "cgroup %s\n", line);
		*strchr(controllers, ':') = '\0';
		note_limits(*controllers ? controllers : "unified", group);
		*strrchr(group, '/') = '\0'; /* a session's limits are on the one above */
		note_limits(*controllers ? controllers : "unified", group);
	}
	if (file)
		fclose(file);
}

/* --- stops ----------------------------------------------------------------------------------------------------------------*/

static void resume(const struct process *process, int signal_number)
{
	if (ptrace(PTRACE_SYSCALL, process->pid, NULL, (void *)(long)signal_number) != 0 && errno != ESRCH)
		fail("continue");
}

static void made_child(struct process *parent, int event)
{
	unsigned long message = 0;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &message) != 0)
		return;
	struct process *child = find_or_add((pid_t)message);
	child->role = role_of_child(parent, child->pid, event);
	if (!child->role)
		child->role = ""; /* known, and of no interest */
	if (child->waiting) {
		child->waiting = false;
		resume(child, 0);
	}
}

static void executed(struct process *process)
{
	const char *before = process->role ? process->role : "";
	const char *role = role_of_program(process->pid);

	/* Entered by root, or by whom the door brought in: what runs now is the payload. */
	if (!role && (strcmp(before, "payload") == 0 || strcmp(before, "door") == 0 || strcmp(before, "person") == 0)) {
		began = true;
		fprintf(record, "began\n");
		note_cgroups(process->pid);
		if (ptrace(PTRACE_DETACH, process->pid, NULL, NULL) != 0 && errno != ESRCH)
			fail("let go");
		process->pid = 0;
		return;
	}
	process->role = role ? role : "";
	memset(process->counts, 0, sizeof(process->counts));
	resume(process, 0);
}

static void stopped(pid_t pid, int status)
{
	int signal_number = WSTOPSIG(status), event = status >> 16;
	struct process *process = find_or_add(pid);

	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
		made_child(process, event);
		resume(process, 0);
	} else if (event == PTRACE_EVENT_EXEC) {
		executed(process);
	} else if (signal_number == (SIGTRAP | 0x80)) {
		call_stop(process);
		resume(process, 0);
	} else if (signal_number == SIGSTOP && !process->role) {
		process->waiting = true; /* new: its parent's stop will tell who it is */
	} else {
		resume(process, signal_number == SIGSTOP ? 0 : signal_number);
	}
}

static int follow(pid_t first)
{
	int status, result = 99;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status)) {
			stopped(pid, status);
			continue;
		}
		if (pid == first)
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		struct process *process = pid > 0 ? find(pid) : NULL;
		if (process)
			process->pid = 0;
	}
	return result;
}

static void start(char **command)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || raise(SIGSTOP) != 0)
		fail("be traced");
	execvp(command[0], command);
	fail(command[0]);
}

int main(int argc, char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
	                     PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	char **command = argc > 3 && strcmp(argv[2], "--") == 0   ? argv + 3
	                 : argc > 7 && strcmp(argv[6], "--") == 0 ? argv + 7
	                                                          : NULL;
	int status;

	if (!command) {
		fprintf(stderr, "usage: inject FILE [ROLE CALL N ERROR] -- COMMAND...\n");
		return 99;
	}
	if (command == argv + 7) {
		fault.role = argv[2];
		fault.call = argv[3];
		fault.number = (unsigned)atoi(argv[4]);
		fault.error = atoi(argv[5]);
	}
	record = fopen(argv[1], "we");
	if (!record)
		fail(argv[1]);
	pid_t first = fork();
	if (first < 0)
		fail("fork");
	if (first == 0)
		start(command);
	if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, first, NULL, (void *)options) != 0)
		fail("trace");
	find_or_add(first)->role = "";
	resume(find(first), 0);
	return follow(first);
}
