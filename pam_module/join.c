/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The join. One setns(2) for all namespaces, since splitting it can leave a half-joined root; never the user
 * namespace, so that the login program keeps its real root. What is needed afterwards is opened before:
 * inside, the process has no entry in /proc (its pid namespace is still the host's).
 */
#include "pam_module/join.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

struct namespace
{
	int flag;
	const char *ours; /* names below /proc/PID/ns */
	const char *theirs;
};

static const struct namespace namespaces[] = {
        {CLONE_NEWNS,     "mnt",              "mnt"   },
        {CLONE_NEWPID,    "pid_for_children", "pid"   }, /* pid_namespaces(7): only children change */
        {CLONE_NEWIPC,    "ipc",              "ipc"   },
        {CLONE_NEWUTS,    "uts",              "uts"   },
        {CLONE_NEWNET,    "net",              "net"   },
        {CLONE_NEWCGROUP, "cgroup",           "cgroup"},
};
enum { NAMESPACES = sizeof(namespaces) / sizeof(namespaces[0]) };

/* The order of descriptors in MESSAGE_JOIN. */
enum { OFFER_FIRST_PROCESS, OFFER_SETUP_PROCESS, OFFER_TASKS };

/* Opens a path of /proc and proves that it is one. Returns the descriptor, or -1 with errno. */
static int open_proc_path(const char *path, int flags)
{
	struct statfs filesystem;
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &filesystem) != 0 || filesystem.f_type != PROC_SUPER_MAGIC) {
		close(fd);
		errno = ENODEV;
		return -1;
	}
	return fd;
}

enum outcome join_possible(pam_handle_t *pamh)
{
	int fd = open_proc_path("/proc/self/task", O_RDONLY | O_DIRECTORY);
	DIR *tasks = fd < 0 ? NULL : fdopendir(fd);
	unsigned count = 0;

	if (!tasks) {
		pam_syslog(pamh, LOG_ERR, "refused: cannot count this program's threads in /proc: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return OUTCOME_REFUSED;
	}
	for (const struct dirent *entry; count < 2 && (entry = readdir(tasks));)
		count += entry->d_name[0] != '.';
	closedir(tasks);
	if (count == 1)
		return OUTCOME_OK;
	pam_syslog(pamh, LOG_ERR, "refused: a program with several threads cannot be moved into a sandbox");
	return OUTCOME_REFUSED;
}

/* A namespace is known by the inode number of its link (namespaces(7)). */
static bool namespace_inode(int directory, const char *name, ino_t *ret_inode)
{
	struct stat status;

	if (fstatat(directory, name, &status, 0) != 0)
		return false;
	*ret_inode = status.st_ino;
	return true;
}

/* The number of a pidfd's process in our own pid namespace. */
static long number_of(int pidfd)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	int fd = open_proc_path(path, O_RDONLY);
	if (fd < 0)
		return -1;
	ssize_t length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length < 0)
		return -1;
	text[length] = '\0';
	const char *line = strstr(text, "\nPid:");
	return line ? strtol(line + strlen("\nPid:"), NULL, 10) : -1;
}

/* The set-up process's /proc/PID/ns. It still runs after the opening, so the number was its own (threats
 * A7.4). */
static int open_their_namespaces(int pidfd)
{
	char path[64];
	long number = number_of(pidfd);

	if (number <= 0) {
		errno = ESRCH;
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/%ld/ns", number);
	int fd = open_proc_path(path, O_RDONLY | O_DIRECTORY);
	if (fd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) != 0) {
		close(fd);
		errno = ESRCH;
		return -1;
	}
	return fd;
}

/* Where we must stand after the join, and what must not change. */
struct expectation {
	int ours; /* our /proc/self/ns */
	ino_t user;
	ino_t targets[NAMESPACES];
};

