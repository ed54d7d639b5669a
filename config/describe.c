/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan as text for people and as JSON for programs, both from the same walk over the image, so that neither can leave out
 * what the other shows.
 */
#include "config/plan.h"

#include "config/text.h"

#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
	FILE *stream;
	bool json;
	bool first; /* no comma yet at this level */
};

/* Length of what can be shown as it is; 0 for a control character, of C1 too, and for what is no UTF-8. */
static size_t plain_length(const char *text, size_t left)
{
	const unsigned char *bytes = (const unsigned char *)text;

	if (bytes[0] < 0x20 || bytes[0] == 0x7f || (bytes[0] == 0xc2 && bytes[1] < 0xa0))
		return 0;
	return text_utf8_length(text, left);
}

/* No byte of a plan steers the terminal or the parser that reads this. */
static void put_escaped(struct writer *writer, const char *text)
{
	for (size_t left = strlen(text), used; left > 0; text += used, left -= used) {
		size_t plain = plain_length(text, left);

		used = plain ? plain : 1;
		if (writer->json && (*text == '"' || *text == '\\'))
			fprintf(writer->stream, "\\%c", *text);
		else if (!plain)
			fprintf(writer->stream, writer->json ? "\\u%04x" : "\\x%02x", (unsigned char)*text);
		else
			fwrite(text, 1, used, writer->stream);
	}
}

static void put_key(struct writer *writer, const char *key)
{
	if (writer->json)
		fprintf(writer->stream, "%s\"%s\":", writer->first ? "" : ",", key);
	else
		fprintf(writer->stream, "%-13s", key);
	writer->first = false;
}

static void put_text(struct writer *writer, const char *key, const char *text)
{
	put_key(writer, key);
	if (writer->json)
		putc('"', writer->stream);
	put_escaped(writer, text);
	fputs(writer->json ? "\"" : "\n", writer->stream);
}

static void put_number(struct writer *writer, const char *key, unsigned long long number)
{
	put_key(writer, key);
	fprintf(writer->stream, writer->json ? "%llu" : "%llu\n", number);
}

static void list_begin(struct writer *writer, const char *key)
{
	put_key(writer, key);
	fputs(writer->json ? "[" : "\n", writer->stream);
	writer->first = true;
}

static void list_end(struct writer *writer)
{
	if (writer->json)
		putc(']', writer->stream);
	writer->first = false;
}

static void item_begin(struct writer *writer)
{
	if (writer->json)
		fprintf(writer->stream, "%s\"", writer->first ? "" : ",");
	else
		fputs("  ", writer->stream);
	writer->first = false;
}

static void item_end(struct writer *writer)
{
	fputs(writer->json ? "\"" : "\n", writer->stream);
}

static void list_item(struct writer *writer, const char *text)
{
	item_begin(writer);
	put_escaped(writer, text);
	item_end(writer);
}

static void put_strings(struct writer *writer, const char *key, const struct plan *plan, struct plan_array array)
{
	const plan_ref *refs = plan_array(plan, array);

	list_begin(writer, key);
	for (uint32_t i = 0; i < array.count; i++)
		list_item(writer, plan_string(plan, refs[i]));
	list_end(writer);
}

static const struct {
	uint64_t bit;
	const char *name;
} namespace_names[] =
        {
                {CLONE_NEWUSER,   "user"  },
                {CLONE_NEWNS,     "mnt"   },
                {CLONE_NEWPID,    "pid"   },
                {CLONE_NEWIPC,    "ipc"   },
                {CLONE_NEWUTS,    "uts"   },
                {CLONE_NEWNET,    "net"   },
                {CLONE_NEWCGROUP, "cgroup"},
                {CLONE_NEWTIME,   "time"  },
},
  flag_names[] =
          {
                  {PLAN_SESSION, "session"},
                  {PLAN_PRIVILEGED, "privileged"},
                  {PLAN_NO_NEW_PRIVILEGES, "no-new-privileges"},
                  {PLAN_LOOPBACK, "loopback"},
                  {PLAN_OUTBOUND, "outbound"},
                  {PLAN_NEW_KEYRING, "new-keyring"},
                  {PLAN_OOM_KILL, "oom-kill"},
                  {PLAN_LANDLOCK, "landlock"},
                  {PLAN_ROOT_READ_ONLY, "root-read-only"},
                  {PLAN_LOGIN_SHELL, "login-shell"},
                  {PLAN_CGROUP, "cgroup"},
                  {PLAN_SET_NICE, "nice"},
                  {PLAN_SET_UMASK, "umask"},
                  {PLAN_SET_SCHEDULER, "scheduler"},
                  {PLAN_SET_IO_PRIORITY, "io-priority"},
                  {PLAN_SET_OOM_SCORE, "oom-score"},
                  {PLAN_DETACHED, "detached"},
                  {PLAN_NEW_TERMINAL, "new-terminal"},
},
  attribute_names[] = {
          {MOUNT_ATTR_RDONLY, "ro"},
          {MOUNT_ATTR_NOSUID, "nosuid"},
          {MOUNT_ATTR_NODEV, "nodev"},
          {MOUNT_ATTR_NOEXEC, "noexec"},
};

