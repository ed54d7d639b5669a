/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config/plan.c and its parts for files and process: what a policy, a person and a request become. */
#include "plan_support.h"

#include <linux/mount.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

static void accept_plan(const char *settings)
{
	if (plan_with(settings) != 0) {
		print_errors();
		fail();
	}
}

static const struct plan_step *step_at(uint32_t index)
{
	return (const struct plan_step *)plan_array(test_plan, test_plan->steps) + index;
}

static const char *target(uint32_t index)
{
	return plan_string(test_plan, step_at(index)->target);
}

/* The last step for a path: what lies on top. NULL: none. */
static const struct plan_step *top(const char *path)
{
	const struct plan_step *found = NULL;

	for (uint32_t i = 0; i < test_plan->steps.count; i++)
		if (strcmp(target(i), path) == 0)
			found = step_at(i);
	return found;
}

static bool is_read_only(const char *path)
{
	const struct plan_step *step = top(path);

	assert_non_null(step);
	return step->attributes & MOUNT_ATTR_RDONLY;
}

static bool list_has(struct plan_array array, const char *text)
{
	const plan_ref *refs = plan_array(test_plan, array);

	for (uint32_t i = 0; i < array.count; i++)
		if (strcmp(plan_string(test_plan, refs[i]), text) == 0)
			return true;
	return false;
}

static bool environment_has_name(const char *name)
{
	const plan_ref *refs = plan_array(test_plan, test_plan->environment);
	size_t length = strlen(name);

	for (uint32_t i = 0; i < test_plan->environment.count; i++) {
		const char *text = plan_string(test_plan, refs[i]);
		if (strncmp(text, name, length) == 0 && text[length] == '=')
			return true;
	}
	return false;
}

/* --- files */

/* Where the policy's own steps begin: after the whole base. The last of the base is the host's last directory. */
static uint32_t first_change(void)
{
	uint32_t first = 0;

	while (first < test_plan->steps.count && strcmp(target(first), "/srv/a") != 0)
		first++;
	assert_true(first < test_plan->steps.count);
	return first;
}

static void a_directory_is_planned_before_what_is_in_it(void **state)
{
	uint32_t change;

	(void)state;
	accept_plan("BindPaths=/srv/a/b /srv/a-b /srv/a\nReadOnlyPaths=/srv/a/b/c\n");
	change = first_change();
	for (uint32_t i = 0; i < test_plan->steps.count; i++)
		for (uint32_t later = i + 1; later < (i < change ? change : test_plan->steps.count); later++) {
			size_t length = strlen(target(later));
			bool inside = strncmp(target(i), target(later), length) == 0 && target(i)[length] == '/';
			if (inside)
				print_message("%s before %s\n", target(i), target(later));
			assert_false(inside);
		}
}

static uint32_t top_position(const char *path)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < test_plan->steps.count; i++)
		if (strcmp(target(i), path) == 0)
			found = i;
	return found;
}

static uint32_t position(const char *path, uint32_t kind)
{
	for (uint32_t i = 0; i < test_plan->steps.count; i++)
		if (step_at(i)->kind == kind && strcmp(target(i), path) == 0)
			return i;
	fail_msg("no such step of %s", path);
	return 0;
}

/* A link may lead from a hidden path to anywhere: what is hidden is looked up when everything is there. */
static void what_is_hidden_is_hidden_last(void **state)
{
	(void)state;
	accept_plan("SecretPaths=/home/alice/a\nBindPaths=/usr/x:/var/x\nReadOnlyPaths=/dev\n");
	assert_true(position("/var/x", STEP_BIND) < position("/home/alice/a", STEP_MASK));
	assert_true(position("/dev/null", STEP_BIND) < position("/dev", STEP_ATTRIBUTES));
	assert_true(position("/usr", STEP_BIND) < position("/var/x", STEP_BIND));
	assert_true(position("/dev", STEP_ATTRIBUTES) < position("/home/alice/a", STEP_MASK));
}

static void what_is_brought_below_a_restriction_is_restricted(void **state)
{
	(void)state;
	accept_plan("ReadOnlyPaths=/srv/a\nNoExecPaths=/srv/a\nBindPaths=/srv/a/b\nReadWritePaths=/srv/a/c\n");
	assert_true(position("/srv/a/b", STEP_BIND) < position("/srv/a", STEP_ATTRIBUTES)); /* read-only: the first */
	assert_true(position("/srv/a", STEP_ATTRIBUTES) < position("/srv/a/c", STEP_BIND)); /* what root excepts */
	assert_true(position("/srv/a/c", STEP_BIND) < top_position("/srv/a"));              /* not from this one */
}

