/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What our own processes may still ask of the kernel after set-up, as lists. Everything else is EPERM: a process taken over
 * through a bug has nothing to go on with.
 */
#include "helper/own_filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/filter.h"
#include "helper/die.h"

static const int waiting[] = {
	SYS_read,	 SYS_write,	  SYS_close,	      SYS_ppoll,	  SYS_recvmsg,
	SYS_sendmsg,	 SYS_sendto,	  SYS_wait4,	  SYS_waitid,	      SYS_exit_group,	  SYS_exit,
	SYS_ioctl,	 SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_restart_syscall, SYS_timerfd_settime,
	SYS_clock_gettime, SYS_getpid,	  SYS_gettid,
#ifdef SYS_poll
	SYS_poll,
#endif
#ifdef SANITIZED /* what the runtimes ask for: memory, and to make a report */
	SYS_mmap,	 SYS_munmap,	  SYS_mremap,	      SYS_mprotect,	  SYS_madvise,
	SYS_futex,	 SYS_sched_yield, SYS_sigaltstack,    SYS_rt_sigaction,	  SYS_prlimit64,
	SYS_openat,	 SYS_newfstatat,  SYS_fstat,	      SYS_lseek,	  SYS_readlinkat,
	SYS_pipe2,	 SYS_tgkill,	  SYS_fcntl,
#ifdef SYS_readlink
	SYS_open,	 SYS_stat,	  SYS_readlink,	      SYS_pipe,
#endif
#endif
};

static const int supervising[] = {
	SYS_openat,	SYS_openat2,	SYS_newfstatat,	 SYS_fstat,	SYS_fstatfs,	    SYS_statfs,
	SYS_unlinkat,	SYS_getdents64, SYS_lseek,	 SYS_fcntl,	SYS_dup,	    SYS_pread64,
	SYS_brk,	SYS_mmap,	SYS_munmap,	 SYS_mremap,	SYS_futex,	    SYS_clock_nanosleep,
	SYS_getpgid,	SYS_getsid,	SYS_tgkill,	 SYS_kill,	SYS_flock,
	SYS_mprotect,	SYS_setresuid, /* without capabilities: among the ids it has */
#ifdef SYS_getpgrp
	SYS_getpgrp,
#endif
#ifdef SYS_rmdir
	SYS_rmdir,	SYS_unlink,
#endif
};

static const int initial[] = {SYS_kill};

static void allow(struct filter_rules *rules, const int *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rules->actions[numbers[i]] = SECCOMP_RET_ALLOW;
}

static void load(const int *numbers, size_t count)
{
	static struct filter_rules rules;
	static struct filter_program program;

	for (size_t i = 0; i < SYSCALL_NUMBERS; i++)
		rules.actions[i] = FILTER_ERRNO(EPERM);
	allow(&rules, waiting, sizeof(waiting) / sizeof(waiting[0]));
	allow(&rules, numbers, count);
	if (filter_build(&rules, &program) != 0)
		die("the helper's own system call filter is too long");
	const struct sock_fprog filter = {
		.len = (unsigned short)program.count,
		.filter = (struct sock_filter *)(void *)program.instructions,
	};
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
		die_errno("load the helper's own system call filter");
}

void own_filter_supervisor(void)
{
	load(supervising, sizeof(supervising) / sizeof(supervising[0]));
}

void own_filter_relay(void)
{
	load(NULL, 0);
}

void own_filter_init(void)
{
	load(initial, sizeof(initial) / sizeof(initial[0]));
}
