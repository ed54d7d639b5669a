/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds and executes the helper. Its place follows from where this program is, never from PATH or the environment. */
#include "cli/common_helper.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/common_text.h"

const char *helper_path(void)
{
	static const char name[] = "sandbox-helper";
	static char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof(name));

	if (length <= 0)
		return HELPER_INSTALLED;
	path[length] = 0;
	char *slash = strrchr(path, '/');
	if (!slash)
		return HELPER_INSTALLED;
	memcpy(slash + 1, name, sizeof(name));
	return access(path, X_OK) == 0 ? path : HELPER_INSTALLED;
}

void helper_become(char **arguments)
{
	static char name[] = "sandbox-helper";
	const char *path = helper_path();

	arguments[0] = name;
	execve(path, arguments, environ);
	say("cannot execute %s: %s", QUOTE(path), strerror(errno));
	if (errno == EACCES)
		say_hint("the helper may be reserved for a group (see its owner and mode); sandboxctl doctor tells "
		         "more");
	else if (errno == E2BIG)
		say_hint("arguments and environment together are longer than the kernel takes");
	else
		say_hint("sandboxctl doctor tells what is missing");
}
