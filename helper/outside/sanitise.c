/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sanitising what execve(2) inherits. threats.md A2 to A4 list what a caller may try with it.
 */
#include "helper/outside/sanitise.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"
#include "helper/privs.h"

/* Nothing opened later may land on 0 to 2, where a payload or a message would find it. */
static void open_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		int null = open("/dev/null", O_RDWR | O_NOCTTY);
		if (null != fd)
			_exit(EXIT_REFUSED); /* there is nowhere to say it */
	}
}

/* A directory or an O_PATH descriptor is a way out: openat(0, "..."). */
static void check_descriptor(int fd)
{
	struct stat status;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &status) != 0)
		die_errno("descriptor %d", fd);
	if ((flags & O_PATH) || S_ISDIR(status.st_mode))
		die("descriptor %d is a directory or a path handle, which would lead out of the sandbox", fd);
}

/* All above last but keep, -1: none. */
static void close_others(int keep, unsigned last)
{
	unsigned next = last + 1;

	if (keep > (int)last) {
		if (close_descriptors(next, (unsigned)keep - 1, 0) != 0)
			die_errno("close inherited descriptors");
		next = (unsigned)keep + 1;
	}
	if (close_descriptors(next, ~0U, 0) != 0)
		die_errno("close inherited descriptors");
	if (keep > 2 && fcntl(keep, F_SETFD, FD_CLOEXEC) != 0)
		die_errno("descriptor %d", keep);
}

static void remember_descriptors(int keep, unsigned last, struct caller_state *state)
{
	if (close_descriptors(3, last, CLOSE_RANGE_CLOEXEC) != 0)
		die_errno("mark inherited descriptors");
	for (int fd = 3; fd <= (int)last; fd++)
		if (fd != keep && fcntl(fd, F_GETFD) >= 0)
			state->descriptors |= UINT64_C(1) << fd;
}

void sanitise_passed(const struct caller_state *state, uint64_t descriptors)
{
	close_set(state->descriptors & ~descriptors);
	for (int fd = 3; fd < 64; fd++) {
		if (!(descriptors >> fd & 1))
			continue;
		if (!(state->descriptors >> fd & 1))
			die("PassFileDescriptors: descriptor %d is not open, or the one for events: open it before",
			    fd);
		check_descriptor(fd);
	}
}

static void reset_signals(void)
{
	static const int ignored[] = {SIGPIPE, SIGXFSZ}; /* both become errors of the call instead */
	const struct itimerval never = {0};
	sigset_t none;

	/* By the system call: libc keeps two signals to itself, which a caller can ignore all the same. All zero is SIG_DFL
	 * with no flags and an empty mask (sigaction(2), "C library/kernel differences"). */
	const unsigned long action[8] = {0};
	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		if (signal_number != SIGKILL && signal_number != SIGSTOP &&
		    syscall(SYS_rt_sigaction, signal_number, action, NULL, 8) != 0)
			die_errno("reset signal %d", signal_number);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (signal(ignored[i], SIG_IGN) == SIG_ERR)
			die_errno("ignore signal %d", ignored[i]);
	if (setitimer(ITIMER_REAL, &never, NULL) != 0 || setitimer(ITIMER_VIRTUAL, &never, NULL) != 0 ||
	    setitimer(ITIMER_PROF, &never, NULL) != 0)
		die_errno("stop inherited timers");
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		die_errno("unblock signals");
}

/* Ours must not fail half-way through a file because of a limit the caller chose; hard limits are raised where we may. */
static void raise_limits(struct caller_state *state)
{
	static const int ours[] = {RLIMIT_CPU,    RLIMIT_FSIZE, RLIMIT_DATA,      RLIMIT_AS,
	                           RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_SIGPENDING};

	for (int resource = 0; resource < (int)RLIM_NLIMITS; resource++)
		if (getrlimit((__rlimit_resource_t)resource, &state->limits[resource]) != 0)
			die_errno("read limit %d", resource);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		__rlimit_resource_t resource = (__rlimit_resource_t)ours[i];
		const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
		struct rlimit most = state->limits[ours[i]];
		if (ours[i] != RLIMIT_NOFILE && setrlimit(resource, &none) == 0)
			continue;
		/* Without CAP_SYS_RESOURCE only up to the hard limit; what then fails, fails with a word. */
		most.rlim_cur = ours[i] == RLIMIT_NOFILE && most.rlim_max > 4096 ? 4096 : most.rlim_max;
		if (setrlimit(resource, &most) != 0)
			die_errno("raise limit %d", ours[i]);
	}
	const struct rlimit no_core = {0, state->limits[RLIMIT_CORE].rlim_max};
	if (setrlimit(RLIMIT_CORE, &no_core) != 0)
		die_errno("limit core files");
}

void limits_restore(const struct caller_state *state)
{
	for (int resource = 0; resource < (int)RLIM_NLIMITS; resource++)
		if (setrlimit((__rlimit_resource_t)resource, &state->limits[resource]) != 0)
			die_errno("restore limit %d", resource);
}

/* Remembered as a path only: a handle on the old directory would lead out (threats A4.5). */
static void leave_directory(struct caller_state *state)
{
	struct stat status;

	state->directory[0] = '\0';
	state->directory_owner = (uid_t)-1;
	if (getcwd(state->directory, sizeof(state->directory)) && state->directory[0] == '/' &&
	    stat(".", &status) == 0) {
		state->directory_owner = status.st_uid;
		state->directory_device = status.st_dev;
		state->directory_inode = status.st_ino;
	} else if (errno == ENOENT || errno == EACCES || errno == ENAMETOOLONG || errno == ERANGE) {
		state->directory[0] = '\0'; /* removed, not to be looked at by root, or too far down */
	} else {
		die_errno("look at the present directory");
	}
	if (chdir("/") != 0)
		die_errno("enter /");
}

void sanitise(char **environment, int keep, unsigned last, struct caller_state *ret_state)
{
	open_standard_descriptors();
	privs_not_dumpable();
	if (prctl(PR_SET_PDEATHSIG, 0) != 0)
		die_errno("clear parent death signal");
	ret_state->environment = environment;
	clearenv();
	close_others(keep, last);
	remember_descriptors(keep, last, ret_state);
	for (int fd = 0; fd <= 2; fd++)
		check_descriptor(fd);
	reset_signals();
	ret_state->mask = umask(022);
	if (personality(PER_LINUX) < 0)
		die_errno("reset personality");
	raise_limits(ret_state);
	leave_directory(ret_state);
}