static void what_is_in_a_hidden_directory_is_hidden_before_it(void **state)
{
	(void)state;
	accept_plan("SecretPaths=/srv/a\nInaccessiblePaths=/srv/a/b/c /srv/a/b\n");
	assert_true(position("/srv/a/b/c", STEP_MASK) < position("/srv/a/b", STEP_MASK));
	assert_true(position("/srv/a/b", STEP_MASK) < position("/srv/a", STEP_MASK));
}

/* However many other areas can be written. */
static void directories_above_a_hidden_path_cannot_be_renamed(void **state)
{
	char settings[900] = "InaccessiblePaths=/srv/z/p/q/s\nBindPaths=";
	size_t length = strlen(settings);

	(void)state;
	for (int i = 0; i < 100; i++)
		length += (size_t)snprintf(settings + length, sizeof(settings) - length, "/w/%d ", i);
	snprintf(settings + length, sizeof(settings) - length, "/srv/z\n");
	accept_plan(settings);
	assert_true(position("/srv/z/p", STEP_ATTRIBUTES) < position("/srv/z/p/q", STEP_ATTRIBUTES));
	assert_true(position("/srv/z", STEP_BIND) < position("/srv/z/p", STEP_ATTRIBUTES));
}

static void refuse_plan(const char *settings, const char *error)
{
	assert_int_not_equal(plan_with(settings), 0);
	assert_true(test_errors.count > 0);
	assert_string_equal(test_errors.list[0].text, error);
	policy_errors_clear(&test_errors);
}

static void a_bind_below_a_hidden_path_is_refused(void **state)
{
	(void)state;
	refuse_plan("InaccessiblePaths=/srv/a\nBindPaths=/srv/a/b\n", "/srv/a/b would not be seen: /srv/a is hidden");
	refuse_plan("SecretPaths=/srv\nTemporaryFileSystem=/srv/a\n", "/srv/a would not be seen: /srv is hidden");
	accept_plan("InaccessiblePaths=/srv/a\nBindPaths=/srv/ab\n");
}

static void an_error_quotes_the_paths_it_names(void **state)
{
	(void)state;
	accept_policy("[profile x]\nInherit=default\nInaccessiblePaths=/a\n");
	choose("x");
	assert_int_equal(profile_set(test_profile, "BindPaths=\"/a/\x1b[2J\xff\"", true, &test_errors), 0);
	assert_int_equal(plan_make(test_profile, &test_person, &test_request, &test_facts, &test_plan, &test_errors),
	                 -1);
	assert_error(0, "policy: error: /a/\\x1b[2J\\xff would not be seen: /a is hidden");
}

static void inaccessible_lies_on_top_of_every_other_rule(void **state)
{
	(void)state;
	accept_plan("InaccessiblePaths=/srv/a\nBindPaths=/srv/a\nReadOnlyPaths=/srv/a\nNoExecPaths=/srv/a\n"
	            "TemporaryFileSystem=/srv/a\nReadWritePaths=/srv/a\n");
	assert_int_equal(top("/srv/a")->kind, STEP_MASK);
}

static void read_only_beats_a_bind_of_the_same_path(void **state)
{
	(void)state;
	accept_plan("ReadOnlyPaths=/srv/a\nBindPaths=/srv/a\n");
	assert_int_equal(top("/srv/a")->kind, STEP_ATTRIBUTES);
	assert_true(is_read_only("/srv/a"));
}

static void a_secret_yields_to_an_explicit_bind(void **state)
{
	(void)state;
	accept_plan("");
	assert_int_equal(top("/home/alice/.ssh")->kind, STEP_MASK);
	accept_plan("BindReadOnlyPaths=/home/alice/.ssh\n");
	assert_int_equal(top("/home/alice/.ssh")->kind, STEP_BIND);
}

static void a_leading_minus_makes_a_step_optional(void **state)
{
	(void)state;
	accept_plan("BindPaths=-/srv/a /srv/b\n");
	assert_true(top("/srv/a")->flags & STEP_IF_EXISTS);
	assert_false(top("/srv/b")->flags & STEP_IF_EXISTS);
}

static void what_the_sandbox_makes_itself_is_no_target(void **state)
{
	static const char *const settings[] = {
	        "BindPaths=/srv:/proc",
	        "BindPaths=/srv:/proc/sys",
	        "BindPaths=/srv:/dev/null",
	        "BindPaths=/sys",
	        "BindReadOnlyPaths=/run/x",
	        "TemporaryFileSystem=/dev/shm",
	        "ReadWritePaths=/proc/sys",
	        "InaccessiblePaths=/",
	        "BindPaths=/",
	        "ReadOnlyPaths=//",
	        "BindPaths=/srv:/usr/../proc",
	        "BindPaths=/srv/./a",
	        "BindPaths=/srv/..",
	        "BindReadOnlyPaths=/srv://proc/",
	        "SecretPaths=/run/a",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(settings); i++) {
		char line[256];
		snprintf(line, sizeof(line), "%s\n", settings[i]);
		char text[512];
		snprintf(text, sizeof(text), "[profile x]\nInherit=default\n%s", line);
		if (parse(text) != 0)
			continue; /* the language already refuses it */
		if (plan_with(line) == 0)
			print_message("accepted: %s", line);
		assert_null(test_plan);
		assert_int_equal(test_errors.errors, 1);
		assert_string_equal(test_errors.list[test_errors.count - 1].file, "f");
		assert_int_equal(test_errors.list[test_errors.count - 1].line, 3);
	}
	accept_plan("InaccessiblePaths=/proc/keys /dev/tty\n"); /* twin: it only takes away */
}

