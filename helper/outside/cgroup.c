/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes, watches, empties and removes the cgroups of a sandbox. Everything goes by descriptor: a hierarchy's
 * parent is opened without following links and proved to be a cgroup file system (fstatfs(2)); what is below
 * is opened beneath it, on that file system. A control file takes one whole write; a short one is an error.
 */
#include "helper/outside/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "helper/die.h"
#include "helper/io.h"

#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)

enum { DEPTH_MAX = 32, MOVE_ROUNDS = 10, REMOVE_MS = 2000, OOM_SETTLE_MS = 50, PIDS_MAX = 512 };

static const char group_name[] = "sandbox-run";
static const struct cgroup_handle no_handle = {.directory = -1, .payload = -1, .login = -1, .tasks = -1, .parent = -1};

/* --- control files --- */

static int open_group(int directory, const char *name)
{
	return open_resolved(directory, name, O_PATH | O_DIRECTORY, 0, BENEATH);
}

static int open_control(int directory, const char *file, uint64_t flags)
{
	return open_resolved(directory, file, flags, 0, BENEATH);
}

/* The kernel gives up a limit of memory for a signal that stops us, Ctrl-Z for one, before anything was done. */
static int write_control(int directory, const char *file, const char *value)
{
	CLEANUP_FD fd = open_control(directory, file, O_WRONLY);
	size_t length = strlen(value);
	ssize_t written;

	if (fd < 0)
		return -1;
	do
		written = write(fd, value, length);
	while (written < 0 && errno == EINTR);
	if (written >= 0 && (size_t)written != length)
		errno = EIO;
	return written == (ssize_t)length ? 0 : -1;
}

/* The first PIDS_MAX processes of a cgroup. Returns their number, or -1 with errno. */
static int read_processes(int directory, pid_t *ret_pids)
{
	char text[PIDS_MAX * 11 + 1], *end;
	CLEANUP_FD fd = open_control(directory, "cgroup.procs", O_RDONLY);
	int count = 0;

	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got < 0)
		return -1;
	text[got] = '\0';
	for (const char *next = text; count < PIDS_MAX; next = end) {
		long pid = strtol(next, &end, 10);
		if (pid <= 0 || *end != '\n')
			break; /* the end, or a number cut off by the buffer */
		ret_pids[count++] = (pid_t)pid;
	}
	return count;
}

static bool is_listed(pid_t pid, const pid_t *pids, int count)
{
	for (int i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Sleeps, and lets the next pause be twice as long, up to 10 ms. */
static void pause_growing(long *microseconds)
{
	struct timespec pause = {.tv_nsec = *microseconds * 1000};

	nanosleep(&pause, NULL);
	*microseconds = *microseconds > 5000 ? 10000 : *microseconds * 2;
}

static void close_handle(struct cgroup_handle *handle)
{
	if (handle->payload != handle->directory)
		close_fd(&handle->payload);
	close_fd(&handle->directory);
	close_fd(&handle->login);
	close_fd(&handle->tasks);
	close_fd(&handle->parent);
	*handle = no_handle;
}

static void close_all(struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++)
		close_handle(&cgroup->handles[i]);
	close_fd(&cgroup->oom_event);
	close_fd(&cgroup->oom_file);
	cgroup->count = 0;
}

/* --- making --- */

struct making {
	const struct plan *plan;
	const struct plan_cgroup_hierarchy *hierarchy; /* that is being made */
	struct cgroup *cgroup;
	char *why;
	size_t why_size;
};

/* Says what failed, with the text of errno, which it keeps. Returns -1. */
__attribute__((format(printf, 2, 3))) static int failed(const struct making *making, const char *format, ...)
{
	int error = errno;
	va_list list;

	va_start(list, format);
	int length = vsnprintf(making->why, making->why_size, format, list);
	va_end(list);
	if (length >= 0 && (size_t)length < making->why_size)
		snprintf(making->why + length, making->why_size - (size_t)length, ": %s", error_text(error));
	errno = error;
	return -1;
}

/* A cgroup by its absolute path, proved to be one of the version. */
static int open_absolute(const char *path, unsigned version)
{
	struct statfs filesystem;
	int fd = open_resolved(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &filesystem) == 0 &&
	    filesystem.f_type == (version == 1 ? CGROUP_SUPER_MAGIC : CGROUP2_SUPER_MAGIC))
		return fd;
	close_fd(&fd);
	errno = ENODEV;
	return -1;
}

