/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Overlayfs in a user namespace (Documentation/filesystems/overlayfs.rst, "userxattr": its marks are attributes that the
 * person may set). It takes its directories by name only: they are named by their descriptors, in the host's /proc, so that
 * no name is looked up twice. A directory with other mounts in it is no lower layer: they would be uncovered (EINVAL).
 */
#include "helper/inside/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"

enum { OPTION_BYTES = 64 };

static int set_directory(int filesystem, const char *option, int descriptor, const char *below)
{
	char value[OPTION_BYTES];

	snprintf(value, sizeof(value), "proc/self/fd/%d%s", descriptor, below);
	return (int)syscall(SYS_fsconfig, filesystem, FSCONFIG_SET_STRING, option, value, 0);
}

/* The merged directory has the upper one's mode. */
static int make_layers(int lower, int layer)
{
	struct stat status;

	return fstat(lower, &status) != 0 || mkdirat(layer, "upper", 0700) != 0 ||
	                       fchmodat(layer, "upper", status.st_mode & 07777, 0) != 0 ||
	                       mkdirat(layer, "work", 0700) != 0
	               ? -1
	               : 0;
}

int overlay_make(int lower, int layer, uint64_t attributes, const char *name)
{
	CLEANUP_FD filesystem = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);

	if (filesystem < 0)
		die_errno("make an overlay for %s: open a file system of type overlay", name);
	if (make_layers(lower, layer) != 0 || set_directory(filesystem, "lowerdir", lower, "") != 0 ||
	    set_directory(filesystem, "upperdir", layer, "/upper") != 0 ||
	    set_directory(filesystem, "workdir", layer, "/work") != 0 ||
	    syscall(SYS_fsconfig, filesystem, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) != 0 ||
	    syscall(SYS_fsconfig, filesystem, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0) {
		if (errno == EINVAL)
			die("make an overlay for %s: perhaps there are other mounts in it: %s", name,
			    strerrordesc_np(EINVAL));
		die_errno("make an overlay for %s", name);
	}
	int mount = (int)syscall(SYS_fsmount, filesystem, FSMOUNT_CLOEXEC, (unsigned)attributes);
	if (mount < 0)
		die_errno("mount an overlay for %s", name);
	return mount;
}