static void the_callers_directory_is_writable_but_for_what_runs_later(void **state)
{
	(void)state;
	accept_plan("");
	assert_false(is_read_only("/home/alice/work"));
	assert_true(is_read_only("/home/alice/work/.git/hooks"));
	assert_true(is_read_only("/home/alice/work/.git/config"));
	assert_true(is_read_only("/home/alice/work/.envrc"));
	assert_true(is_read_only("/home/alice/work/.vscode"));
	assert_int_equal(top("/home/alice/work/.git")->kind, STEP_ATTRIBUTES); /* a mount point cannot be renamed */
	assert_int_equal(test_plan->warnings.count, 0 + (test_facts.cgroup.count == 0));
}

static void a_callers_directory_is_read_only_where_it_is_not_his(void **state)
{
	(void)state;
	test_request.directory = "/srv/shared";
	test_request.directory_owner = 0;
	accept_plan("");
	assert_true(is_read_only("/srv/shared"));
	assert_true(list_has(test_plan->warnings, "/srv/shared is read-only inside: it is not yours"));
}

static void the_home_and_what_is_above_is_never_the_callers_directory(void **state)
{
	static const char *const directories[] = {"/home/alice", "/home", "/"};

	(void)state;
	for (size_t i = 0; i < COUNT(directories); i++) {
		test_request.directory = directories[i];
		accept_plan("");
		assert_true(is_read_only("/home/alice"));
		assert_int_equal(top("/home/alice")->kind, STEP_BIND);
	}
}

static void a_callers_directory_of_the_system_is_not_shown(void **state)
{
	static const char *const directories[] = {"/proc/1",  "/sys/fs", "/dev/shm", "/run/user/3001",
	                                          "/etc/ssl", "/tmp",    "/var/tmp"};

	(void)state;
	for (size_t i = 0; i < COUNT(directories); i++) {
		test_request.directory = directories[i];
		accept_plan("");
		for (uint32_t s = 0; s < test_plan->steps.count; s++)
			if (strcmp(target(s), directories[i]) == 0 && step_at(s)->kind == STEP_BIND)
				assert_string_not_equal(plan_string(test_plan, step_at(s)->source), directories[i]);
	}
}

static void a_hidden_or_read_only_directory_is_as_the_policy_says(void **state)
{
	(void)state;
	accept_plan("CallerDirectory=hidden\nHome=host\n");
	assert_int_equal(top("/home/alice/work")->kind, STEP_MASK);
	accept_plan("CallerDirectory=hidden\nBindPaths=/home/alice/work\n");
	assert_int_equal(top("/home/alice/work")->kind, STEP_BIND);
	test_request.directory = "/home/alice";
	accept_plan("CallerDirectory=hidden\nHome=host\n");
	assert_int_equal(top("/home/alice")->kind, STEP_BIND);
	test_request.directory = "/home/alice/work";
	accept_plan("CallerDirectory=read-only\n");
	assert_true(is_read_only("/home/alice/work"));
}

/* --- ids */

static void every_gid_is_mapped_and_adjacent_ones_are_one_line(void **state)
{
	(void)state;
	accept_plan("");
	assert_string_equal(plan_string(test_plan, test_plan->uid_map), "3001 3001 1\n");
	assert_string_equal(plan_string(test_plan, test_plan->gid_map), "5 5 1\n3001 3001 3\n3101 3101 1\n");
	assert_int_equal(test_plan->groups.count, COUNT(alice_groups));
}

static void a_gid_that_comes_twice_is_mapped_once(void **state)
{
	static const struct identity_group groups[] = {
	        {3001, NULL},
                {5,    NULL},
                {3001, NULL}
        };

	(void)state;
	test_person.groups = groups;
	test_person.group_count = COUNT(groups);
	accept_plan("");
	assert_string_equal(plan_string(test_plan, test_plan->gid_map), "5 5 1\n3001 3001 1\n");
}

