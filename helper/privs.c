/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes of identity. Groups go first, then gid, then uid, since each step takes away the right to the ones before; what
 * cannot report failure is read back; what was given up is asked for again and must be refused.
 */
#include "helper/privs.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stddef.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/die.h"

/* By the system call: libc would have every other thread do the same, and wait for it (nptl(7)). The one there is,
 * helper/inside/network.c, needs no ids and is gone before any of this counts. */
static int set_uids(uid_t real, uid_t effective, uid_t saved)
{
	return (int)syscall(SYS_setresuid, real, effective, saved);
}

static int set_gids(gid_t real, gid_t effective, gid_t saved)
{
	return (int)syscall(SYS_setresgid, real, effective, saved);
}

static int set_groups(size_t count, const gid_t *groups)
{
	return (int)syscall(SYS_setgroups, count, groups);
}

static void verify_ids(uid_t uid, gid_t gid)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) != 0 || getresgid(&rgid, &egid, &sgid) != 0)
		die_errno("read ids");
	if (ruid != uid || euid != uid || suid != uid || rgid != gid || egid != gid || sgid != gid)
		die("ids after the switch are not the ones asked for");
}

static void switch_ids(uid_t uid, gid_t gid)
{
	if (set_gids(gid, gid, gid) != 0)
		die_errno("setresgid to %u", gid);
	if (set_uids(uid, uid, uid) != 0)
		die_errno("setresuid to %u", uid);
	verify_ids(uid, gid);
}

void privs_become_caller(void)
{
	uid_t uid = getuid();

	switch_ids(uid, getgid());
	if (uid != 0 && set_uids((uid_t)-1, 0, (uid_t)-1) == 0)
		die("root was still reachable after the drop");
	if (prctl(PR_SET_DUMPABLE, 1) != 0)
		die_errno("set dumpable");
}

void privs_become(uid_t uid, gid_t gid, const gid_t *groups, size_t count)
{
	if (set_groups(count, groups) != 0)
		die_errno("setgroups");
	switch_ids(uid, gid);
	if (uid != 0 && set_uids((uid_t)-1, 0, (uid_t)-1) == 0)
		die("root was still reachable after the drop");
	privs_not_dumpable();
}

void privs_enter_person(uid_t uid, gid_t gid, const gid_t *groups, size_t count)
{
	if (groups && set_groups(count, groups) != 0)
		die_errno("setgroups to %zu groups", count);
	if (groups && getgroups(0, NULL) != (int)count)
		die("groups after the switch are not the ones asked for");
	switch_ids(uid, gid);
	privs_not_dumpable(); /* a change of ids sets it anew (prctl(2)) */
}

/* With no fix-up a change of the effective uid leaves the effective capabilities alone (capabilities(7)). */
void privs_effective_owner(uid_t person)
{
	uid_t owner = privs_namespace_owner(person);

	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) != 0 || set_uids((uid_t)-1, owner, (uid_t)-1) != 0 ||
	    geteuid() != owner)
		die_errno("become the owner of the namespaces");
	privs_not_dumpable();
}

void privs_effective_root(void)
{
	if (set_uids((uid_t)-1, 0, (uid_t)-1) != 0 || geteuid() != 0 || prctl(PR_SET_SECUREBITS, 0) != 0)
		die_errno("become root again");
	privs_not_dumpable();
}

void privs_effective_caller(uid_t caller)
{
	if (set_uids((uid_t)-1, caller, caller) != 0)
		die_errno("become the caller");
}

void privs_not_dumpable(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_GET_DUMPABLE) != 0)
		die_errno("set not dumpable");
}

void privs_die_with_parent(void)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		die_errno("set parent death signal");
}

/* capset(2) by itself: what libraries add to it is reading, and they read /proc when they are loaded. */
static void set_capabilities(uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2], now[2];

	for (int i = 0; i < 2; i++) {
		data[i].effective = data[i].permitted = (uint32_t)(permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(inheritable >> 32 * i);
	}
	if (syscall(SYS_capset, &header, data) != 0 || syscall(SYS_capget, &header, now) != 0)
		die_errno("drop capabilities");
	for (int i = 0; i < 2; i++)
		if (now[i].effective != data[i].effective || now[i].permitted != data[i].permitted ||
		    now[i].inheritable != data[i].inheritable)
			die("capabilities were left after the drop");
}

/* Before the bounding set and securebits, both of which forbid it later. */
static void raise_ambient(uint64_t ambient)
{
	set_capabilities(ambient | CAP_TO_MASK(CAP_SETPCAP), ambient);
	for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
		if ((ambient >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) != 0)
			die_errno("AmbientCapabilities: raise capability %lu", cap);
}

void privs_drop_capabilities(uint64_t ambient, uint64_t bounding)
{
	unsigned long cap = 0;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		die_errno("clear ambient capabilities");
	if (ambient)
		raise_ambient(ambient);
	/* Bounding set first: dropping from it needs CAP_SETPCAP. Up to the kernel's last one,
	 * which may be more than our headers know: the first unknown is EINVAL. */
	for (; cap < 64; cap++)
		if (!(bounding >> cap & 1) && prctl(PR_CAPBSET_DROP, cap) != 0)
			break;
	if (errno != EINVAL || cap <= CAP_CHECKPOINT_RESTORE)
		die_errno("drop capability %lu from the bounding set", cap);
	/* Uid 0 gains nothing by being 0, and none of this can be undone. */
	if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
	                                     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
	                                     SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED) != 0)
		die_errno("lock securebits");
	set_capabilities(ambient, ambient);
	if (prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) != 0)
		die("the bounding set was not emptied");
}

/* setfsuid(2) tells no error: what is in force is asked for with an id that no call can set. */
void privs_file_ids(uid_t uid, gid_t gid)
{
	setfsgid(gid);
	setfsuid(uid);
	if ((gid_t)setfsgid((gid_t)-1) != gid || (uid_t)setfsuid((uid_t)-1) != uid)
		die("the ids that files are opened with are not the ones asked for");
}

void privs_keep_over_exec(uint64_t capabilities)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		uint32_t half = (uint32_t)(capabilities >> 32 * i);
		data[i] = (struct __user_cap_data_struct){.effective = half, .permitted = half, .inheritable = half};
	}
	if (syscall(SYS_capset, &header, data) != 0)
		die_errno("keep some capabilities");
	for (unsigned long cap = 0; cap < 64; cap++) /* ambient: no file has to have them (capabilities(7)) */
		if ((capabilities >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) != 0)
			die_errno("keep capability %lu", cap);
}

void privs_forget_capabilities(void)
{
	set_capabilities(0, 0); /* and with the inheritable ones the ambient ones go (capabilities(7)) */
}

void privs_no_new_privileges(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		die_errno("set no_new_privs");
}

void privs_become_supervisor(bool keep_kill)
{
	set_capabilities(keep_kill ? CAP_TO_MASK(CAP_KILL) : 0, 0);
	privs_no_new_privileges();
	privs_not_dumpable();
}