/* v2: lets the cgroups below have controllers (cgroups(7), "cgroup.subtree_control"). */
static int give_controllers(int directory, uint32_t controllers)
{
	char text[1024] = "", request[512];
	size_t length = 0;
	CLEANUP_FD fd = open_control(directory, "cgroup.subtree_control", O_RDWR);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	uint32_t missing = controllers & ~cgroup_controllers(text, 2);
	for (unsigned i = 0; i < CGROUP_CONTROLLERS; i++) {
		const char *name = cgroup_controller_name((enum cgroup_controller)i, 2);
		if (name && missing & (1u << i))
			length += (size_t)snprintf(request + length, sizeof(request) - length, "%s+%s",
			                           length ? " " : "", name);
	}
	if (length == 0)
		return 0;
	ssize_t written = write(fd, request, length);
	if (written >= 0 && (size_t)written != length)
		errno = EIO;
	return written == (ssize_t)length ? 0 : -1;
}

/*
 * Opens the parent of "sandbox-run". Only sandbox.slice may be missing, or lack a controller that the cgroup
 * above it can give: it is made here unless a unit of systemd keeps it; such a unit makes both lines below
 * idle.
 */
static int open_parent(const struct making *making)
{
	const char *path = plan_string(making->plan, making->hierarchy->path);
	unsigned version = making->hierarchy->version;
	char above[PATH_MAX];

	snprintf(above, sizeof(above), "%s", path);
	char *name = strrchr(above, '/');
	if (!name || strcmp(name, "/sandbox.slice") != 0)
		return open_absolute(path, version);
	*name++ = '\0';
	CLEANUP_FD upper = open_absolute(above, version);
	if (upper < 0 || (mkdirat(upper, name, 0755) != 0 && errno != EEXIST))
		return -1;
	if (version == 2 && give_controllers(upper, making->hierarchy->controllers) != 0)
		return -1;
	return open_group(upper, name);
}

/* Empties the scope of a login into the login leaf: a cgroup with processes cannot give controllers. Whoever
 * forks meanwhile is found by the next round. */
static int move_processes(int from, int to)
{
	pid_t pids[PIDS_MAX];
	char text[16];

	for (int round = 0; round < MOVE_ROUNDS; round++) {
		int count = read_processes(from, pids);
		if (count <= 0)
			return count;
		for (int i = 0; i < count; i++) {
			snprintf(text, sizeof(text), "%d", pids[i]);
			if (write_control(to, "cgroup.procs", text) != 0 && errno != ESRCH)
				return -1;
		}
	}
	errno = EBUSY;
	return -1;
}

static bool has_leaf_writes(const struct making *making, uint32_t index)
{
	const struct plan_cgroup_write *writes = plan_array(making->plan, making->plan->cgroup_writes);

	for (uint32_t i = 0; i < making->plan->cgroup_writes.count; i++)
		if (writes[i].hierarchy == index && writes[i].leaf)
			return true;
	return false;
}

static int give_all(const struct making *making, uint32_t index, int parent, const struct cgroup_handle *handle)
{
	uint32_t controllers = making->hierarchy->controllers;

	if (making->hierarchy->version != 2 || !controllers)
		return 0;
	if (give_controllers(parent, controllers) != 0 || give_controllers(handle->parent, controllers) != 0)
		return -1;
	return handle->login >= 0 && has_leaf_writes(making, index) ? give_controllers(handle->directory, controllers)
	                                                            : 0;
}

