/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of config/syscalls.c: the table against libseccomp's, and what words stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/syscalls.h"

#include <dlfcn.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int x86_64, aarch64;
} rows[] = {
#define SYSCALL(name, x86_64, aarch64, groups) {#name, x86_64, aarch64},
#include "config/syscalls.def"
#undef SYSCALL
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void rows_are_sorted_and_unique(void **state)
{
	(void)state;
	for (size_t i = 1; i < ROWS; i++)
		if (strcmp(rows[i - 1].name, rows[i].name) >= 0)
			fail_msg("%s stands before %s", rows[i - 1].name, rows[i].name);
}

/* libseccomp is loaded when the tests run: nothing of ours is linked with it.
 * seccomp_syscall_resolve_name_arch(3) */
static int (*resolve_name)(uint32_t architecture, const char *name);
static char *(*resolve_number)(uint32_t architecture, int number);

static void find_function(void *library, const char *name, void *ret_function)
{
	void *function = dlsym(library, name);

	assert_non_null(function);
	memcpy(ret_function, &function, sizeof(function)); /* ISO C has no cast for this */
}

static void need_libseccomp(void)
{
	void *library = dlopen("libseccomp.so.2", RTLD_NOW);

	if (!library) {
		print_message("libseccomp.so.2 is not installed\n");
		skip();
	}
	find_function(library, "seccomp_syscall_resolve_name_arch", &resolve_name);
	find_function(library, "seccomp_syscall_resolve_num_arch", &resolve_number);
}

/* What libseccomp has no number for (pseudo numbers are negative), it may be too old to know. */
static void compare_number(uint32_t architecture, const char *name, int number, unsigned *compared)
{
	int theirs = resolve_name(architecture, name);

	if (theirs < 0) {
		/* 336 and 451 on came after libseccomp 2.5.4; it never knew those of x86 that were never
		 * there. */
		if (number >= 0 && number < 451 && number != 335 && number != 336)
			fail_msg("%s: %d, and libseccomp knows none", name, number);
		return;
	}
	if (theirs != number)
		fail_msg("%s: %d, libseccomp says %d", name, number, theirs);
	++*compared;
}

static void numbers_are_those_of_libseccomp(void **state)
{
	unsigned x86_64 = 0, aarch64 = 0;

	(void)state;
	need_libseccomp();
	for (size_t i = 0; i < ROWS; i++) {
		compare_number(AUDIT_ARCH_X86_64, rows[i].name, rows[i].x86_64, &x86_64);
		compare_number(AUDIT_ARCH_AARCH64, rows[i].name, rows[i].aarch64, &aarch64);
	}
	print_message("compared %u numbers of x86_64, %u of aarch64\n", x86_64, aarch64);
	assert_true(x86_64 > 350 && aarch64 > 290);
}

static void every_number_of_libseccomp_has_a_row(void **state)
{
	(void)state;
	need_libseccomp();
	for (int i = 0; i < SYSCALL_NUMBERS; i++) {
		char *name = resolve_number(SYSCALL_NATIVE(AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64), i);
		if (!name)
			continue;
		const char *ours = syscall_name((unsigned)i);
		if (!ours || strcmp(ours, name) != 0)
			fail_msg("%d is %s, ours %s", i, name, ours ? ours : "none");
		free(name);
	}
}

static bool contains(const char *word, int number)
{
	struct syscall_set set;

	assert_int_equal(syscall_word(word, strlen(word), &set), 0);
	return number >= 0 && syscall_set_has(&set, (unsigned)number);
}

static void groups_hold_what_they_are_for(void **state)
{
	(void)state;
	assert_true(contains("@basic-io", NUMBER_read));
	assert_false(contains("@basic-io", NUMBER_openat));
	assert_true(contains("@system-service", NUMBER_read));  /* by @basic-io */
	assert_true(contains("@system-service", NUMBER_ioctl)); /* its own */
	assert_false(contains("@system-service", NUMBER_mount));
	assert_true(contains("@privileged", NUMBER_init_module)); /* by @module */
	assert_true(contains("@known", NUMBER_memfd_secret));     /* in no group */
}

static void sandbox_is_everyday_calls_without_the_dangerous(void **state)
{
	static const int in[] = {NUMBER_read,         NUMBER_futex,         NUMBER_clone,
	                         NUMBER_execve,       NUMBER_ptrace,        NUMBER_rseq,
	                         NUMBER_memfd_create, NUMBER_pkey_mprotect, NUMBER_landlock_restrict_self,
	                         NUMBER_seccomp,      NUMBER_statx,         NUMBER_copy_file_range,
	                         NUMBER_mincore,      NUMBER_fchmodat2};
	static const int out[] = {NUMBER_bpf,
	                          NUMBER_perf_event_open,
	                          NUMBER_userfaultfd,
	                          NUMBER_keyctl,
	                          NUMBER_add_key,
	                          NUMBER_request_key,
	                          NUMBER_kexec_load,
	                          NUMBER_kexec_file_load,
	                          NUMBER_init_module,
	                          NUMBER_finit_module,
	                          NUMBER_delete_module,
	                          NUMBER_quotactl,
	                          NUMBER_quotactl_fd,
	                          NUMBER_fanotify_init,
	                          NUMBER_fanotify_mark,
	                          NUMBER_syslog,
	                          NUMBER_kcmp,
	                          NUMBER_move_pages,
	                          NUMBER_migrate_pages,
	                          NUMBER_swapon,
	                          NUMBER_swapoff,
	                          NUMBER_acct,
	                          NUMBER_clock_settime,
	                          NUMBER_clock_adjtime,
	                          NUMBER_settimeofday,
	                          NUMBER_adjtimex,
	                          NUMBER_iopl,
	                          NUMBER_ioperm,
	                          NUMBER_modify_ldt,
	                          NUMBER_memfd_secret,
	                          NUMBER_mount,
	                          NUMBER_umount2,
	                          NUMBER_move_mount,
	                          NUMBER_open_tree,
	                          NUMBER_open_tree_attr,
	                          NUMBER_fsopen,
	                          NUMBER_fsmount,
	                          NUMBER_fsconfig,
	                          NUMBER_fspick,
	                          NUMBER_mount_setattr,
	                          NUMBER_pivot_root,
	                          NUMBER_chroot,
	                          NUMBER_name_to_handle_at,
	                          NUMBER_open_by_handle_at,
	                          NUMBER_io_uring_setup,
	                          NUMBER_io_uring_enter,
	                          NUMBER_io_uring_register,
	                          NUMBER_reboot,
	                          NUMBER_pidfd_getfd,
	                          NUMBER_vhangup,
	                          NUMBER_lookup_dcookie,
	                          NUMBER_sethostname,
	                          NUMBER_setdomainname};

	(void)state;
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		if (!contains("@sandbox", in[i]))
			fail_msg("%d is missing", in[i]);
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		if (contains("@sandbox", out[i]))
			fail_msg("%d is in", out[i]);
}

static void an_unknown_word_is_refused(void **state)
{
	static const char *const words[] = {"", "@", "rea", "readd", "READ", "@sandboxes", "@sand", "read ", "~read"};
	struct syscall_set set;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(syscall_word(words[i], strlen(words[i]), &set), -1);
}

static void a_name_of_another_architecture_stands_for_nothing(void **state)
{
	struct syscall_set set, none = {{0}};

	(void)state;
	assert_int_equal(syscall_word("chown32", 7, &set), 0);
	assert_memory_equal(&set, &none, sizeof(set));
}

static bool applied(const char *words, int number)
{
	char text[200], *rest = text;
	struct syscall_set set;

	assert_true(strlen(words) < sizeof(text));
	strcpy(text, words);
	syscall_set_begin(&set, *text ? text : NULL);
	for (char *word; (word = strsep(&rest, " "));)
		if (*word)
			assert_int_equal(syscall_set_apply(&set, word), 0);
	return syscall_set_has(&set, (unsigned)number);
}

static void words_add_and_take_away_in_their_order(void **state)
{
	static const struct {
		const char *words;
		int number;
		bool allowed;
	} table[] = {
	        {"",	               NUMBER_mount,   true },
	        {"read",                   NUMBER_read,    true },
	        {"read",                   NUMBER_write,   false},
	        {"read",                   NUMBER_execve,  true }, /* @default comes with every list */
	        {"read ~execve",           NUMBER_execve,  false},
	        {"~@mount",                NUMBER_mount,   false},
	        {"~@mount",                NUMBER_read,    true },
	        {"~@mount mount",          NUMBER_mount,   true },
	        {"~@mount mount",          NUMBER_umount2, false},
	        {"@basic-io ~write",       NUMBER_write,   false},
	        {"@basic-io ~write write", NUMBER_write,   true },
	        {"@known ~@known",         NUMBER_read,    false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (applied(table[i].words, table[i].number) != table[i].allowed)
			fail_msg("\"%s\": %s", table[i].words, syscall_name((unsigned)table[i].number));
}

static void a_slip_is_guessed(void **state)
{
	(void)state;
	assert_string_equal(syscall_nearest("opemat", 6), "openat");
	assert_string_equal(syscall_nearest("@sandbx", 7), "@sandbox");
	assert_null(syscall_nearest("nothing_like_it", 15));
}

static void a_name_gives_its_number(void **state)
{
	(void)state;
	assert_int_equal(syscall_number("read"), NUMBER_read);
	assert_int_equal(syscall_number(SYSCALL_NATIVE("riscv_hwprobe_not", "open")), SYSCALL_NATIVE(-2, -1));
	assert_int_equal(syscall_number("rea"), -2);
	assert_int_equal(syscall_number("@sandbox"), -2);
	assert_int_equal(syscall_number(""), -2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(rows_are_sorted_and_unique),
	        cmocka_unit_test(numbers_are_those_of_libseccomp),
	        cmocka_unit_test(every_number_of_libseccomp_has_a_row),
	        cmocka_unit_test(groups_hold_what_they_are_for),
	        cmocka_unit_test(sandbox_is_everyday_calls_without_the_dangerous),
	        cmocka_unit_test(an_unknown_word_is_refused),
	        cmocka_unit_test(a_name_of_another_architecture_stands_for_nothing),
	        cmocka_unit_test(words_add_and_take_away_in_their_order),
	        cmocka_unit_test(a_slip_is_guessed),
	        cmocka_unit_test(a_name_gives_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
