/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kernel and machine offer a sandbox. */
#include "helper/caller/caller.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/outside/cgroup.h"

/* Called with arguments that are refused: only ENOSYS means that the kernel, or a filter, lacks it. */
static bool has_call(long number, long a, long b, long c, long d)
{
	return syscall(number, a, b, c, d) >= 0 || errno != ENOSYS;
}

static void feature(const struct options *options, bool *first, const char *name, const char *value)
{
	if (options->json)
		printf("%s\"%s\":\"%s\"", *first ? "" : ",", name, value);
	else
		printf("%s: %s\n", name, value);
	*first = false;
}

int caller_features(const struct options *options, const struct host_facts *facts, bool privileged)
{
	static const struct {
		const char *name;
		long number, arguments[4];
	} calls[] = {
	        {"clone3",        SYS_clone3,        {0, 0, 0, 0}      },
	        {"openat2",       SYS_openat2,       {-1, 0, 0, 0}     },
	        {"close_range",   SYS_close_range,   {~0U, ~0U, ~0U, 0}},
	        {"mount-api",     SYS_fsopen,        {0, ~0, 0, 0}     },
	        {"mount_setattr", SYS_mount_setattr, {-1, 0, 0, 0}     },
	        {"pidfd",         SYS_pidfd_open,    {-1, 0, 0, 0}     },
	        {"seccomp",       SYS_seccomp,       {~0U, 0, 0, 0}    },
	};
	static const char *const controllers[] = {"memory",  "pids",    "cpu",      "cpuset",  "io",     "hugetlb",
	                                          "devices", "net_cls", "net_prio", "freezer", "cpuacct"};
	char text[64], line[512];
	bool first = true;

	if (options->json)
		putchar('{');
	feature(options, &first, "version", VERSION);
	feature(options, &first, "mode", privileged ? "set-uid" : "unprivileged");
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		feature(options, &first, calls[i].name,
		        has_call(calls[i].number, calls[i].arguments[0], calls[i].arguments[1], calls[i].arguments[2],
		                 calls[i].arguments[3])
		                ? "yes"
		                : "no");
	snprintf(text, sizeof(text), "%d", facts->landlock_abi);
	feature(options, &first, "landlock-abi", text);
	for (size_t i = 0; i < facts->cgroup.count; i++) {
		const struct cgroup_hierarchy *hierarchy = &facts->cgroup.hierarchies[i];
		int length = snprintf(line, sizeof(line), "v%u %.200s", hierarchy->version, hierarchy->path);
		for (size_t c = 0; c < CGROUP_CONTROLLERS; c++)
			if (hierarchy->controllers & (1u << c))
				length += snprintf(line + length, sizeof(line) - (size_t)length, " %s", controllers[c]);
		snprintf(text, sizeof(text), "cgroup-%zu", i);
		feature(options, &first, text, line);
	}
	if (facts->cgroup.count == 0)
		feature(options, &first, "cgroup-0", "none writable");
	if (options->json)
		puts("}");
	return caller_flushed(ANSWER_YES);
}
