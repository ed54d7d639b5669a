/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The payload's system call filter from the profile: which calls SystemCallFilter= leaves, and what the keys
 * that look at arguments refuse. Meaning and errors as in systemd.exec(5), stricter where its filter can be
 * walked around; each such place says so. There always is a filter: pushing characters into a terminal is
 * refused to everyone.
 */
#include "config/draft.h"
#include "config/filter.h"
#include "config/syscalls.h"
#include "config/value.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define REFUSE FILTER_ERRNO(EPERM)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ANY(index, bits)                                                                                               \
	{                                                                                                              \
		.kind = TEST_ANY, .argument = (index), .mask = (bits)                                                  \
	}
#define EQUAL(index, number)                                                                                           \
	{                                                                                                              \
		.kind = TEST_EQUAL, .argument = (index), .mask = UINT32_MAX, .value = (number)                         \
	}
#define WITHOUT(index, ignored, number)                                                                                \
	{                                                                                                              \
		.kind = TEST_EQUAL, .argument = (index), .mask = ~(uint32_t)(ignored), .value = (number)               \
	}
#define UPPER_ANY(index)                                                                                               \
	{                                                                                                              \
		.kind = TEST_ANY, .argument = (index), .upper = true, .mask = UINT32_MAX                               \
	}

/* --- rules that never change --- */

/* ioctl(2) takes the request as an int: setting the upper bits walks around a filter that compares all 64. */
static const struct filter_rule terminal_rules[] = {
        {REFUSE, 1, {EQUAL(1, TIOCSTI)}  },
        {REFUSE, 1, {EQUAL(1, TIOCLINUX)}},
};

static const struct filter_rule mmap_rules[] = {
        {REFUSE, 2, {ANY(2, PROT_WRITE), ANY(2, PROT_EXEC)}},
};

static const struct filter_rule mprotect_rules[] = {
        {REFUSE, 1, {ANY(2, PROT_EXEC)}},
};

static const struct filter_rule shmat_rules[] = {
        {REFUSE, 1, {ANY(2, SHM_EXEC)}},
};

#define PERSONALITY_QUERY 0xffffffffu

/* With READ_IMPLIES_EXEC, memory asked for readable and writable is executable too. */
static const struct filter_rule no_implied_exec_rules[] = {
        {SECCOMP_RET_ALLOW, 1, {EQUAL(0, PERSONALITY_QUERY)}},
        {REFUSE,            1, {ANY(0, READ_IMPLIES_EXEC)}  },
};

static const struct filter_rule locked_personality_rules[] = {
        {SECCOMP_RET_ALLOW, 1, {EQUAL(0, PER_LINUX)}        },
        {SECCOMP_RET_ALLOW, 1, {EQUAL(0, PERSONALITY_QUERY)}},
        {REFUSE,            0, {{0}}                        },
};

/* What is not named here is real-time, or not yet known. */
static const struct filter_rule scheduler_rules[] = {
        {SECCOMP_RET_ALLOW, 1, {WITHOUT(1, SCHED_RESET_ON_FORK, SCHED_OTHER)}},
        {SECCOMP_RET_ALLOW, 1, {WITHOUT(1, SCHED_RESET_ON_FORK, SCHED_BATCH)}},
        {SECCOMP_RET_ALLOW, 1, {WITHOUT(1, SCHED_RESET_ON_FORK, SCHED_IDLE)} },
        {REFUSE,            0, {{0}}                                         },
};

/* The mode as second and as third argument. */
static const struct filter_rule mode_second_rules[] = {
        {REFUSE, 1, {ANY(1, S_ISUID | S_ISGID)}},
};

static const struct filter_rule mode_third_rules[] = {
        {REFUSE, 1, {ANY(2, S_ISUID | S_ISGID)}},
};

/* The mode counts where a file is made: by O_CREAT, and by O_TMPFILE, which systemd's filter leaves open. */
#define MAKES_FILE (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))

static const struct filter_rule open_rules[] = {
        {REFUSE, 2, {ANY(1, MAKES_FILE), ANY(2, S_ISUID | S_ISGID)}},
};

static const struct filter_rule openat_rules[] = {
        {REFUSE, 2, {ANY(2, MAKES_FILE), ANY(3, S_ISUID | S_ISGID)}},
};

/*
 * For ConnectPorts= and BindPorts=: what speaks TCP by another name. Landlock looks at sockets that are plain TCP, and not at
 * a connection that sending makes (found with Linux 6.18). All answer as a kernel that was built without it.
 */
