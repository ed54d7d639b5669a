/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Executes a command on a kernel that lacks some calls, as far as a filter can make one look so:
 *
 *	fault-without ENOSYS|EPERM CALL[,CALL...] COMMAND...
 *
 * As root: a filter loaded with CAP_SYS_ADMIN needs no no_new_privs (seccomp(2)), under which a set-uid helper would be none.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/syscalls.h"

enum { CALLS_MAX = 32 };

int main(int argc, char **argv)
{
	struct sock_filter filter[2 * CALLS_MAX + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = {.len = 1, .filter = filter};

	if (argc < 4 || (strcmp(argv[1], "ENOSYS") != 0 && strcmp(argv[1], "EPERM") != 0)) {
		fprintf(stderr, "usage: fault-without ENOSYS|EPERM CALL[,CALL...] COMMAND...\n");
		return 99;
	}
	unsigned error = strcmp(argv[1], "EPERM") == 0 ? EPERM : ENOSYS;
	for (char *name = strtok(argv[2], ","); name; name = strtok(NULL, ",")) {
		unsigned number = 0;
		while (number < SYSCALL_NUMBERS && (!syscall_name(number) || strcmp(syscall_name(number), name) != 0))
			number++;
		if (number == SYSCALL_NUMBERS || program.len >= 2 * CALLS_MAX) {
			fprintf(stderr, "fault-without: there is no call %s\n", name);
			return 99;
		}
		filter[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
		filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
	}
	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
		perror("fault-without: load a filter");
		return 99;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 99;
}
