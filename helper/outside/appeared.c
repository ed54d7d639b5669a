/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What runs code later, outside, and is not there cannot be made read-only, so a program inside can make it: a .git/commondir
 * is enough for the next `git status` to run what that program wants. It is told (threats G9). Only below the caller's
 * directory and never into another mount: nothing there may keep the supervisor waiting, as a file system of the caller's own
 * could (FUSE gives root an error).
 */
#include "helper/outside/appeared.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/error.h"
#include "config/plan.h"
#include "helper/die.h"
#include "helper/io.h"
#include "helper/outside/sanitise.h"
#include "helper/outside/status.h"
#include "helper/privs.h"

enum { NAMES_MAX = 16 };

static int directory = -1;
static const char *missing[NAMES_MAX];
static size_t count;

static bool exists(const char *name)
{
	const struct open_how how = {
	        .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
	        .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	CLEANUP_FD fd = (int)syscall(SYS_openat2, directory, name, &how, sizeof(how));

	return fd >= 0;
}

void appeared_begin(const struct plan *plan, const struct caller_state *caller)
{
	const struct plan_step *steps = plan_array(plan, plan->steps);
	size_t length = strlen(caller->directory);
	struct stat status;

	if (length == 0 || !(plan->flags & PLAN_PRIVILEGED) || getuid() != plan->uid)
		return; /* without privilege a file system of the caller's own could; and --user is root's own affair */
	directory = open(caller->directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0 || fstat(directory, &status) != 0 || status.st_dev != caller->directory_device ||
	    status.st_ino != caller->directory_inode)
		return; /* then it is not shown inside either */
	for (uint32_t i = 0; i < plan->steps.count && count < NAMES_MAX; i++) {
		const char *target = plan_string(plan, steps[i].target);
		if ((steps[i].flags & STEP_WATCHED) && strncmp(target, caller->directory, length) == 0 &&
		    target[length] == '/' && !exists(target + length + 1))
			missing[count++] = target + length + 1;
	}
}

void appeared_tell(const struct plan *plan, bool quiet)
{
	char line[512] = "";
	size_t length = 0;

	if (count == 0)
		return;
	privs_effective_caller(plan->uid);
	for (size_t i = 0; i < count; i++)
		if (exists(missing[i]))
			length += (size_t)snprintf(line + length, sizeof(line) - length, " %s", missing[i]);
	if (length == 0)
		return;
	char text[640];
	snprintf(text, sizeof(text), "new in the caller's directory, and may run code outside:%s", line);
	status_warning(text);
	if (!quiet)
		say("%s", text);
}