#define PROTOCOL_SMC 256
static const struct filter_rule disguised_tcp_rules[] = {
        {FILTER_ERRNO(EPROTONOSUPPORT), 1, {EQUAL(2, IPPROTO_MPTCP)}},
        {FILTER_ERRNO(EPROTONOSUPPORT), 1, {EQUAL(2, PROTOCOL_SMC)} },
        {FILTER_ERRNO(EAFNOSUPPORT),    1, {EQUAL(0, AF_SMC)}       },
};

/* The flags as third and as fourth argument. */
static const struct filter_rule flags_third_rules[] = {
        {FILTER_ERRNO(EOPNOTSUPP), 1, {ANY(2, MSG_FASTOPEN)}},
};

static const struct filter_rule flags_fourth_rules[] = {
        {FILTER_ERRNO(EOPNOTSUPP), 1, {ANY(3, MSG_FASTOPEN)}},
};

/* --- putting rules on calls --- */

/* Numbers that a check decides from now on: those of the list that exist here and are allowed. */
static void check_calls(struct filter_rules *filter, const struct filter_rule *rules, size_t count, const int *numbers,
                        size_t number_count)
{
	filter->checks[filter->check_count++] = (struct filter_check){.rules = rules, .count = count};
	for (size_t i = 0; i < number_count; i++)
		if (numbers[i] >= 0 && filter->actions[numbers[i]] == SECCOMP_RET_ALLOW)
			filter->checked[numbers[i]] = (uint8_t)filter->check_count;
}

#define CHECK_CALLS(filter, rules, count, ...)                                                                         \
	check_calls((filter), (rules), (count), (const int[]){__VA_ARGS__}, COUNT(((const int[]){__VA_ARGS__})))

static void answer(struct filter_rules *filter, int number, uint32_t action)
{
	if (number >= 0)
		filter->actions[number] = action;
}

/*
 * Requests of io_uring are carried out where no filter looks (io_uring_enter(2)): IORING_OP_SOCKET and
 * IORING_OP_OPENAT do what the arguments of the calls themselves forbid. Programs fall back on ENOSYS.
 */
static void refuse_unseen_calls(struct filter_rules *filter)
{
	const int numbers[] = {NUMBER_io_uring_setup, NUMBER_io_uring_enter, NUMBER_io_uring_register};

	for (size_t i = 0; i < COUNT(numbers); i++)
		if (filter->actions[numbers[i]] == SECCOMP_RET_ALLOW)
			answer(filter, numbers[i], FILTER_ERRNO(ENOSYS));
}

/* --- one function a key --- */

static void restrict_memory(struct filter_rules *filter)
{
	CHECK_CALLS(filter, mmap_rules, COUNT(mmap_rules), NUMBER_mmap);
	CHECK_CALLS(filter, mprotect_rules, COUNT(mprotect_rules), NUMBER_mprotect, NUMBER_pkey_mprotect);
	CHECK_CALLS(filter, shmat_rules, COUNT(shmat_rules), NUMBER_shmat);
	CHECK_CALLS(filter, no_implied_exec_rules, COUNT(no_implied_exec_rules), NUMBER_personality);
}

static void restrict_realtime(struct filter_rules *filter)
{
	CHECK_CALLS(filter, scheduler_rules, COUNT(scheduler_rules), NUMBER_sched_setscheduler);
	/* Its policy is in memory, out of a filter's sight. */
	answer(filter, NUMBER_sched_setattr, REFUSE);
}

static void restrict_suid_sgid(struct filter_rules *filter)
{
	CHECK_CALLS(filter, mode_second_rules, COUNT(mode_second_rules), NUMBER_chmod, NUMBER_fchmod, NUMBER_mknod,
	            NUMBER_creat, NUMBER_mkdir);
	CHECK_CALLS(filter, mode_third_rules, COUNT(mode_third_rules), NUMBER_fchmodat, NUMBER_fchmodat2,
	            NUMBER_mknodat, NUMBER_mkdirat);
	CHECK_CALLS(filter, open_rules, COUNT(open_rules), NUMBER_open);
	CHECK_CALLS(filter, openat_rules, COUNT(openat_rules), NUMBER_openat);
	answer(filter, NUMBER_openat2, FILTER_ERRNO(ENOSYS)); /* the mode is in memory; programs fall back to openat */
	refuse_unseen_calls(filter);
}