static int make_group(int parent, const char *name)
{
	int fd = mkdirat(parent, name, 0755) == 0 ? open_group(parent, name) : -1, error = errno;

	if (fd < 0 && error != EEXIST)
		unlinkat(parent, name, AT_REMOVEDIR);
	errno = error;
	return fd;
}

static int make_groups(const struct making *making, int parent, struct cgroup_handle *handle)
{
	handle->version = making->hierarchy->version;
	handle->parent = open_group(parent, group_name);
	if (handle->parent < 0 && errno == ENOENT && (mkdirat(parent, group_name, 0755) == 0 || errno == EEXIST))
		handle->parent = open_group(parent, group_name);
	if (handle->parent < 0)
		return -1;
	handle->directory = handle->payload = make_group(handle->parent, making->cgroup->id);
	if (handle->directory < 0)
		return -1;
	if (making->plan->flags & PLAN_SESSION) {
		handle->payload = make_group(handle->directory, "payload");
		handle->login = make_group(handle->directory, "login");
		if (handle->payload < 0 || handle->login < 0)
			return -1;
	}
	if (handle->version == 1)
		handle->tasks = open_control(handle->payload, "tasks", O_WRONLY);
	return handle->version == 1 && handle->tasks < 0 ? -1 : 0;
}

static int write_limits(const struct making *making, uint32_t index, const struct cgroup_handle *handle)
{
	const struct plan *plan = making->plan;
	const struct plan_cgroup_write *writes = plan_array(plan, plan->cgroup_writes);

	for (uint32_t i = 0; i < plan->cgroup_writes.count; i++) {
		if (writes[i].hierarchy != index)
			continue;
		const char *file = plan_string(plan, writes[i].file), *value = plan_string(plan, writes[i].value);
		if (write_control(writes[i].leaf ? handle->payload : handle->directory, file, value) != 0)
			return failed(making, "%s: write \"%s\" to %s of cgroup %s/%s/%s",
			              plan_string(plan, writes[i].key), value, file,
			              plan_string(plan, making->hierarchy->path), group_name, making->cgroup->id);
	}
	return 0;
}

/*
 * v1 counts a kill where the victim was, and tells by eventfd (cgroup-v1/memory.rst, section 10). v2 counts
 * in all cgroups above too; poll(2) tells what came since the last read, so there must have been one.
 */
static int watch_memory(struct cgroup *cgroup, const struct cgroup_handle *handle, bool events)
{
	char line[64];

	if (handle->version == 2) {
		cgroup->oom_file = open_control(handle->directory, "memory.events", O_RDONLY);
		return cgroup->oom_file >= 0 && read(cgroup->oom_file, line, sizeof(line)) >= 0 ? 0 : -1;
	}
	cgroup->oom_file = open_control(handle->payload, "memory.oom_control", O_RDONLY);
	if (cgroup->oom_file < 0 || !events)
		return cgroup->oom_file < 0 ? -1 : 0;
	cgroup->oom_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (cgroup->oom_event < 0)
		return -1;
	snprintf(line, sizeof(line), "%d %d", cgroup->oom_event, cgroup->oom_file);
	return write_control(handle->payload, "cgroup.event_control", line);
}

static int make_hierarchy(const struct making *making, uint32_t index)
{
	struct cgroup_handle *handle = &making->cgroup->handles[index];
	const char *path = plan_string(making->plan, making->hierarchy->path);
	CLEANUP_FD parent = open_parent(making);

	if (parent < 0)
		return failed(making, "open cgroup %s", path);
	if (make_groups(making, parent, handle) != 0)
		return failed(making, "make cgroup %s/%s/%s", path, group_name, making->cgroup->id);
	if (handle->version == 2 && handle->login >= 0 && cgroup_is_login_scope(path) &&
	    move_processes(parent, handle->login) != 0)
		return failed(making, "move the login program's processes below cgroup %s", path);
	if (give_all(making, index, parent, handle) != 0)
		return failed(making, "write to cgroup.subtree_control of cgroup %s", path);
	if (write_limits(making, index, handle) != 0)
		return -1;
	if (making->hierarchy->controllers & (1u << CGROUP_MEMORY) &&
	    watch_memory(making->cgroup, handle, making->plan->flags & PLAN_OOM_KILL) != 0)
		return failed(making, "watch the memory of cgroup %s/%s/%s", path, group_name, making->cgroup->id);
	return 0;
}