static bool expect(int setup_process, int mask, struct expectation *ret_expectation)
{
	struct expectation expectation = {.ours = open_proc_path("/proc/self/ns", O_RDONLY | O_DIRECTORY)};
	int theirs = open_their_namespaces(setup_process);
	bool known =
	        expectation.ours >= 0 && theirs >= 0 && namespace_inode(expectation.ours, "user", &expectation.user);

	for (size_t i = 0; known && i < NAMESPACES; i++)
		if (mask & namespaces[i].flag)
			known = namespace_inode(theirs, namespaces[i].theirs, &expectation.targets[i]);
	int error = errno;
	if (theirs >= 0)
		close(theirs);
	if (!known && expectation.ours >= 0)
		close(expectation.ours);
	errno = error;
	if (known)
		*ret_expectation = expectation;
	return known;
}

/* The name of the first namespace that is not as it must be, or NULL. */
static const char *misplaced(const struct expectation *expectation, int mask)
{
	ino_t inode;

	for (size_t i = 0; i < NAMESPACES; i++)
		if ((mask & namespaces[i].flag) && (!namespace_inode(expectation->ours, namespaces[i].ours, &inode) ||
		                                    inode != expectation->targets[i]))
			return namespaces[i].ours;
	if (!namespace_inode(expectation->ours, "user", &inode) || inode != expectation->user)
		return "user";
	return NULL;
}

static bool sound_offer(const struct message *offer)
{
	int allowed = 0;

	for (size_t i = 0; i < NAMESPACES; i++)
		allowed |= namespaces[i].flag;
	return offer->descriptor_count >= OFFER_TASKS && (offer->value & ~allowed) == 0 &&
	       (offer->value & CLONE_NEWNS) && (offer->value & CLONE_NEWPID);
}

static bool enter_cgroups(const struct message *offer)
{
	for (uint32_t i = OFFER_TASKS; i < offer->descriptor_count; i++) {
		ssize_t written = write(offer->descriptors[i], "0", 1);
		if (written == 1)
			continue;
		if (written >= 0)
			errno = EIO;
		return false;
	}
	return true;
}

static enum outcome enter(pam_handle_t *pamh, const struct message *offer, const struct expectation *expectation)
{
	if (!enter_cgroups(offer)) {
		pam_syslog(pamh, LOG_ERR, "cannot enter the session's cgroup: %s", strerror(errno));
		return OUTCOME_BROKEN;
	}
	/* All or nothing: the kernel checks every namespace before it changes any. */
	if (setns(offer->descriptors[OFFER_SETUP_PROCESS], offer->value) != 0) {
		pam_syslog(pamh, LOG_ERR, "cannot enter the session's namespaces: %s", strerror(errno));
		return OUTCOME_BROKEN;
	}
	const char *name = misplaced(expectation, offer->value);
	if (name) {
		pam_syslog(pamh, LOG_ERR, "the session's namespace %s was not entered", name);
		return OUTCOME_BROKEN;
	}
	if (chdir("/") != 0) {
		pam_syslog(pamh, LOG_ERR, "cannot enter the session's root directory: %s", strerror(errno));
		return OUTCOME_BROKEN;
	}
	return OUTCOME_OK;
}

enum outcome join_session(pam_handle_t *pamh, const struct message *offer)
{
	struct expectation expectation;

	if (!sound_offer(offer)) {
		pam_syslog(pamh, LOG_ERR, "the helper's offer is malformed");
		return OUTCOME_BROKEN;
	}
	if (!expect(offer->descriptors[OFFER_SETUP_PROCESS], offer->value, &expectation)) {
		pam_syslog(pamh, LOG_ERR, "cannot look at the session's namespaces: %s", strerror(errno));
		return OUTCOME_BROKEN;
	}
	enum outcome outcome = enter(pamh, offer, &expectation);
	close(expectation.ours);
	return outcome;
}

enum outcome join_restriction(pam_handle_t *pamh, const struct message *request)
{
	/* Without no_new_privs, which would take the set-uid bit from the door: CAP_SYS_ADMIN does (landlock(7)). */
	if (syscall(SYS_landlock_restrict_self, request->descriptors[0], 0) == 0)
		return OUTCOME_OK;
	pam_syslog(pamh, LOG_ERR, "cannot restrict this program's ports: %s", strerror(errno));
	return OUTCOME_BROKEN;
}
