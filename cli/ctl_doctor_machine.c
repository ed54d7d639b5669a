/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doctor's look at the kernel and its settings, and at cgroups. */
#include <errno.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/common_helper.h"
#include "cli/common_text.h"
#include "cli/ctl_ask.h"
#include "cli/ctl_doctor.h"

static const char kernel[] = "kernel", cgroups[] = "cgroups";

enum { CGROUP2_MAGIC = 0x63677270, NOBODY = 65534 };

/* The number in a file; -1 where there is none. */
static long read_number(const char *path)
{
	char text[64], *end;

	if (read_file(path, text, sizeof(text)) < 0)
		return -1;
	long number = strtol(text, &end, 10);
	return end == text ? -1 : number;
}

static void look_at_limits(struct doctor *doctor)
{
	static const char *const kinds[] = {"user", "pid", "mnt", "ipc", "uts", "net", "cgroup"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char *path = format_text("/proc/sys/user/max_%s_namespaces", kinds[i]);
		long limit = read_number(path);
		if (limit < 0)
			doctor_report(doctor, GRADE_PROBLEM, kernel, NULL,
			              "no %s namespaces: the kernel is built without them (%s is missing)", kinds[i],
			              path);
		else if (limit == 0)
			doctor_report(doctor, GRADE_PROBLEM, kernel,
			              format_text("sudo sysctl -w user.max_%s_namespaces=15000", kinds[i]),
			              "%s namespaces are switched off (%s is 0)", kinds[i], path);
	}
}

/* Tries it, as the caller, or for root as nobody. Returns 0, or the errno. */
static int try_user_namespace(void)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return errno;
	if (child == 0) {
		if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
		                       setresuid(NOBODY, NOBODY, NOBODY) != 0))
			_exit(errno & 0x7f);
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : errno & 0x7f);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return ECHILD;
	return WEXITSTATUS(status);
}

static void look_at_user_namespaces(struct doctor *doctor)
{
	static const struct {
		const char *name, *path;
		long bad, good;
	} switches[] = {
	        {"kernel.unprivileged_userns_clone",             "/proc/sys/kernel/unprivileged_userns_clone", 0, 1},
	        {"kernel.apparmor_restrict_unprivileged_userns",
	         "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",                                     1, 0},
	};
	int error = try_user_namespace();
	size_t reasons = 0;

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (read_number(switches[i].path) == switches[i].bad) {
			doctor_report(doctor, GRADE_NOTE, kernel,
			              format_text("sudo sysctl -w %s=%ld", switches[i].name, switches[i].good),
			              "%s=%ld: no sandbox without the set-uid helper", switches[i].name,
			              switches[i].bad);
			reasons++;
		}
	if (error == 0)
		doctor_report(doctor, GRADE_OK, kernel, NULL, "ordinary users can make user namespaces");
	else if (!reasons)
		doctor_report(doctor, GRADE_NOTE, kernel, NULL,
		              "ordinary users cannot make user namespaces (%s): no sandbox without the set-uid helper",
		              strerror(error));
}

/* The helper's own view: one "name: value" a line; what it can do without is told by other findings. */
static void look_at_features(struct doctor *doctor)
{
	static char text[16384], verb[] = "features";
	char *words[] = {NULL, verb, NULL}, *position = NULL;
	size_t missing = 0;

	if (access(helper_path(), X_OK) != 0 || helper_ask(words, text, sizeof(text)) != 0)
		return; /* told among the installation's and the policy's problems */
	for (char *line = strtok_r(text, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
		char *value = strstr(line, ": ");
		if (!value)
			continue;
		if (strcmp(value, ": no") == 0 && ++missing)
			doctor_report(doctor, GRADE_PROBLEM, kernel, NULL, "no %.*s: a newer kernel is needed",
			              (int)(value - line), line);
		else if (strcmp(value, ": none writable") == 0)
			doctor_report(doctor, GRADE_NOTE, kernel, NULL,
			              "the helper can write no cgroup here: limits on memory and tasks do not hold");
	}
	if (!missing)
		doctor_report(doctor, GRADE_OK, kernel, NULL, "every system call the helper needs");
}

void doctor_look_at_machine(struct doctor *doctor)
{
	look_at_limits(doctor);
	look_at_user_namespaces(doctor);
	look_at_features(doctor);
	if (access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0)
		doctor_report(doctor, GRADE_OK, kernel, NULL, "system call filters (seccomp)");
	else
		doctor_report(doctor, GRADE_PROBLEM, kernel, NULL,
		              "no system call filters: CONFIG_SECCOMP_FILTER is needed");
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi > 0)
		doctor_report(doctor, GRADE_OK, kernel, NULL, "Landlock, ABI %ld", abi);
	else
		doctor_report(doctor, GRADE_NOTE, kernel, NULL,
		              "no Landlock (%s): profiles with Landlock=require are refused%s", strerror(errno),
		              errno == EOPNOTSUPP ? "; add landlock to lsm= on the kernel's command line" : "");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		doctor_report(doctor, GRADE_NOTE, kernel, NULL,
		              "no_new_privs is set here, so the helper's set-uid bit does nothing for this shell");
}

