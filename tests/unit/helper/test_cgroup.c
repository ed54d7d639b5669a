/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * helper/outside/cgroup.c and cgroup_facts.c on this machine's real hierarchies: everything happens below a
 * cgroup of the test's own in each, which is removed at the end. Needs root; exits 77 where no hierarchy can
 * be used.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above */
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/outside/cgroup.h"

enum { MEBI = 1 << 20, PATHS = 256, CYCLES = 200 };

static struct cgroup_facts facts; /* of the machine, its parents replaced by ours */
static char parents[CGROUP_HIERARCHIES_MAX][PATHS];

/* --- a plan by hand --- */

static _Alignas(8) struct {
	struct plan plan;
	struct plan_cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES_MAX];
	struct plan_cgroup_write writes[8];
	char strings[8192];
} image;

static plan_ref string(const char *text)
{
	plan_ref ref = image.plan.strings.count;

	strcpy(image.strings + ref, text);
	image.plan.strings.count += (uint32_t)strlen(text) + 1;
	return ref;
}

static void plan_start(uint32_t flags)
{
	memset(&image, 0, sizeof(image));
	image.plan.flags = flags | PLAN_CGROUP;
	image.plan.cgroup_hierarchies.offset = (uint32_t)((char *)image.hierarchies - (char *)&image);
	image.plan.cgroup_writes.offset = (uint32_t)((char *)image.writes - (char *)&image);
	image.plan.strings.offset = (uint32_t)(image.strings - (char *)&image);
	image.plan.strings.count = 1;
}

/* Takes a hierarchy of the machine into the plan. Returns its index there. */
static uint32_t plan_hierarchy(size_t index, uint32_t controllers)
{
	uint32_t count = image.plan.cgroup_hierarchies.count++;

	image.hierarchies[count] = (struct plan_cgroup_hierarchy){.version = facts.hierarchies[index].version,
	                                                          .controllers = controllers,
	                                                          .path = string(parents[index])};
	return count;
}

static int find(enum cgroup_controller controller)
{
	for (size_t i = 0; i < facts.count; i++)
		if (facts.hierarchies[i].controllers & (1u << controller))
			return (int)i;
	return -1;
}

/* Plans one write of a controller; skips the test where the machine has not got it. */
static void plan_limit(enum cgroup_controller controller, const char *v1_file, const char *v2_file, const char *value)
{
	int index = find(controller);

	if (index < 0)
		skip();
	uint32_t hierarchy = plan_hierarchy((size_t)index, 1u << controller);
	const char *file = facts.hierarchies[index].version == 1 ? v1_file : v2_file;
	image.writes[image.plan.cgroup_writes.count++] = (struct plan_cgroup_write){
	        .hierarchy = hierarchy, .file = string(file), .value = string(value), .key = string("Key")};
}

/* --- a sandbox --- */

static struct cgroup cgroup;
static char why[512];

static void create(const char *id)
{
	if (cgroup_create(&image.plan, id, &cgroup, why, sizeof(why)) != 0)
		fail_msg("%s", why);
}

/* A child that is in the cgroup, as the helper starts it, and runs body with what it may need. */
static pid_t start(int (*body)(void *data), void *data)
{
	int descriptor = cgroup_clone_descriptor(&cgroup);
	struct clone_args arguments = {.exit_signal = SIGCHLD};

	if (descriptor >= 0) {
		arguments.flags = CLONE_INTO_CGROUP;
		arguments.cgroup = (__u64)(unsigned)descriptor;
	}
	pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || cgroup_enter_self(&cgroup) != 0)
			_exit(99);
		_exit(body(data));
	}
	assert_true(pid > 0);
	return pid;
}