/* Of two hierarchies, the better one to find and kill processes with. */
static int membership_rank(unsigned version, uint32_t controllers)
{
	return version == 2 ? 2 : controllers & (1u << CGROUP_PIDS) ? 1 : 0;
}

/* --- removing --- */

/* rmdir(2), after whatever is below. The plain rmdir comes first: it is all a command's sandbox needs. */
static int remove_tree(int parent, const char *name, int depth)
{
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY || depth == 0)
		return -1;
	int fd = open_resolved(parent, name, O_RDONLY | O_DIRECTORY, 0, BENEATH);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory) {
		close_fd(&fd);
		return -1;
	}
	for (const struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    remove_tree(dirfd(directory), entry->d_name, depth - 1) != 0)
			break; /* what is above it stays busy too */
	closedir(directory);
	return unlinkat(parent, name, AT_REMOVEDIR);
}

/* Whether the kernel says that no process is in a v2 cgroup or below it; if not, waits for news up to a
 * deadline. */
static bool wait_unpopulated(int directory, long long deadline)
{
	char text[256];
	CLEANUP_FD fd = open_control(directory, "cgroup.events", O_RDONLY);

	while (fd >= 0) {
		ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
		long long left = deadline - now_ms();
		if (got < 0)
			return false;
		text[got] = '\0';
		if (strstr(text, "populated 0"))
			return true;
		struct pollfd poller = {.fd = fd, .events = POLLPRI};
		if (left <= 0 || (poll(&poller, 1, (int)left) < 0 && errno != EINTR))
			return false;
	}
	return false;
}

/* Below a scope of logind the supervisor is itself in the login leaf. */
static bool holds_self(const struct cgroup_handle *handle)
{
	pid_t pids[PIDS_MAX];
	int count = handle->login < 0 ? 0 : read_processes(handle->login, pids);

	return is_listed(getpid(), pids, count);
}

/*
 * v2 says when the last process is gone. v1 has no such event but a program the kernel starts
 * (notify_on_release), so there the attempt is repeated after pauses from 0.1 to 10 ms: what keeps an emptied
 * cgroup busy is the end of a process that has been killed or reaped already.
 */
static int remove_handle(const char *id, struct cgroup_handle *handle, long long deadline)
{
	long pause = 100;

	while (remove_tree(handle->parent, id, DEPTH_MAX) != 0) {
		int error = errno;
		if (handle->version == 2 && holds_self(handle))
			return remove_tree(handle->directory, "payload", DEPTH_MAX);
		if (handle->version == 2)
			wait_unpopulated(handle->directory, deadline);
		errno = error;
		if (error != EBUSY || now_ms() >= deadline)
			return -1;
		pause_growing(&pause);
	}
	return 0;
}

static int remove_all(struct cgroup *cgroup, int timeout_ms)
{
	long long deadline = now_ms() + timeout_ms;
	int error = 0;

	for (size_t i = 0; i < cgroup->count; i++)
		if (cgroup->handles[i].directory >= 0 &&
		    remove_handle(cgroup->id, &cgroup->handles[i], deadline) != 0 && !error)
			error = errno;
	close_all(cgroup);
	errno = error;
	return error ? -1 : 0;
}

int cgroup_remove(struct cgroup *cgroup)
{
	return remove_all(cgroup, REMOVE_MS);
}

/* --- the life of one --- */

static void start_empty(struct cgroup *ret_cgroup, const char *id)
{
	*ret_cgroup = (struct cgroup){.oom_event = -1, .oom_file = -1};
	snprintf(ret_cgroup->id, sizeof(ret_cgroup->id), "%s", id);
}