static void an_overlay_shows_the_home_and_keeps_changes_in_memory(void **state)
{
	(void)state;
	accept_plan("Home=overlay\nTmpSize=5M\nOverlayPaths=-/srv/cache\n");
	const struct plan_step *home = top("/home/alice"), *cache = top("/srv/cache");
	assert_int_equal(home->kind, STEP_OVERLAY);
	assert_string_equal(plan_string(test_plan, home->source), "/home/alice");
	assert_int_equal(home->size, 5 << 20);
	assert_true(home->flags & STEP_IF_EXISTS);
	assert_int_equal(cache->kind, STEP_OVERLAY);
	assert_true(cache->flags & STEP_IF_EXISTS);
	assert_true(position("/home/alice", STEP_OVERLAY) < position("/home/alice/.ssh", STEP_MASK));
}

static void another_directory_is_the_home(void **state)
{
	(void)state;
	accept_plan("Home=/srv/homes/%u\n");
	assert_int_equal(top("/home/alice")->kind, STEP_BIND);
	assert_string_equal(plan_string(test_plan, top("/home/alice")->source), "/srv/homes/alice");
	assert_false(top("/home/alice")->attributes & MOUNT_ATTR_RDONLY);
}

static void devices_are_the_standard_ones_and_those_allowed(void **state)
{
	(void)state;
	accept_plan("DeviceAllow=/dev/fuse rw /dev/zero\n");
	assert_int_equal(top("/dev/fuse")->kind, STEP_BIND);
	assert_int_equal(top("/dev/fuse")->attributes, 0);
	assert_non_null(top("/dev/full"));
	accept_plan("DevicePolicy=strict\nDeviceAllow=/dev/zero rwm\n");
	assert_non_null(top("/dev/zero"));
	assert_non_null(top("/dev/null"));
	assert_null(top("/dev/full"));
	assert_null(top("/dev/fuse"));
}

static void another_root_is_nobodys_to_trust(void **state)
{
	(void)state;
	test_facts.root_directory = "/srv/root";
	accept_plan("");
	assert_string_equal(plan_string(test_plan, top("/usr")->text), "/srv/root");
	assert_string_equal(plan_string(test_plan, top("/usr")->source), "/usr");
	assert_false(top("/usr")->flags & STEP_BY_NAME);
	assert_false(top("/var/tmp")->flags & STEP_BY_NAME);
	assert_string_equal(plan_string(test_plan, top("/etc/profile")->text), "/srv/root");
	assert_string_equal(plan_string(test_plan, top("/etc/profile")->source), "/etc/profile");
	assert_false(top("/etc/profile")->flags & STEP_BY_NAME);
	assert_string_equal(plan_string(test_plan, top("/dev/null")->source), "/dev/null");
	accept_plan("OverlayPaths=/opt /etc %h/.cache /home\n");
	assert_string_equal(plan_string(test_plan, top("/opt")->text), "/srv/root");
	assert_string_equal(plan_string(test_plan, top("/etc")->text), "/srv/root");
	assert_string_equal(plan_string(test_plan, top("/home/alice/.cache")->text), "");
	assert_string_equal(plan_string(test_plan, top("/home")->text), "");
}

static void the_way_out_has_a_view_of_its_own(void **state)
{
	(void)state;
	accept_plan("");
	assert_int_equal(test_plan->translator_steps.count, 0);
	assert_null(top("/etc/resolv.conf"));
	accept_plan("PrivateNetwork=outbound\nBindPaths=/srv/evil:/usr/bin/slirp4netns\n");
	const struct plan_step *steps = plan_array(test_plan, test_plan->translator_steps);
	assert_true(test_plan->translator_steps.count > 0);
	for (uint32_t i = 0; i < test_plan->translator_steps.count; i++) {
		assert_true(steps[i].flags & STEP_BY_NAME);
		assert_null(strstr(plan_string(test_plan, steps[i].source), "/srv"));
		assert_null(strstr(plan_string(test_plan, steps[i].source), "/home"));
	}
	assert_string_equal(plan_string(test_plan, top("/etc/resolv.conf")->text), "nameserver 10.0.2.3\n");
}

static void offsets_of_clocks_are_the_kernels_text(void **state)
{
	(void)state;
	assert_int_equal(plan_with("BootTimeOffset=-1500ms\nMonotonicTimeOffset=2min\n"), 0);
	assert_string_equal(plan_string(test_plan, test_plan->clock_offsets),
	                    "monotonic 120 0\nboottime -2 500000000\n");
	assert_true(test_plan->namespaces & CLONE_NEWTIME);
	assert_int_equal(plan_with(""), 0);
	assert_false(test_plan->namespaces & CLONE_NEWTIME);
}

static void removed_groups_are_neither_held_nor_listed(void **state)
{
	(void)state;
	assert_int_equal(plan_with("RemoveGroups=barred 3101 unknown\n"), 0);
	assert_string_equal(plan_string(test_plan, test_plan->gid_map), "5 5 1\n3001 3001 2\n");
	assert_int_equal(test_plan->groups.count, 1);
	assert_int_equal(((const uint32_t *)plan_array(test_plan, test_plan->groups))[0], 3002);
	assert_null(strstr(plan_string(test_plan, top("/etc/group")->text), "barred"));
}

