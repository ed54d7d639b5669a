/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes below /proc/thread-self/attr (proc(5), "/proc/pid/attr"). AppArmor has a directory of its own there since Linux 5.8;
 * before, and for SELinux, it is the files above. A kernel without the module refuses the write.
 */
#include "helper/inside/label.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"

static const char exec_file[] = "/proc/thread-self/attr/exec";

static void apparmor(const char *profile)
{
	char text[512];
	int length = snprintf(text, sizeof(text), "exec %s", profile);

	if (length >= (int)sizeof(text))
		die("AppArmorProfile: the name is too long");
	int result = write_text(AT_FDCWD, "/proc/thread-self/attr/apparmor/exec", text, (size_t)length);
	if (result != 0 && errno == ENOENT && faccessat(AT_FDCWD, "/proc/thread-self/attr/apparmor", F_OK, 0) != 0)
		result = write_text(AT_FDCWD, exec_file, text, (size_t)length);
	else if (result != 0 && errno == ENOENT)
		die("AppArmorProfile: %s is not loaded: load it with apparmor_parser(8)", profile);
	if (result == 0)
		return;
	if (errno == EINVAL || errno == ENOENT)
		die("AppArmorProfile: AppArmor is not in force here: leave it out, or boot with apparmor in lsm=");
	die_errno("AppArmorProfile: ask for %s", profile);
}

static void selinux(const char *context)
{
	if (write_text(AT_FDCWD, exec_file, context, strlen(context)) == 0)
		return;
	if (errno == EINVAL || errno == ENOENT)
		die("SELinuxContext: SELinux is not in force here, or its policy has no %s: leave it out, or mend it",
		    context);
	die_errno("SELinuxContext: ask for %s", context);
}

void label_next_exec(const struct plan *plan)
{
	const char *profile = plan_string(plan, plan->apparmor_profile);
	const char *context = plan_string(plan, plan->selinux_context);

	if (*profile)
		apparmor(profile);
	if (*context)
		selinux(context);
}