static void count_handle(struct cgroup *cgroup, unsigned version, uint32_t controllers, int *best)
{
	int rank = membership_rank(version, controllers);

	if (rank > *best) {
		*best = rank;
		cgroup->membership = cgroup->count;
	}
	cgroup->count++;
}

int cgroup_create(const struct plan *plan, const char *id, struct cgroup *ret_cgroup, char *why, size_t why_size)
{
	const struct plan_cgroup_hierarchy *hierarchies = plan_array(plan, plan->cgroup_hierarchies);
	struct making making = {.plan = plan, .cgroup = ret_cgroup, .why = why, .why_size = why_size};
	int best = -1;

	start_empty(ret_cgroup, id);
	for (uint32_t i = 0; i < plan->cgroup_hierarchies.count; i++) {
		making.hierarchy = &hierarchies[i];
		ret_cgroup->handles[i] = no_handle;
		count_handle(ret_cgroup, hierarchies[i].version, hierarchies[i].controllers, &best);
		if (make_hierarchy(&making, i) != 0) {
			int error = errno;
			remove_all(ret_cgroup, 0);
			errno = error;
			return -1;
		}
	}
	return 0;
}

int cgroup_clone_descriptor(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++)
		if (cgroup->handles[i].version == 2)
			return cgroup->handles[i].payload;
	return -1;
}

int cgroup_enter_self(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		ssize_t written = cgroup->handles[i].tasks < 0 ? 1 : write(cgroup->handles[i].tasks, "0", 1);
		if (written == 0)
			errno = EIO;
		if (written != 1)
			return -1;
	}
	return 0;
}

int cgroup_verify(const struct cgroup *cgroup, int pid, char *why, size_t why_size)
{
	pid_t pids[PIDS_MAX];

	for (size_t i = 0; i < cgroup->count; i++) {
		int count = read_processes(cgroup->handles[i].payload, pids);
		if (count >= 0 && is_listed(pid, pids, count))
			continue;
		snprintf(why, why_size, "process %d is not in its cgroup %s (v%u hierarchy %zu of the plan)", pid,
		         cgroup->id, cgroup->handles[i].version, i);
		return -1;
	}
	return 0;
}

static long read_oom_kills(int file)
{
	char text[512];
	ssize_t got = pread(file, text, sizeof(text) - 1, 0);

	if (got < 0)
		return -1;
	text[got] = '\0';
	const char *line = strstr(text, "\noom_kill ");
	if (!line) {
		errno = ENODATA; /* v1 before Linux 4.13 */
		return -1;
	}
	return strtol(line + strlen("\noom_kill "), NULL, 10);
}

long cgroup_oom_kills(const struct cgroup *cgroup)
{
	long long deadline = now_ms() + OOM_SETTLE_MS;
	uint64_t events = 0;
	long pause = 100, kills;

	if (cgroup->oom_file < 0) {
		errno = ENODATA;
		return -1;
	}
	if (cgroup->oom_event >= 0 && read(cgroup->oom_event, &events, sizeof(events)) < 0)
		events = 0; /* EAGAIN: none since the last look */
	while ((kills = read_oom_kills(cgroup->oom_file)) == 0 && events && now_ms() < deadline)
		pause_growing(&pause);
	return kills;
}

/* --- killing --- */

/* A pid may pass to another process between the list and the kill. One that is listed again after its pidfd
 * was opened is what the pidfd means, or that is dead. */
static int kill_listed(int directory)
{
	pid_t pids[PIDS_MAX], again[PIDS_MAX];
	int pidfds[PIDS_MAX], count = directory < 0 ? 0 : read_processes(directory, pids);

	for (int i = 0; i < count; i++)
		pidfds[i] = (int)syscall(SYS_pidfd_open, pids[i], 0);
	int still = count > 0 ? read_processes(directory, again) : 0;
	for (int i = 0; i < count; i++) {
		if (pidfds[i] >= 0 && is_listed(pids[i], again, still) && pids[i] != getpid())
			syscall(SYS_pidfd_send_signal, pidfds[i], SIGKILL, NULL, 0);
		close_fd(&pidfds[i]);
	}
	return count;
}