static void put_namespaces(struct writer *writer, const struct plan *plan)
{
	list_begin(writer, "namespaces");
	for (size_t i = 0; i < sizeof(namespace_names) / sizeof(namespace_names[0]); i++)
		if (plan->namespaces & namespace_names[i].bit)
			list_item(writer, namespace_names[i].name);
	list_end(writer);
	list_begin(writer, "flags");
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (plan->flags & flag_names[i].bit)
			list_item(writer, flag_names[i].name);
	list_end(writer);
}

static void attributes_text(uint64_t attributes, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(attribute_names) / sizeof(attribute_names[0]); i++)
		if ((attributes & attribute_names[i].bit) && length < size)
			length += (size_t)snprintf(out + length, size - length, "%s%s", length ? "," : "",
			                           attribute_names[i].name);
}

static void put_step(struct writer *writer, const struct plan *plan, const struct plan_step *step)
{
	static const char *const kinds[STEP_KINDS] = {"directory",  "file", "symlink", "copy",   "bind",
	                                              "tmpfs",      "proc", "devpts",  "mqueue", "terminal",
	                                              "attributes", "mask", "overlay"};
	const char *source = plan_string(plan, step->source);
	char attributes[64];

	attributes_text(step->attributes, attributes, sizeof(attributes));
	item_begin(writer);
	fprintf(writer->stream, "%-10s ", kinds[step->kind]);
	put_escaped(writer, plan_string(plan, step->target));
	if (*source) {
		fputs(" <- ", writer->stream);
		if (step->kind == STEP_BIND || step->kind == STEP_COPY || step->kind == STEP_OVERLAY)
			put_escaped(writer, plan_string(plan, step->text));
		put_escaped(writer, source);
	}
	if (*attributes)
		fprintf(writer->stream, " (%s)", attributes);
	if (step->size)
		fprintf(writer->stream, " size=%llu inodes=%llu", (unsigned long long)step->size,
		        (unsigned long long)step->inodes);
	if (step->flags & (STEP_IF_EXISTS | STEP_IF_ALLOWED))
		fputs(" if-exists", writer->stream);
	item_end(writer);
}

static void put_steps(struct writer *writer, const struct plan *plan, const char *name, struct plan_array array)
{
	const struct plan_step *steps = plan_array(plan, array);

	list_begin(writer, name);
	for (uint32_t i = 0; i < array.count; i++)
		put_step(writer, plan, &steps[i]);
	list_end(writer);
}

static void put_cgroup_write(struct writer *writer, const struct plan *plan, const struct plan_cgroup_write *write)
{
	const struct plan_cgroup_hierarchy *hierarchies = plan_array(plan, plan->cgroup_hierarchies);
	const struct {
		plan_ref text;
		const char *end;
	} parts[] = {
	        {write->key,                         ": " },
	        {hierarchies[write->hierarchy].path, "/"  },
	        {write->file,                        " = "},
	        {write->value,                       ""   }
        };

	item_begin(writer);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		put_escaped(writer, plan_string(plan, parts[i].text));
		fputs(parts[i].end, writer->stream);
	}
	item_end(writer);
}

static void put_cgroup(struct writer *writer, const struct plan *plan)
{
	const struct plan_cgroup_hierarchy *hierarchies = plan_array(plan, plan->cgroup_hierarchies);
	const struct plan_cgroup_write *writes = plan_array(plan, plan->cgroup_writes);

	list_begin(writer, "cgroup");
	for (uint32_t i = 0; i < plan->cgroup_hierarchies.count; i++) {
		item_begin(writer);
		fprintf(writer->stream, "v%u ", hierarchies[i].version);
		put_escaped(writer, plan_string(plan, hierarchies[i].path));
		item_end(writer);
	}
	for (uint32_t i = 0; i < plan->cgroup_writes.count; i++)
		put_cgroup_write(writer, plan, &writes[i]);
	list_end(writer);
}

static void put_limits(struct writer *writer, const struct plan *plan)
{
	const struct plan_limit *limits = plan_array(plan, plan->limits);
	char line[96];

	list_begin(writer, "limits");
	for (uint32_t i = 0; i < plan->limits.count; i++) {
		snprintf(line, sizeof(line), "rlimit %u: %lld:%lld", limits[i].resource, (long long)limits[i].soft,
		         (long long)limits[i].hard);
		list_item(writer, line);
	}
	list_end(writer);
}

static void put_schedule(struct writer *writer, const struct plan *plan)
{
	const uint64_t *processors = plan_array(plan, plan->processors);
	char line[96];

	list_begin(writer, "schedule");
	for (uint32_t i = 0; i < plan->processors.count * 64; i++)
		if (processors[i / 64] >> i % 64 & 1) {
			snprintf(line, sizeof(line), "processor %u", i);
			list_item(writer, line);
		}
	if (plan->flags & PLAN_SET_SCHEDULER) {
		snprintf(line, sizeof(line), "policy %u", plan->scheduler);
		list_item(writer, line);
	}
	if (plan->flags & PLAN_SET_IO_PRIORITY) {
		snprintf(line, sizeof(line), "io priority 0x%x", plan->io_priority);
		list_item(writer, line);
	}
	if (plan->flags & PLAN_SET_OOM_SCORE) {
		snprintf(line, sizeof(line), "oom score %+d", plan->oom_score_adjust);
		list_item(writer, line);
	}
	list_end(writer);
}