/* Is the word among the blank-separated ones? */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; *at; at += strcspn(at, " \n")) {
		at += strspn(at, " \n");
		if (strncmp(at, word, length) == 0 && strchr(" \n", at[length]))
			return true;
	}
	return false;
}

/* Marks the controllers that some mounted v1 hierarchy has; their names are among its super options, proc(5). */
static unsigned v1_controllers(const char *const *names, size_t count)
{
	unsigned found = 0;
	char *line = NULL;
	size_t size = 0;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");

	while (mounts && getline(&line, &size, mounts) > 0) {
		char *dash = strstr(line, " - cgroup ");
		char *options = dash ? strrchr(dash, ' ') : NULL;
		if (!options)
			continue;
		for (char *comma = options; (comma = strchr(comma, ','));)
			*comma = ' ';
		for (size_t i = 0; i < count; i++)
			found |= has_word(options, names[i]) ? 1u << i : 0;
	}
	free(line);
	if (mounts)
		fclose(mounts);
	return found;
}

void doctor_look_at_cgroups(struct doctor *doctor)
{
	static const char *const v1_names[] = {"memory", "pids", "cpu"};
	enum { COUNT = 3 };
	char unified[512] = "";
	struct statfs root, below;
	unsigned v1 = v1_controllers(v1_names, COUNT), v2 = 0;
	bool pure = statfs("/sys/fs/cgroup", &root) == 0 && root.f_type == CGROUP2_MAGIC;
	bool hybrid = !pure && statfs("/sys/fs/cgroup/unified", &below) == 0 && below.f_type == CGROUP2_MAGIC;

	if (!pure && !hybrid && !v1) {
		doctor_report(doctor, GRADE_PROBLEM, cgroups, format_text("sudo mount -t cgroup2 none /sys/fs/cgroup"),
		              "no cgroup file system is mounted: no limit on memory, tasks or CPU holds");
		return;
	}
	doctor_report(doctor, GRADE_OK, cgroups, NULL, "layout: %s",
	              pure     ? "version 2"
	              : hybrid ? "version 1, with version 2 beside it"
	                       : "version 1");
	if ((pure || hybrid) &&
	    read_file(pure ? "/sys/fs/cgroup/cgroup.controllers" : "/sys/fs/cgroup/unified/cgroup.controllers", unified,
	              sizeof(unified)) >= 0)
		for (size_t i = 0; i < COUNT; i++)
			v2 |= has_word(unified, v1_names[i]) ? 1u << i : 0;
	for (size_t i = 0; i < COUNT; i++)
		if ((v1 | v2) & 1u << i)
			doctor_report(doctor, GRADE_OK, cgroups, NULL, "controller %s (version %d)", v1_names[i],
			              v2 & 1u << i ? 2 : 1);
		else
			doctor_report(
			        doctor, GRADE_PROBLEM, cgroups,
			        i == 0 ? format_text("sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&cgroup_enable=memory /' "
			                             "/etc/default/grub && sudo update-grub")
			               : NULL,
			        "no controller %s: the limits that need it do not hold", v1_names[i]);
}
