/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Executes the plan's Landlock rules. The planner knows the kernel's ABI, so a right the kernel does not know is an error
 * here and never left out in silence.
 */
#include "helper/inside/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"

/* The header of Debian 12 knows ABI 2; the kernel takes any size whose unknown tail is zero. */
struct ruleset_attributes {
	uint64_t handled_fs;
	uint64_t handled_net;
	uint64_t scoped;
};

/* Rights that make sense on a file that is not a directory; others are EINVAL there. */
static const uint64_t file_rights =
        LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | 1ULL << 14;

static void allow_below(int ruleset, const char *path, const struct plan_landlock_rule *rule)
{
	CLEANUP_FD parent = open(path, O_PATH | O_CLOEXEC);
	struct stat status;

	if (parent < 0 && (rule->flags & STEP_IF_EXISTS) && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return;
	if (parent < 0 || fstat(parent, &status) != 0)
		die_errno("Landlock: open %s", path);
	struct landlock_path_beneath_attr attributes = {
	        .parent_fd = parent,
	        .allowed_access = S_ISDIR(status.st_mode) ? rule->access : rule->access & file_rights,
	};
	if (attributes.allowed_access &&
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &attributes, 0) != 0)
		die_errno("Landlock: allow %s", path);
}

static void allow_ports(int ruleset, const struct plan_landlock_ports *ports)
{
	struct {
		uint64_t allowed_access;
		uint64_t port;
	} attributes = {ports->access, ports->first};

	for (; attributes.port <= ports->last; attributes.port++)
		if (syscall(SYS_landlock_add_rule, ruleset, 2 /* LANDLOCK_RULE_NET_PORT */, &attributes, 0) != 0)
			die_errno("Landlock: allow port %u", (unsigned)attributes.port);
}

static int make_ruleset(const struct ruleset_attributes *attributes)
{
	size_t size = attributes->scoped ? 24 : attributes->handled_net ? 16 : 8;
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, attributes, size, 0);

	if (ruleset < 0)
		die_errno("Landlock: make a ruleset");
	return ruleset;
}

static void allow_all_ports(int ruleset, const struct plan *plan)
{
	const struct plan_landlock_ports *ports = plan_array(plan, plan->landlock_ports);

	for (uint32_t i = 0; i < plan->landlock_ports.count; i++)
		allow_ports(ruleset, &ports[i]);
}

int landlock_network(const struct plan *plan)
{
	int ruleset = make_ruleset(&(struct ruleset_attributes){.handled_net = plan->landlock_handled_net});

	allow_all_ports(ruleset, plan);
	return ruleset;
}

void landlock_restrict(const struct plan *plan)
{
	if (!(plan->flags & PLAN_LANDLOCK))
		return;
	const struct ruleset_attributes attributes = {
	        .handled_fs = plan->landlock_handled_fs,
	        .handled_net = plan->landlock_handled_net,
	        .scoped = plan->landlock_scoped,
	};
	CLEANUP_FD ruleset = make_ruleset(&attributes);
	const struct plan_landlock_rule *rules = plan_array(plan, plan->landlock_rules);
	for (uint32_t i = 0; i < plan->landlock_rules.count; i++)
		allow_below(ruleset, plan_string(plan, rules[i].path), &rules[i]);
	allow_all_ports(ruleset, plan);
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		die_errno("Landlock: restrict");
}