/* syslog(2), which reads the kernel's log where kernel.dmesg_restrict is 0. */
static void protect_kernel_logs(struct filter_rules *filter)
{
	if (filter->actions[NUMBER_syslog] == SECCOMP_RET_ALLOW)
		answer(filter, NUMBER_syslog, REFUSE);
}

struct namespace_rules {
	struct filter_rule clone[1], unshare[2], setns[2];
};

/*
 * unshare(2) makes namespaces by any flag but those that only stop the sharing of what threads share, so that
 * a flag of a newer kernel is refused too.
 */
static void restrict_namespaces(struct filter_rules *filter, uint32_t refused, struct namespace_rules *rules)
{
	const uint32_t namespaces = CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID |
	                            CLONE_NEWTIME | CLONE_NEWUSER | CLONE_NEWUTS;
	const uint32_t harmless = CLONE_FILES | CLONE_FS | CLONE_SYSVSEM | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
	uint32_t unshare = ~(harmless | (namespaces & ~refused));

	*rules = (struct namespace_rules){
	        .clone = {{REFUSE, 1, {ANY(0, refused)}}},
	        .unshare = { {REFUSE, 1, {ANY(0, unshare)}},   {REFUSE, 1, {UPPER_ANY(0)}}},
 /* 0 means whatever the descriptor is. */
	        .setns = { {REFUSE, 1, {ANY(1, refused)}},    {REFUSE, 1, {EQUAL(1, 0)}}},
	};
	CHECK_CALLS(filter, rules->clone, COUNT(rules->clone), NUMBER_clone);
	CHECK_CALLS(filter, rules->unshare, COUNT(rules->unshare), NUMBER_unshare);
	if ((refused & namespaces) == namespaces)
		answer(filter, NUMBER_setns, REFUSE);
	else
		CHECK_CALLS(filter, rules->setns, COUNT(rules->setns), NUMBER_setns);
	answer(filter, NUMBER_clone3, FILTER_ERRNO(ENOSYS)); /* flags in memory; libc and runtimes fall back to clone */
}

enum { FAMILIES = 64 }; /* AF_MAX is 46 in Linux 6.18 */

struct socket_rules {
	struct filter_rule rules[COUNT(disguised_tcp_rules) + FAMILIES + 1];
	size_t count;
};

/* Families by bit; allow: only these, else all but these. */
static void restrict_families(struct socket_rules *family, uint64_t families, bool allow)
{
	const uint32_t refuse = FILTER_ERRNO(EAFNOSUPPORT);

	for (uint32_t i = 0; i < FAMILIES; i++)
		if (families >> i & 1)
			family->rules[family->count++] =
			        (struct filter_rule){allow ? SECCOMP_RET_ALLOW : refuse, 1, {EQUAL(0, i)}};
	if (allow)
		family->rules[family->count++] = (struct filter_rule){refuse, 0, {{0}}};
}

static void restrict_ports(struct filter_rules *filter, struct socket_rules *rules)
{
	for (size_t i = 0; i < COUNT(disguised_tcp_rules); i++)
		rules->rules[rules->count++] = disguised_tcp_rules[i];
	CHECK_CALLS(filter, flags_third_rules, COUNT(flags_third_rules), NUMBER_sendmsg);
	CHECK_CALLS(filter, flags_fourth_rules, COUNT(flags_fourth_rules), NUMBER_sendto, NUMBER_sendmmsg);
}

/* --- reading the profile --- */

static int unknown_word(struct draft *draft, const struct value_word *word, const char *key, const char *what,
                        const char *nearest)
{
	char quoted[256], hint[128] = "";
	bool invert = word->text[0] == '~';

	quote_bytes(quoted, sizeof(quoted), word->text + invert, strlen(word->text + invert));
	if (nearest)
		(void)snprintf(hint, sizeof(hint), "did you mean %s%s?", invert ? "~" : "", nearest);
	policy_error_add(draft->errors, false, word->file, word->line, 0, *hint ? hint : NULL, "%s: unknown %s \"%s\"",
	                 key, what, quoted);
	return -1;
}