static void own_id_as_root_keeps_every_group(void **state)
{
	(void)state;
	assert_int_equal(plan_with("IDMap=root\n"), 0);
	assert_string_equal(plan_string(test_plan, test_plan->uid_map), "0 3001 1\n");
	assert_string_equal(plan_string(test_plan, test_plan->gid_map), "5 5 1\n0 3001 1\n3002 3002 2\n3101 3101 1\n");
	assert_int_equal(test_plan->uid, 3001);
	assert_int_equal(test_plan->inside_uid, 0);
	assert_int_equal(test_plan->inside_gid, 0);
	assert_int_equal(test_plan->groups.count, COUNT(alice_groups));
	assert_memory_equal(plan_string(test_plan, top("/etc/passwd")->text), "root:x:0:0:", 11);
}

static void subordinate_ids_follow_and_other_groups_lie_above(void **state)
{
	(void)state;
	test_facts.subordinate_uids = (struct id_range){200000, 1000};
	test_facts.subordinate_gids = (struct id_range){300000, 500};
	assert_int_equal(plan_with("IDMap=subid\n"), 0);
	assert_string_equal(plan_string(test_plan, test_plan->uid_map), "0 3001 1\n1 200000 1000\n");
	assert_string_equal(plan_string(test_plan, test_plan->gid_map),
	                    "501 5 1\n0 3001 1\n502 3002 2\n504 3101 1\n1 300000 500\n");
	const uint32_t *groups = plan_array(test_plan, test_plan->groups);
	assert_int_equal(groups[0], 503);
	assert_int_equal(groups[1], 504);
	assert_int_equal(groups[2], 502);
	assert_non_null(strstr(plan_string(test_plan, top("/dev/pts")->text), "gid=501"));
}