static int reap(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int end_now(void *data)
{
	(void)data;
	return 0;
}

static int hold_still(void *data)
{
	char byte = 'r';
	const int *ready = data;

	if (write(*ready, &byte, 1) != 1)
		return 1;
	pause();
	return 0;
}

/* A child that is inside and says so before this returns. */
static pid_t start_still(void)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = start(hold_still, &ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

/* --- listings --- */

static void list_groups(const char *path, char *text, size_t size, int depth)
{
	struct dirent **entries;
	int count = depth ? scandir(path, &entries, NULL, alphasort) : 0;

	for (int i = 0; i < count; i++) {
		char below[PATHS * 2];
		snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_type == DT_DIR && entries[i]->d_name[0] != '.') {
			size_t length = strlen(text);
			snprintf(text + length, size - length, "%s\n", below);
			list_groups(below, text, size, depth - 1);
		}
		free(entries[i]);
	}
	if (count > 0)
		free(entries);
}

/* Every cgroup below the test's own, in all hierarchies. Malloc'd. */
static char *listing(void)
{
	char *text = calloc(1, 65536);

	assert_non_null(text);
	for (size_t i = 0; i < facts.count; i++)
		list_groups(parents[i], text, 65536, 6);
	return text;
}

static void assert_nothing_left(void)
{
	char *text = listing();
	const char *left = strstr(text, "/sandbox-run/");

	if (left)
		print_error("%s", text);
	free(text);
	assert_null(left);
}

/* --- tests --- */

static void plan_everything(uint32_t flags)
{
	plan_start(flags);
	for (size_t i = 0; i < facts.count; i++)
		plan_hierarchy(i, facts.hierarchies[i].version == 1 ? facts.hierarchies[i].controllers : 0);
}

static void a_child_is_in_every_hierarchy(void **state)
{
	(void)state;
	plan_everything(0);
	create("every");
	pid_t pid = start_still();
	int verified = cgroup_verify(&cgroup, pid, why, sizeof(why));
	int other = cgroup_verify(&cgroup, getpid(), why, sizeof(why));
	kill(pid, SIGKILL);
	reap(pid);
	assert_int_equal(cgroup_remove(&cgroup), 0);
	assert_int_equal(verified, 0);
	assert_int_equal(other, -1);
	assert_nothing_left();
}

static void cycles_leave_nothing(void **state)
{
	(void)state;
	plan_everything(0);
	create("first"); /* makes "sandbox-run", which stays */
	assert_int_equal(cgroup_remove(&cgroup), 0);
	char *before = listing();
	for (int i = 0; i < CYCLES; i++) {
		char id[32];
		snprintf(id, sizeof(id), "cycle%d", i);
		create(id);
		assert_int_equal(reap(start(end_now, NULL)), 0);
		assert_int_equal(cgroup_remove(&cgroup), 0);
	}
	char *after = listing();
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static int allocate(void *data)
{
	size_t size = (size_t)200 * MEBI;

	(void)data;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	memset(memory, 1, size);
	return 0;
}

/* The shell of the acceptance test: it outlives its child's end. */
static int allocate_in_a_child(void *data)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(allocate(data));
	int status = 0;
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFSIGNALED(status) ? 42 : 2;
}

static void plan_memory(const char *limit)
{
	plan_start(PLAN_OOM_KILL);
	plan_limit(CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max", limit);
	/* Swap would let it through. */
	image.writes[image.plan.cgroup_writes.count++] = (struct plan_cgroup_write){
	        .hierarchy = 0,
	        .file = string(image.hierarchies[0].version == 1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max"),
	        .value = string(image.hierarchies[0].version == 1 ? limit : "0"),
	        .key = string("Key")};
	if (!facts.swap_accounting)
		image.plan.cgroup_writes.count--;
}

static void past_the_memory_limit_is_an_oom_kill_and_an_event(void **state)
{
	(void)state;
	plan_memory("67108864");
	create("memory");
	assert_int_equal(cgroup_oom_kills(&cgroup), 0);
	pid_t pid = start(allocate_in_a_child, NULL);
	struct pollfd watched = {.fd = cgroup.oom_event >= 0 ? cgroup.oom_event : cgroup.oom_file,
	                         .events = cgroup.oom_event >= 0 ? POLLIN : POLLPRI};
	int ready = poll(&watched, 1, 10000);
	long at_event = cgroup_oom_kills(&cgroup);
	int status = reap(pid);
	long kills = cgroup_oom_kills(&cgroup);
	assert_int_equal(cgroup_remove(&cgroup), 0);
	assert_int_equal(ready, 1);
	assert_int_equal(at_event, 1);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	assert_int_equal(kills, 1);
}

static void without_a_memory_limit_the_same_child_lives(void **state)
{
	(void)state;
	plan_start(PLAN_OOM_KILL);
	plan_limit(CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max", "1073741824");
	create("memory-free");
	int status = reap(start(allocate_in_a_child, NULL));
	long kills = cgroup_oom_kills(&cgroup);
	assert_int_equal(cgroup_remove(&cgroup), 0);
	assert_int_equal(WEXITSTATUS(status), 2);
	assert_int_equal(kills, 0);
}

/* cgroup v1 sends its event before the victim is chosen and counted: here 5 ms before. */
static void after_an_event_the_count_is_waited_for(void **state)
{
	static const char before[] = "under_oom 0\noom_kill 0\n", after[] = "under_oom 0\noom_kill 1\n";
	struct cgroup watched = {.oom_event = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK),
	                         .oom_file = memfd_create("oom", MFD_CLOEXEC)};

	(void)state;
	assert_int_equal(write(watched.oom_file, before, sizeof(before) - 1), sizeof(before) - 1);
	pid_t pid = fork();
	if (pid == 0) {
		usleep(5000);
		_exit(pwrite(watched.oom_file, after, sizeof(after) - 1, 0) == sizeof(after) - 1 ? 0 : 1);
	}
	long kills = cgroup_oom_kills(&watched);
	assert_int_equal(reap(pid), 0);
	close(watched.oom_event);
	close(watched.oom_file);
	assert_int_equal(kills, 1);
}

static void what_cannot_be_counted_is_no_count(void **state)
{
	const struct cgroup watched = {.oom_event = -1, .oom_file = -1};

	(void)state;
	assert_int_equal(cgroup_oom_kills(&watched), -1);
}

/* Forks at most 100 children that wait for the end of a pipe. Exit status: how many there were. */
static int fork_many(void *data)
{
	int hold[2], made = 0;
	char byte;

	(void)data;
	if (pipe(hold) != 0)
		return 255;
	for (; made < 100; made++) {
		pid_t pid = fork();
		if (pid < 0)
			break;
		if (pid == 0) {
			close(hold[1]);
			_exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
		}
	}
	close(hold[1]);
	while (wait(NULL) > 0)
		;
	return made;
}

static void a_fork_loop_stays_within_the_tasks_limit(void **state)
{
	(void)state;
	plan_start(0);
	plan_limit(CGROUP_PIDS, "pids.max", "pids.max", "32");
	create("tasks-32");
	int status = reap(start(fork_many, NULL));
	assert_int_equal(cgroup_remove(&cgroup), 0);
	assert_int_equal(WEXITSTATUS(status), 31);
}

static void without_a_tasks_limit_the_loop_gets_all(void **state)
{
	(void)state;
	plan_start(0);
	plan_limit(CGROUP_PIDS, "pids.max", "pids.max", "max");
	create("tasks-free");
	int status = reap(start(fork_many, NULL));
	assert_int_equal(cgroup_remove(&cgroup), 0);
	assert_int_equal(WEXITSTATUS(status), 100);
}

static void a_refused_value_names_file_value_and_reason(void **state)
{
	(void)state;
	plan_start(0);
	plan_limit(CGROUP_PIDS, "pids.max", "pids.max", "rubbish");
	int result = cgroup_create(&image.plan, "refused", &cgroup, why, sizeof(why));
	assert_int_equal(result, -1);
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(why, "Key: write \"rubbish\" to pids.max of cgroup "));
	assert_non_null(strstr(why, ": Invalid argument"));
	assert_int_equal(cgroup.count, 0);
	assert_nothing_left();
}

static void a_missing_control_file_is_an_error(void **state)
{
	(void)state;
	plan_start(0);
	plan_limit(CGROUP_PIDS, "pids.none", "pids.none", "1");
	assert_int_equal(cgroup_create(&image.plan, "missing", &cgroup, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "pids.none"));
	assert_non_null(strstr(why, "No such file or directory"));
	assert_nothing_left();
}

static void a_control_file_outside_is_never_written(void **state)
{
	(void)state;
	plan_start(0);
	plan_limit(CGROUP_PIDS, "../../pids.max", "../../pids.max", "5");
	assert_int_equal(cgroup_create(&image.plan, "outside", &cgroup, why, sizeof(why)), -1);
	assert_int_equal(errno, EXDEV);
	assert_nothing_left();
}

static void a_parent_that_is_no_cgroup_is_refused(void **state)
{
	(void)state;
	plan_start(0);
	plan_hierarchy(0, 0);
	image.hierarchies[0].path = string("/tmp");
	assert_int_equal(cgroup_create(&image.plan, "tmp", &cgroup, why, sizeof(why)), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(access("/tmp/sandbox-run", F_OK), -1);
}

static void an_id_that_is_taken_is_refused_and_left_alone(void **state)
{
	struct cgroup second;

	(void)state;
	plan_everything(0);
	create("taken");
	pid_t pid = start_still();
	int result = cgroup_create(&image.plan, "taken", &second, why, sizeof(why)), error = errno;
	int still_there = cgroup_verify(&cgroup, pid, why, sizeof(why));
	kill(pid, SIGKILL);
	reap(pid);
	assert_int_equal(cgroup_remove(&cgroup), 0);
	assert_int_equal(result, -1);
	assert_int_equal(error, EEXIST);
	assert_int_equal(still_there, 0);
}

static int first_v2(void)
{
	for (size_t i = 0; i < facts.count; i++)
		if (facts.hierarchies[i].version == 2)
			return (int)i;
	print_message("skip: no cgroup v2 that can be used here\n");
	skip();
	return -1;
}

/* Every process makes a next one for ever and waits for none; bounded by the tasks limit and by the test's
 * end. */
static int bomb(void *data)
{
	const int *ready = data;
	char byte = 'r';

	signal(SIGCHLD, SIG_IGN);
	if (write(*ready, &byte, 1) != 1)
		return 1;
	for (int i = 0; i < 200000; i++) {
		pid_t pid = fork();
		if (pid < 0)
			usleep(100);
		else if (pid > 0 && i % 2)
			_exit(0);
	}
	return 0;
}

static void kill_by(size_t index, uint32_t controllers, int (*body)(void *data), const char *id)
{
	int ready[2];
	char byte;

	plan_start(0);
	plan_limit(CGROUP_PIDS, "pids.max", "pids.max", "64");
	if (index != SIZE_MAX)
		plan_hierarchy(index, controllers);
	create(id);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = start(body, &ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	int killed = cgroup_kill(&cgroup, 5000), error = errno;
	reap(pid);
	int removed = cgroup_remove(&cgroup);
	if (killed != 0 || removed != 0)
		fail_msg("%s: kill %d (%s), remove %d", id, killed, strerror(error), removed);
	assert_nothing_left();
}

static void a_fork_bomb_is_killed_by_the_pids_hierarchy(void **state)
{
	(void)state;
	kill_by(SIZE_MAX, 0, bomb, "bomb-pids");
}

static void a_fork_bomb_is_killed_by_a_v2_hierarchy(void **state)
{
	(void)state;
	kill_by((size_t)first_v2(), 0, bomb, "bomb-v2");
}

static void a_session_has_two_leaves(void **state)
{
	(void)state;
	plan_everything(PLAN_SESSION);
	create("session");
	pid_t pid = start_still();
	int verified = cgroup_verify(&cgroup, pid, why, sizeof(why));
	for (size_t i = 0; i < cgroup.count; i++) {
		assert_true(cgroup.handles[i].login >= 0);
		assert_int_not_equal(cgroup.handles[i].payload, cgroup.handles[i].directory);
	}
	assert_int_equal(cgroup_kill(&cgroup, 5000), 0);
	reap(pid);
	assert_int_equal(verified, 0);
	assert_int_equal(cgroup_remove(&cgroup), 0);
	assert_nothing_left();
}

/* Puts a process into a v2 cgroup. */
static void put_into(const char *path, pid_t pid)
{
	char file[PATHS * 2], text[16];
	int length = snprintf(text, sizeof(text), "%d", pid);

	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, text, (size_t)length), length);
	close(fd);
}

static bool is_in(int directory, pid_t pid)
{
	char text[4096] = "", wanted[16];
	int fd = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);

	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	snprintf(wanted, sizeof(wanted), "%d\n", pid);
	return strstr(text, wanted);
}

/* The supervisor of a login, itself in the scope. Its exit status names the first thing that was wrong. */
static int supervise_scope(const char *scope, pid_t login)
{
	put_into(scope, login);
	put_into(scope, getpid());
	if (cgroup_create(&image.plan, "scope", &cgroup, why, sizeof(why)) != 0)
		return 1;
	if (!is_in(cgroup.handles[0].login, login) || !is_in(cgroup.handles[0].login, getpid()))
		return 2;
	if (is_in(cgroup.handles[0].payload, login))
		return 3;
	kill(login, SIGKILL);
	return cgroup_remove(&cgroup) == 0 ? 0 : 4;
}

/* As logind has it. The leaf the supervisor stands in is left to systemd; the payload's is removed. */
static void the_scope_of_a_login_is_emptied_into_the_login_leaf(void **state)
{
	static const char *const left[] = {"/sandbox-run/scope/login", "/sandbox-run/scope", "/sandbox-run", ""};
	char scope[PATHS + 32];
	int index = first_v2();

	(void)state;
	snprintf(scope, sizeof(scope), "%s/session-9.scope", parents[index]);
	assert_int_equal(mkdir(scope, 0755), 0);
	plan_start(PLAN_SESSION);
	plan_hierarchy((size_t)index, 0);
	image.hierarchies[0].path = string(scope);
	pid_t login = fork();
	if (login == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	pid_t supervisor = fork();
	if (supervisor == 0)
		_exit(supervise_scope(scope, login));
	int status = reap(supervisor);
	kill(login, SIGKILL);
	reap(login);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		char path[PATHS * 2];
		snprintf(path, sizeof(path), "%s%s", scope, left[i]);
		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_is_busy_stays_and_is_said(void **state)
{
	(void)state;
	plan_start(0);
	plan_hierarchy(0, facts.hierarchies[0].version == 1 ? facts.hierarchies[0].controllers : 0);
	create("busy");
	pid_t pid = start_still();
	assert_int_equal(cgroup_remove(&cgroup), -1);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(cgroup_open(&facts, "busy", &cgroup), 0); /* as gc finds it */
	assert_int_equal(cgroup_kill(&cgroup, 5000), 0);
	reap(pid);
	assert_int_equal(cgroup_remove(&cgroup), 0);
	assert_nothing_left();
}

static int count_id(const char *id, void *data)
{
	int *count = data;

	if (strcmp(id, "one") == 0 || strcmp(id, "two") == 0)
		++*count;
	return 0;
}

static void each_sandbox_is_visited_in_each_hierarchy(void **state)
{
	struct cgroup first;
	int count = 0;

	(void)state;
	plan_everything(0);
	create("one");
	first = cgroup;
	create("two");
	int result = cgroup_each(&facts, count_id, &count);
	assert_int_equal(cgroup_remove(&cgroup), 0);
	assert_int_equal(cgroup_remove(&first), 0);
	assert_int_equal(result, 0);
	assert_int_equal(count, 2 * facts.count);
}

static void what_is_no_id_is_not_opened(void **state)
{
	static const char *const ids[] = {"", ".", "..", "../x", "a/b", "nowhere"};

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		assert_int_equal(cgroup_open(&facts, ids[i], &cgroup), -1);
	assert_int_equal(errno, ENOENT);
}

static void kernel_lists_become_controllers(void **state)
{
	(void)state;
	assert_int_equal(cgroup_controllers("cpu,cpuacct", 1), 1u << CGROUP_CPU | 1u << CGROUP_CPUACCT);
	assert_int_equal(cgroup_controllers("blkio", 1), 1u << CGROUP_IO);
	assert_int_equal(cgroup_controllers("cpuset cpu io memory pids\n", 2),
	                 1u << CGROUP_CPUSET | 1u << CGROUP_CPU | 1u << CGROUP_IO | 1u << CGROUP_MEMORY |
	                         1u << CGROUP_PIDS);
	assert_int_equal(cgroup_controllers("name=systemd", 1), 0);
	assert_int_equal(cgroup_controllers("", 2), 0);
}

static void only_scopes_of_sessions_are_emptied(void **state)
{
	(void)state;
	assert_true(cgroup_is_login_scope("/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope"));
	assert_true(cgroup_is_login_scope("/sys/fs/cgroup/user.slice/user-1000.slice/session-c1.scope"));
	assert_false(cgroup_is_login_scope("/sys/fs/cgroup/system.slice/ssh.service"));
	assert_false(cgroup_is_login_scope("/sys/fs/cgroup/user.slice/user-1000.slice"));
	assert_false(cgroup_is_login_scope("/sys/fs/cgroup/session-3.scope/below"));
	assert_false(cgroup_is_login_scope("session-3.scope"));
}

/* Children of a person without rights on any cgroup find none. */
static void without_rights_nothing_is_usable(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		struct cgroup_facts found;
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(3);
		cgroup_facts_read(&found, 0);
		_exit(found.count == 0 && found.membership == -1 ? 0 : 1);
	}
	assert_int_equal(reap(pid), 0);
}

/* --- the test's own cgroups --- */

static void remove_own(void)
{
	for (size_t i = 0; i < facts.count; i++) {
		char path[PATHS + 16];
		snprintf(path, sizeof(path), "%.*s/sandbox-run", PATHS, parents[i]);
		if (rmdir(path) != 0 && errno != ENOENT)
			print_error("%s: %s\n", path, strerror(errno));
		if (rmdir(parents[i]) != 0 && errno != ENOENT)
			print_error("%s: %s\n", parents[i], strerror(errno));
	}
}

/* The product does not look at a v2 hierarchy that brings nothing new; here it is of use. */
static void add_unified(void)
{
	static const char path[] = "/sys/fs/cgroup/unified";
	struct statfs filesystem;

	for (size_t i = 0; i < facts.count; i++)
		if (facts.hierarchies[i].version == 2)
			return;
	if (statfs(path, &filesystem) == 0 && (unsigned long)filesystem.f_type == CGROUP2_SUPER_MAGIC &&
	    access(path, W_OK) == 0)
		facts.hierarchies[facts.count++] = (struct cgroup_hierarchy){.version = 2, .path = path};
}

static bool make_own(void)
{
	cgroup_facts_read(&facts, 0);
	add_unified();
	for (size_t i = 0; i < facts.count; i++) {
		int length = snprintf(parents[i], PATHS, "%s/sandbox-test-%d", facts.hierarchies[i].path, getpid());
		if (length >= PATHS || mkdir(parents[i], 0755) != 0)
			return false;
		facts.hierarchies[i].path = parents[i];
		/* A cpuset takes no process before it is given processors and nodes (cpusets(7)); no key uses
		 * it here. */
		if (facts.hierarchies[i].version == 1 && facts.hierarchies[i].controllers & (1u << CGROUP_CPUSET)) {
			rmdir(parents[i]);
			facts.hierarchies[i] = facts.hierarchies[--facts.count];
			i--;
		}
	}
	return facts.count > 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (cgroup.count) { /* an assertion failed on the way */
		cgroup_kill(&cgroup, 2000);
		cgroup_remove(&cgroup);
	}
	return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_child_is_in_every_hierarchy),
	        TEST(cycles_leave_nothing),
	        TEST(past_the_memory_limit_is_an_oom_kill_and_an_event),
	        TEST(without_a_memory_limit_the_same_child_lives),
	        TEST(after_an_event_the_count_is_waited_for),
	        TEST(what_cannot_be_counted_is_no_count),
	        TEST(a_fork_loop_stays_within_the_tasks_limit),
	        TEST(without_a_tasks_limit_the_loop_gets_all),
	        TEST(a_refused_value_names_file_value_and_reason),
	        TEST(a_missing_control_file_is_an_error),
	        TEST(a_control_file_outside_is_never_written),
	        TEST(a_parent_that_is_no_cgroup_is_refused),
	        TEST(an_id_that_is_taken_is_refused_and_left_alone),
	        TEST(a_fork_bomb_is_killed_by_the_pids_hierarchy),
	        TEST(a_fork_bomb_is_killed_by_a_v2_hierarchy),
	        TEST(a_session_has_two_leaves),
	        TEST(the_scope_of_a_login_is_emptied_into_the_login_leaf),
	        TEST(what_is_busy_stays_and_is_said),
	        TEST(each_sandbox_is_visited_in_each_hierarchy),
	        TEST(what_is_no_id_is_not_opened),
	        TEST(kernel_lists_become_controllers),
	        TEST(only_scopes_of_sessions_are_emptied),
	        TEST(without_rights_nothing_is_usable),
	};

	if (geteuid() != 0) {
		puts("skip: needs root");
		return 77;
	}
	/* valgrind 3.19 knows neither openat2 nor clone3. */
	if (syscall(SYS_openat2, -1, "", NULL, 0) < 0 && errno == ENOSYS) {
		puts("skip: openat2 cannot be called here");
		return 77;
	}
	if (!make_own()) {
		remove_own();
		puts("skip: no writable cgroup hierarchy here");
		return 77;
	}
	int result = cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
	remove_own();
	return result;
}