int cgroup_kill(const struct cgroup *cgroup, int timeout_ms)
{
	long long deadline = now_ms() + timeout_ms;
	const struct cgroup_handle *handle = &cgroup->handles[cgroup->membership];
	long pause = 100;

	if (cgroup->count == 0)
		return 0;
	if (handle->version == 2 && write_control(handle->directory, "cgroup.kill", "1") == 0) {
		if (wait_unpopulated(handle->directory, deadline))
			return 0;
		errno = ETIMEDOUT;
		return -1;
	}
	for (;;) {
		/* Keeps what is inside from forking away from the signals; a frozen process of v2 can be killed. Whoever
		 * was quicker is killed in the next round. */
		if (handle->version == 2)
			write_control(handle->directory, "cgroup.freeze", "1");
		else
			write_control(handle->directory, "pids.max", "0");
		int found = kill_listed(handle->payload) + kill_listed(handle->login);
		if (handle->directory != handle->payload)
			found += kill_listed(handle->directory);
		if (found == 0)
			return 0;
		if (now_ms() >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
		pause_growing(&pause);
	}
}

/* --- those of others --- */

static int open_run(const struct cgroup_hierarchy *hierarchy)
{
	CLEANUP_FD parent = open_absolute(hierarchy->path, hierarchy->version);

	return parent < 0 ? -1 : open_group(parent, group_name);
}

int cgroup_open(const struct cgroup_facts *facts, const char *id, struct cgroup *ret_cgroup)
{
	int best = -1;

	start_empty(ret_cgroup, id);
	if (!*id || *id == '.' || strchr(id, '/') || strlen(id) >= sizeof(ret_cgroup->id)) {
		errno = EINVAL;
		return -1;
	}
	for (size_t i = 0; i < facts->count; i++) {
		const struct cgroup_hierarchy *hierarchy = &facts->hierarchies[i];
		struct cgroup_handle *handle = &ret_cgroup->handles[ret_cgroup->count];
		*handle = no_handle;
		handle->version = hierarchy->version;
		handle->parent = open_run(hierarchy);
		handle->directory = handle->parent < 0 ? -1 : open_group(handle->parent, id);
		if (handle->directory < 0) {
			close_handle(handle);
			continue;
		}
		handle->login = open_group(handle->directory, "login");
		handle->payload = handle->login < 0 ? -1 : open_group(handle->directory, "payload");
		if (handle->payload < 0)
			handle->payload = handle->directory;
		if (hierarchy->controllers & (1u << CGROUP_MEMORY) && watch_memory(ret_cgroup, handle, false) != 0)
			close_fd(&ret_cgroup->oom_file); /* v2 without that controller for this sandbox */
		count_handle(ret_cgroup, hierarchy->version, hierarchy->controllers, &best);
	}
	errno = ENOENT;
	return ret_cgroup->count ? 0 : -1;
}

static int each_in(int run, int (*visit)(const char *id, void *data), void *data)
{
	int result = 0, fd = open_resolved(run, ".", O_RDONLY | O_DIRECTORY, 0, BENEATH);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory) {
		close_fd(&fd);
		return -1;
	}
	for (const struct dirent *entry; result == 0 && (errno = 0, entry = readdir(directory));)
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			result = visit(entry->d_name, data);
	if (result == 0 && errno)
		result = -1;
	int error = errno;
	closedir(directory);
	errno = error;
	return result;
}

int cgroup_each(const struct cgroup_facts *facts, int (*visit)(const char *id, void *data), void *data)
{
	for (size_t i = 0; i < facts->count; i++) {
		CLEANUP_FD run = open_run(&facts->hierarchies[i]);
		if (run < 0 && errno == ENOENT)
			continue; /* no sandbox there yet */
		if (run < 0 || each_in(run, visit, data) != 0)
			return -1;
	}
	return 0;
}