/* What SystemCallFilter= leaves. */
static int read_allowed(struct draft *draft, struct syscall_set *ret_allowed)
{
	const struct value *value = profile_value(draft->profile, KEY_SystemCallFilter);

	syscall_set_begin(ret_allowed, value->word_count > 0 ? value->words[0].text : NULL);
	for (size_t i = 0; i < value->word_count; i++) {
		const char *word = value->words[i].text;
		if (syscall_set_apply(ret_allowed, word) == 0)
			continue;
		word += *word == '~';
		return unknown_word(draft, &value->words[i], "SystemCallFilter", "system call or group",
		                    syscall_nearest(word, strlen(word)));
	}
	return 0;
}

/*
 * An action for every number. Those without a name in this build are answered as a kernel without them would,
 * whatever the list says: programs fall back, and no call that came later walks around the other keys.
 */
static int read_calls(struct draft *draft, struct filter_rules *filter)
{
	int64_t number = profile_value(draft->profile, KEY_SystemCallErrorNumber)->number;
	uint32_t refuse = number ? FILTER_ERRNO(number) : SECCOMP_RET_KILL_PROCESS;
	struct syscall_set allowed, known;

	if (read_allowed(draft, &allowed) != 0)
		return -1;
	syscall_set_begin(&known, NULL);
	for (unsigned i = 0; i < SYSCALL_NUMBERS; i++) {
		if (!syscall_set_has(&known, i))
			filter->actions[i] = FILTER_ERRNO(ENOSYS);
		else
			filter->actions[i] = syscall_set_has(&allowed, i) ? SECCOMP_RET_ALLOW : refuse;
	}
	return 0;
}

/* Only the native architecture has a filter, so only it can be let in. */
static int read_architectures(struct draft *draft)
{
	const struct value *value = profile_value(draft->profile, KEY_SystemCallArchitectures);
	const char *native = SYSCALL_NATIVE("x86-64", "arm64");
	int result = 0;

	for (size_t i = 0; i < value->word_count; i++) {
		const struct value_word *word = &value->words[i];
		if (strcmp(word->text, "native") == 0 || strcmp(word->text, native) == 0)
			continue;
		policy_error_add(draft->errors, false, word->file, word->line, 0, "write native",
		                 "SystemCallArchitectures: %s: not enforced by this build", word->text);
		result = -1;
	}
	return result;
}

/* systemd.exec(5): the first word says whether what is listed is allowed or refused; later words add or take
 * away; none begins anew, with nothing, also after words that were inherited. */
static int read_families(struct draft *draft, struct socket_rules *rules)
{
	const struct value *value = profile_value(draft->profile, KEY_RestrictAddressFamilies);
	uint64_t families = 0;

	if (value->word_count == 0)
		return 0;
	bool allow = value->words[0].text[0] != '~';
	for (size_t i = 0; i < value->word_count; i++) {
		const struct value_word *word = &value->words[i];
		bool invert = word->text[0] == '~';
		const char *name = word->text + invert;
		int family = value_family(name, strlen(name));
		if (strcmp(word->text, "none") == 0) {
			allow = true;
			families = 0;
			continue;
		}
		if (family < 0 || family >= FAMILIES)
			return unknown_word(draft, word, "RestrictAddressFamilies", "address family", NULL);
		if (invert != allow)
			families |= UINT64_C(1) << family;
		else
			families &= ~(UINT64_C(1) << family);
	}
	restrict_families(rules, families, allow);
	return 0;
}

static int read_sockets(struct draft *draft, struct filter_rules *filter, struct socket_rules *rules)
{
	rules->count = 0;
	if (profile_value(draft->profile, KEY_ConnectPorts)->word_count > 0 ||
	    profile_value(draft->profile, KEY_BindPorts)->word_count > 0)
		restrict_ports(filter, rules);
	if (read_families(draft, rules) != 0)
		return -1;
	if (rules->count > 0)
		CHECK_CALLS(filter, rules->rules, rules->count, NUMBER_socket, NUMBER_socketpair);
	if (rules->count > 0)
		refuse_unseen_calls(filter);
	return 0;
}

static int add_program(struct draft *draft, const struct filter_rules *filter, struct draft_vector *vector)
{
	struct filter_program program;

	if (filter_build(filter, &program) != 0) {
		policy_error_add(draft->errors, false, draft->profile->name, 0, 0, NULL,
		                 "SystemCallFilter: the filter is longer than %d instructions",
		                 FILTER_INSTRUCTIONS_MAX);
		return -1;
	}
	for (size_t i = 0; i < program.count; i++) {
		struct plan_filter_instruction *next = draft_add(draft, vector, sizeof(*next));
		*next = program.instructions[i];
	}
	return 0;
}