static void put_descriptors(struct writer *writer, const struct plan *plan)
{
	char line[16];

	list_begin(writer, "descriptors");
	for (unsigned fd = 3; fd <= PLAN_DESCRIPTOR_MAX; fd++)
		if (plan->descriptors >> fd & 1) {
			snprintf(line, sizeof(line), "%u", fd);
			list_item(writer, line);
		}
	list_end(writer);
}

static void put_capabilities(struct writer *writer, const struct plan *plan)
{
	char line[64];

	list_begin(writer, "capabilities");
	if (plan->bounding) {
		snprintf(line, sizeof(line), "bounding 0x%llx, ambient 0x%llx", (unsigned long long)plan->bounding,
		         (unsigned long long)plan->ambient);
		list_item(writer, line);
	}
	list_end(writer);
}

static void put_ports(struct writer *writer, const struct plan *plan)
{
	const struct plan_landlock_ports *ports = plan_array(plan, plan->landlock_ports);
	char line[64];

	list_begin(writer, "ports");
	if (plan->landlock_handled_net)
		list_item(writer, plan->landlock_handled_net == 3   ? "bind and connect: none but"
		                  : plan->landlock_handled_net == 1 ? "bind: none but"
		                                                    : "connect: none but");
	for (uint32_t i = 0; i < plan->landlock_ports.count; i++) {
		snprintf(line, sizeof(line), "%s %u-%u", ports[i].access & 1 ? "bind" : "connect", ports[i].first,
		         ports[i].last);
		list_item(writer, line);
	}
	list_end(writer);
}

/* Rules of the first door only: what does not reach forwarding and internal-sftp is said here. */
static void put_reach(struct writer *writer, const struct plan *plan)
{
	if (!(plan->flags & PLAN_SESSION))
		return;
	list_begin(writer, "not-behind-second-door");
	list_item(
	        writer,
	        "port forwarding and internal-sftp run in the login program's own process: mounts, namespaces and the "
	        "cgroup's limits, ConnectPorts and BindPorts hold there; the user namespace, no_new_privs, the system "
	        "call filter, Landlock of files, labels, scheduling, Limit*, Nice, UMask and the environment do not");
	list_end(writer);
	put_strings(writer, "doors", plan, plan->doors);
}

static void put_plan(struct writer *writer, const struct plan *plan)
{
	put_text(writer, "profile", plan_string(plan, plan->profile_name));
	put_text(writer, "user", plan_string(plan, plan->user_name));
	put_text(writer, "uid-map", plan_string(plan, plan->uid_map));
	put_text(writer, "gid-map", plan_string(plan, plan->gid_map));
	if (plan->namespaces & CLONE_NEWTIME)
		put_text(writer, "clock-offsets", plan_string(plan, plan->clock_offsets));
	put_text(writer, "host-name", plan_string(plan, plan->host_name));
	put_namespaces(writer, plan);
	put_capabilities(writer, plan);
	put_cgroup(writer, plan);
	put_steps(writer, plan, "files", plan->steps);
	if (plan->flags & PLAN_OUTBOUND)
		put_steps(writer, plan, "translator-files", plan->translator_steps);
	put_limits(writer, plan);
	put_schedule(writer, plan);
	put_number(writer, "filter", plan->filter.count);
	put_number(writer, "log-filter", plan->log_filter.count);
	put_number(writer, "landlock", plan->landlock_rules.count);
	put_ports(writer, plan);
	put_text(writer, "apparmor", plan_string(plan, plan->apparmor_profile));
	put_text(writer, "selinux", plan_string(plan, plan->selinux_context));
	put_strings(writer, "directory", plan, plan->directories);
	put_strings(writer, "environment", plan, plan->environment);
	put_strings(writer, "unset", plan, plan->environment_unset);
	put_strings(writer, "command", plan, plan->arguments);
	put_descriptors(writer, plan);
	put_number(writer, "runtime-max", plan->runtime_max);
	put_reach(writer, plan);
	put_strings(writer, "warnings", plan, plan->warnings);
}

static char *render(const struct plan *plan, bool json)
{
	char *text = NULL;
	size_t length = 0;
	struct writer writer = {.stream = open_memstream(&text, &length), .json = json, .first = true};

	if (!writer.stream)
		return NULL;
	if (json)
		putc('{', writer.stream);
	put_plan(&writer, plan);
	if (json)
		fputs("}\n", writer.stream);
	int failed = ferror(writer.stream);
	if (fclose(writer.stream) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

char *plan_describe(const struct plan *plan)
{
	return render(plan, false);
}

char *plan_json(const struct plan *plan)
{
	return render(plan, true);
}