static void impossible_ids_are_refused(void **state)
{
	static const struct identity_group of_root[] = {
	        {0, "root"}
        };
	static const struct identity_group nameless[] = {
	        {3102, NULL}
        };
	static const struct {
		const char *settings, *message;
		bool privileged, login;
		const struct identity_group *group;
		struct id_range uids, gids;
	} cases[] = {
	        {"RemoveGroups=alice\n", "primary group",      true,  false, NULL,     {0, 0},    {0, 0}   },
	        {"RemoveGroups=staff\n", "has no name",        true,  false, nameless, {0, 0},    {0, 0}   },
	        {"RemoveGroups=staff\n", "without privilege",  false, false, NULL,     {0, 0},    {0, 0}   },
	        {"IDMap=root\n",         "not for logins",     true,  true,  NULL,     {0, 0},    {0, 0}   },
	        {"IDMap=root\n",         "id of another",      true,  false, of_root,  {0, 0},    {0, 0}   },
	        {"IDMap=subid\n",        "no subordinate ids", true,  false, NULL,     {7000, 9}, {0, 0}   },
	        {"IDMap=subid\n",        "without privilege",  false, false, NULL,     {7000, 9}, {7000, 9}},
	        {"IDMap=subid\n",        "own id is among",    true,  false, NULL,     {3000, 9}, {7000, 9}},
	        {"IDMap=subid\n",        "id of another",      true,  false, NULL,     {7000, 9}, {3002, 9}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		plan_set_up(state);
		test_facts.privileged = test_facts.full_groups = cases[i].privileged;
		test_facts.subordinate_uids = cases[i].uids;
		test_facts.subordinate_gids = cases[i].gids;
		test_request.kind = cases[i].login ? REQUEST_SESSION : REQUEST_RUN;
		if (cases[i].group) {
			test_person.groups = cases[i].group;
			test_person.group_count = 1;
		}
		assert_int_equal(plan_with(cases[i].settings), -1);
		assert_non_null(strstr(test_errors.list[test_errors.count - 1].text, cases[i].message));
	}
}

static void too_many_groups_are_refused_not_dropped(void **state)
{
	static struct identity_group groups[400];

	(void)state;
	for (size_t i = 0; i < COUNT(groups); i++)
		groups[i].gid = (gid_t)(10 + 2 * i);
	test_person.groups = groups;
	test_person.group_count = 400;
	assert_int_equal(plan_with(""), -1);
	assert_null(test_plan);
	assert_non_null(strstr(test_errors.list[test_errors.count - 1].text, "too many groups"));
	test_person.group_count = 300; /* twin */
	accept_plan("");
}

static void without_privilege_only_the_own_gid_is_mapped(void **state)
{
	(void)state;
	test_facts.privileged = test_facts.full_groups = false;
	accept_plan("");
	assert_string_equal(plan_string(test_plan, test_plan->gid_map), "3001 3001 1\n");
	assert_int_equal(test_plan->groups.count, 0);
	assert_false(test_plan->flags & PLAN_PRIVILEGED);
}

static void an_own_process_tree_is_not_optional(void **state)
{
	(void)state;
	assert_int_equal(plan_with("PrivatePIDs=no\n"), -1);
	assert_non_null(strstr(test_errors.list[test_errors.count - 1].text, "PrivatePIDs"));
}

static void no_new_privileges_is_not_optional(void **state)
{
	(void)state;
	refuse_plan("NoNewPrivileges=no\n", "NoNewPrivileges=no is not supported: the system call filter needs it");
	accept_plan("NoNewPrivileges=yes\n");
}

/* --- process */

static void the_environment_is_built_from_nothing(void **state)
{
	static const char *const there[] = {"PATH=/p",    "TERM=xterm",    "LANG=C",         "HOME=/home/alice",
	                                    "USER=alice", "LOGNAME=alice", "SHELL=/bin/bash"};
	static const char *const absent[] = {"LD_PRELOAD", "SECRET", "EXTRA"};

	(void)state;
	accept_plan("");
	for (size_t i = 0; i < COUNT(there); i++)
		assert_true(list_has(test_plan->environment, there[i]));
	for (size_t i = 0; i < COUNT(absent); i++)
		assert_false(environment_has_name(absent[i]));
	assert_int_equal(test_plan->environment.count, COUNT(there));
}

static void the_lists_of_the_policy_change_the_environment(void **state)
{
	(void)state;
	accept_plan("PassEnvironment=EXTRA NOSUCH\nEnvironment=LANG=de WHO=%u\nUnsetEnvironment=TERM\n");
	assert_true(list_has(test_plan->environment, "EXTRA=y"));
	assert_true(list_has(test_plan->environment, "LANG=de"));
	assert_false(list_has(test_plan->environment, "LANG=C"));
	assert_true(list_has(test_plan->environment, "WHO=alice"));
	assert_false(environment_has_name("TERM"));
	assert_false(environment_has_name("NOSUCH"));
}

/* A word of the caller's environment may be shorter than a name of the policy: here nothing can be read behind it. */
static void a_callers_variable_is_read_no_further_than_it_is(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	const char *const environment[] = {strcpy(pages + page - 3, "A="), NULL};
	test_request.environment = environment;
	accept_plan("PassEnvironment=A_NAME_THAT_IS_LONGER A\n");
	assert_true(list_has(test_plan->environment, "A="));
	munmap(pages, 2 * page);
}

static void arguments_are_kept_and_without_them_it_is_the_shell(void **state)
{
	(void)state;
	accept_plan("");
	assert_int_equal(test_plan->arguments.count, 2);
	assert_false(test_plan->flags & PLAN_LOGIN_SHELL);
	test_request.argument_count = 0;
	accept_plan("");
	assert_int_equal(test_plan->arguments.count, 1);
	assert_true(list_has(test_plan->arguments, "/bin/bash"));
	assert_true(test_plan->flags & PLAN_LOGIN_SHELL);
}

static void a_session_has_doors_and_no_command(void **state)
{
	(void)state;
	test_request.kind = REQUEST_SESSION;
	accept_plan("");
	assert_true(list_has(test_plan->doors, "/bin/bash"));
	assert_true(list_has(test_plan->doors, "/bin/sh"));
	assert_int_equal(test_plan->arguments.count, 0);
	assert_true(list_has(test_plan->environment_unset, "LD_*"));
	assert_null(top("/home/alice/work"));
}

/* --- which key made what ---------------------------------------------------------------------------------------------*/

static struct plan_origins origins;

static int free_origins(void **state)
{
	free(origins.steps);
	origins.steps = NULL;
	return plan_tear_down(state);
}

static void explain(const char *settings)
{
	accept_plan(settings);
	free(test_plan);
	test_plan = NULL;
	assert_int_equal(plan_make_explained(test_profile, &test_person, &test_request, &test_facts, &test_plan,
	                                     &origins, &test_errors),
	                 0);
}

static void each_step_knows_its_key_and_the_word(void **state)
{
	static const struct {
		enum plan_step_kind kind;
		const char *target;
		enum key_id key;
		unsigned word;
	} table[] = {
	        {STEP_BIND,       "/usr",                    KEY_ProtectSystem,     0},
	        {STEP_DIRECTORY,  "/home",                   KEY_ProtectHome,       0},
	        {STEP_DIRECTORY,  "/run",                    KEY_COUNT,             0},
	        {STEP_PROC,       "/proc",                   KEY_COUNT,             0},
	        {STEP_MASK,       "/proc/kallsyms",          KEY_ProtectKernelLogs, 0},
	        {STEP_TMPFS,      "/tmp",                    KEY_PrivateTmp,        0},
	        {STEP_TMPFS,      "/dev/shm",                KEY_PrivateIPC,        0},
	        {STEP_BIND,       "/dev/null",               KEY_PrivateDevices,    0},
	        {STEP_FILE,       "/etc/passwd",             KEY_Etc,               0},
	        {STEP_COPY,       "/etc/nsswitch.conf",      KEY_EtcFiles,          0},
	        {STEP_BIND,       "/home/alice",             KEY_Home,              0},
	        {STEP_ATTRIBUTES, "/home/alice/work/.envrc", KEY_CallerDirectory,   0},
	        {STEP_MASK,       "/home/alice/.gnupg",      KEY_SecretPaths,       1},
	        {STEP_BIND,       "/b",                      KEY_BindPaths,         1},
	        {STEP_ATTRIBUTES, "/b/c",                    KEY_ReadOnlyPaths,     0},
	};
	const struct plan_step *step;

	(void)state;
	explain("BindPaths=/srv/a:/a /srv/b:/b\nReadOnlyPaths=/b/c\n");
	step = plan_array(test_plan, test_plan->steps);
	for (size_t i = 0; i < COUNT(table); i++) {
		uint32_t at = 0;
		while (at < test_plan->steps.count &&
		       (step[at].kind != table[i].kind ||
		        strcmp(plan_string(test_plan, step[at].target), table[i].target) != 0))
			at++;
		if (at == test_plan->steps.count)
			fail_msg("no step for %s", table[i].target);
		if (origins.steps[at].key != table[i].key || origins.steps[at].word != table[i].word)
			fail_msg("%s: key %u, word %u", table[i].target, origins.steps[at].key, origins.steps[at].word);
	}
}

static void each_call_knows_its_key(void **state)
{
	static const struct {
		enum syscall_number number;
		enum key_id key;
	} table[] = {
	        {NUMBER_mount,              KEY_SystemCallFilter       },
	        {NUMBER_read,               KEY_SystemCallFilter       },
	        {NUMBER_ioctl,              KEY_COUNT                  },
	        {NUMBER_socket,             KEY_RestrictAddressFamilies},
	        {NUMBER_unshare,            KEY_RestrictNamespaces     },
	        {NUMBER_clone3,             KEY_RestrictNamespaces     },
	        {NUMBER_personality,        KEY_LockPersonality        },
	        {NUMBER_sched_setscheduler, KEY_RestrictRealtime       },
	        {NUMBER_openat2,            KEY_RestrictSUIDSGID       },
	        {NUMBER_mmap,               KEY_MemoryDenyWriteExecute },
	};

	(void)state;
	explain("MemoryDenyWriteExecute=yes\n");
	for (size_t i = 0; i < COUNT(table); i++)
		if (origins.calls[table[i].number] != table[i].key)
			fail_msg("%s: key %u", syscall_name(table[i].number), origins.calls[table[i].number]);
}

static void who_asks_for_origins_gets_the_same_plan(void **state)
{
	struct plan *explained;

	(void)state;
	explain("BindPaths=/srv/a\n");
	explained = test_plan;
	test_plan = NULL;
	accept_plan("BindPaths=/srv/a\n");
	bool same = explained->size == test_plan->size && memcmp(explained, test_plan, test_plan->size) == 0;
	free(explained);
	assert_true(same);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, plan_set_up, plan_tear_down)
#define TEST_ORIGINS(name) cmocka_unit_test_setup_teardown(name, plan_set_up, free_origins)

static void a_command_may_be_detached_and_a_login_not(void **state)
{
	(void)state;
	accept_plan("");
	assert_false(test_plan->flags & PLAN_DETACHED);
	accept_plan("Lifetime=detached\n");
	assert_true(test_plan->flags & PLAN_DETACHED);
	test_request.kind = REQUEST_SESSION;
	assert_int_equal(plan_with("Lifetime=detached\n"), -1);
	assert_error(0, "f:3: error: Lifetime=detached: the sandbox of a login ends with it");
}

static bool shows_terminal(void)
{
	for (uint32_t i = 0; i < test_plan->steps.count; i++)
		if (step_at(i)->kind == STEP_TERMINAL)
			return true;
	return false;
}

static void a_terminal_of_its_own_takes_the_place_of_the_callers(void **state)
{
	static const struct {
		const char *settings, *error;
	} refusals[] = {
	        {"PrivateDevices=no\nTTY=new\n", "f:4: error: TTY=new: needs a /dev of the sandbox's own"},
	        {"TTY=new\nLifetime=detached\n",
	         "f:3: error: TTY=new: with Lifetime=detached nobody is left to relay it"                },
	};

	(void)state;
	accept_plan("");
	assert_true(shows_terminal());
	assert_false(test_plan->flags & PLAN_NEW_TERMINAL);
	accept_plan("TTY=new\n");
	assert_false(shows_terminal());
	assert_true(test_plan->flags & PLAN_NEW_TERMINAL);
	for (size_t i = 0; i < COUNT(refusals); i++) {
		assert_int_equal(plan_with(refusals[i].settings), -1);
		assert_error(0, refusals[i].error);
	}
	test_request.kind = REQUEST_SESSION;
	assert_int_equal(plan_with("TTY=new\n"), -1);
	assert_error(0, "f:3: error: TTY=new: a login has the terminal of the login program");
}

static void labels_are_taken_as_they_are(void **state)
{
	(void)state;
	accept_plan("");
	assert_string_equal(plan_string(test_plan, test_plan->apparmor_profile), "");
	assert_string_equal(plan_string(test_plan, test_plan->selinux_context), "");
	accept_plan("AppArmorProfile=:ns:a//&b\nSELinuxContext=u:r:t:s0-s0:c0.c1023\n");
	assert_string_equal(plan_string(test_plan, test_plan->apparmor_profile), ":ns:a//&b");
	assert_string_equal(plan_string(test_plan, test_plan->selinux_context), "u:r:t:s0-s0:c0.c1023");
}

static void descriptors_are_a_commands_and_not_a_logins(void **state)
{
	(void)state;
	accept_plan("PassFileDescriptors=3 63 3\n");
	assert_true(test_plan->descriptors == (UINT64_C(1) << 63 | 8));
	test_request.kind = REQUEST_SESSION;
	assert_int_equal(plan_with("PassFileDescriptors=3\n"), -1);
	assert_error(0, "f:3: error: PassFileDescriptors: a login passes none but 0, 1 and 2");
	accept_plan("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_directory_is_planned_before_what_is_in_it),
	        TEST(what_is_hidden_is_hidden_last),
	        TEST(what_is_brought_below_a_restriction_is_restricted),
	        TEST(what_is_in_a_hidden_directory_is_hidden_before_it),
	        TEST(directories_above_a_hidden_path_cannot_be_renamed),
	        TEST(a_bind_below_a_hidden_path_is_refused),
	        TEST(an_error_quotes_the_paths_it_names),
	        TEST(inaccessible_lies_on_top_of_every_other_rule),
	        TEST(read_only_beats_a_bind_of_the_same_path),
	        TEST(a_secret_yields_to_an_explicit_bind),
	        TEST(a_leading_minus_makes_a_step_optional),
	        TEST(what_the_sandbox_makes_itself_is_no_target),
	        TEST(the_callers_directory_is_writable_but_for_what_runs_later),
	        TEST(a_callers_directory_is_read_only_where_it_is_not_his),
	        TEST(the_home_and_what_is_above_is_never_the_callers_directory),
	        TEST(a_callers_directory_of_the_system_is_not_shown),
	        TEST(a_hidden_or_read_only_directory_is_as_the_policy_says),
	        TEST(every_gid_is_mapped_and_adjacent_ones_are_one_line),
	        TEST(a_gid_that_comes_twice_is_mapped_once),
	        TEST(an_overlay_shows_the_home_and_keeps_changes_in_memory),
	        TEST(another_directory_is_the_home),
	        TEST(devices_are_the_standard_ones_and_those_allowed),
	        TEST(another_root_is_nobodys_to_trust),
	        TEST(the_way_out_has_a_view_of_its_own),
	        TEST(offsets_of_clocks_are_the_kernels_text),
	        TEST(removed_groups_are_neither_held_nor_listed),
	        TEST(own_id_as_root_keeps_every_group),
	        TEST(subordinate_ids_follow_and_other_groups_lie_above),
	        TEST(impossible_ids_are_refused),
	        TEST(too_many_groups_are_refused_not_dropped),
	        TEST(without_privilege_only_the_own_gid_is_mapped),
	        TEST(an_own_process_tree_is_not_optional),
	        TEST(no_new_privileges_is_not_optional),
	        TEST(the_environment_is_built_from_nothing),
	        TEST(the_lists_of_the_policy_change_the_environment),
	        TEST(a_callers_variable_is_read_no_further_than_it_is),
	        TEST(arguments_are_kept_and_without_them_it_is_the_shell),
	        TEST(a_session_has_doors_and_no_command),
	        TEST(a_command_may_be_detached_and_a_login_not),
	        TEST(a_terminal_of_its_own_takes_the_place_of_the_callers),
	        TEST(labels_are_taken_as_they_are),
	        TEST(descriptors_are_a_commands_and_not_a_logins),
	        TEST_ORIGINS(each_step_knows_its_key_and_the_word),
	        TEST_ORIGINS(each_call_knows_its_key),
	        TEST_ORIGINS(who_asks_for_origins_gets_the_same_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