/*
 * A filter of its own: the kernel takes the answer of whichever filter is stricter, and recording is stricter than allowing
 * only (seccomp(2)). So what the other one refuses stays refused, and what it allows by its arguments is recorded too.
 */
static int plan_log(struct draft *draft)
{
	const struct value *value = profile_value(draft->profile, KEY_SystemCallLog);
	struct filter_rules filter = {.check_count = 0};
	struct syscall_set logged = {{0}};

	if (value->word_count == 0)
		return 0;
	if (!draft->facts->seccomp_log) {
		policy_error_add(draft->errors, false, value->words[0].file, value->words[0].line, 0,
		                 "add the word log to sysctl kernel.seccomp.actions_logged",
		                 "SystemCallLog: this kernel records no system calls");
		return -1;
	}
	if (value->words[0].text[0] == '~')
		syscall_set_begin(&logged, NULL);
	for (size_t i = 0; i < value->word_count; i++) {
		const char *word = value->words[i].text;
		if (syscall_set_apply(&logged, word) == 0)
			continue;
		word += *word == '~';
		return unknown_word(draft, &value->words[i], "SystemCallLog", "system call or group",
		                    syscall_nearest(word, strlen(word)));
	}
	for (unsigned i = 0; i < SYSCALL_NUMBERS; i++)
		filter.actions[i] = syscall_set_has(&logged, i) ? SECCOMP_RET_LOG : SECCOMP_RET_ALLOW;
	return add_program(draft, &filter, &draft->log_filter);
}

/* Which key decided about each number, for who asks: the one that changed it last. */
struct notes {
	struct plan_origins *origins; /* NULL: nobody asks */
	uint32_t actions[SYSCALL_NUMBERS];
	uint8_t checked[SYSCALL_NUMBERS];
};

static void note_key(struct notes *notes, const struct filter_rules *filter, enum key_id key)
{
	if (!notes->origins)
		return;
	for (unsigned i = 0; i < SYSCALL_NUMBERS; i++)
		if (filter->actions[i] != notes->actions[i] || filter->checked[i] != notes->checked[i])
			notes->origins->calls[i] = (uint16_t)key;
	memcpy(notes->actions, filter->actions, sizeof(notes->actions));
	memcpy(notes->checked, filter->checked, sizeof(notes->checked));
}

int plan_filter(struct draft *draft)
{
	struct notes notes = {.origins = draft->origins};
	struct filter_rules filter = {.check_count = 0};
	struct namespace_rules namespaces;
	struct socket_rules sockets;
	const struct profile *profile = draft->profile;

	if (read_calls(draft, &filter) != 0 || read_architectures(draft) != 0)
		return -1;
	note_key(&notes, &filter, KEY_SystemCallFilter);
	if (read_sockets(draft, &filter, &sockets) != 0)
		return -1;
	note_key(&notes, &filter, KEY_RestrictAddressFamilies);
	CHECK_CALLS(&filter, terminal_rules, COUNT(terminal_rules), NUMBER_ioctl);
	note_key(&notes, &filter, KEY_COUNT);
	if (profile_is(profile, KEY_RestrictNamespaces))
		restrict_namespaces(&filter, (uint32_t)profile_value(profile, KEY_RestrictNamespaces)->number,
		                    &namespaces);
	note_key(&notes, &filter, KEY_RestrictNamespaces);
	if (profile_is(profile, KEY_ProtectKernelLogs))
		protect_kernel_logs(&filter);
	note_key(&notes, &filter, KEY_ProtectKernelLogs);
	if (profile_is(profile, KEY_MemoryDenyWriteExecute))
		restrict_memory(&filter);
	note_key(&notes, &filter, KEY_MemoryDenyWriteExecute);
	if (profile_is(profile, KEY_LockPersonality)) /* after memory: it is the narrower rule */
		CHECK_CALLS(&filter, locked_personality_rules, COUNT(locked_personality_rules), NUMBER_personality);
	note_key(&notes, &filter, KEY_LockPersonality);
	if (profile_is(profile, KEY_RestrictRealtime))
		restrict_realtime(&filter);
	note_key(&notes, &filter, KEY_RestrictRealtime);
	if (profile_is(profile, KEY_RestrictSUIDSGID))
		restrict_suid_sgid(&filter);
	note_key(&notes, &filter, KEY_RestrictSUIDSGID);
	if (add_program(draft, &filter, &draft->filter) != 0)
		return -1;
	return plan_log(draft);
}
