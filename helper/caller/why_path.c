/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `policy why PATH`: what is there inside, and what open(2) and execve(2) would say. */
#include "helper/caller/why.h"

#include <linux/landlock.h>
#include <linux/mount.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "helper/io.h"

enum { REASON_MAX = WHY_ORIGIN_MAX + 128 };

struct verdict {
	bool yes;
	char reason[REASON_MAX]; /* of a no */
};

/* What was found, in one word for programs and in some for people. */
struct finding {
	const char *word;
	char text[PATH_MAX + REASON_MAX];
	struct plan_origin origin;
};

static const struct plan_origin no_key = {.key = KEY_COUNT};

static const struct plan_step *step_of(const struct why *why, int index)
{
	return (const struct plan_step *)plan_array(why->plan, why->plan->steps) + index;
}

static struct plan_origin origin_of(const struct why *why, int step)
{
	return step < 0 ? no_key : why->origins.steps[step];
}

static bool is_hidden(const struct why *why, const struct view_place *place)
{
	return place->node && place->node->step >= 0 && step_of(why, place->node->step)->kind == STEP_MASK;
}

/* --- may it be done -------------------------------------------------------------------------------------------------------*/

static void refuse(struct verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void refuse(struct verdict *verdict, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(verdict->reason, sizeof(verdict->reason), format, arguments);
	va_end(arguments);
	verdict->yes = false;
}

/* mount(8): device files of a mount that is nodev cannot be opened. */
static bool devices_work(const struct view_mount *mount, const struct view_place *place)
{
	struct statvfs host;

	if (mount->attributes & MOUNT_ATTR_NODEV)
		return false;
	return place->node || (fstatvfs(place->fd, &host) == 0 && !(host.f_flag & ST_NODEV));
}

/* Devices that ask for a capability when they are opened (mem(4), syslog(2)). */
static bool device_refuses(dev_t device)
{
	enum { MEMORY = 1, MEM = 1, KMEM = 2, PORT = 4, KMSG = 11 };
	char restricted[8];

	if (major(device) != MEMORY)
		return false;
	if (minor(device) == KMSG)
		return read_text(AT_FDCWD, "/proc/sys/kernel/dmesg_restrict", restricted, sizeof(restricted)) > 0 &&
		       restricted[0] != '0';
	return minor(device) == MEM || minor(device) == KMEM || minor(device) == PORT;
}

/* Whether names in a directory are the kernel's to make. */
static bool is_of_kernel(const struct why *why, const struct view_place *place)
{
	return why->view.mounts[place->mount].kind == VIEW_PROC ||
	       (place->node && place->node->step >= 0 && step_of(why, place->node->step)->kind == STEP_DEVPTS);
}

static bool judge_type(const struct why *why, const struct view_place *place, int mode, struct verdict *verdict)
{
	const struct view_mount *mount = &why->view.mounts[place->mount];
	mode_t type = place->status.st_mode;

	if (S_ISSOCK(type))
		refuse(verdict, "a socket is connected to, not opened");
	else if ((S_ISCHR(type) || S_ISBLK(type)) && !devices_work(mount, place))
		refuse(verdict, "device files do not work here");
	else if (mode == X_OK && !S_ISDIR(type) && !S_ISREG(type))
		refuse(verdict, "not a program");
	else if (S_ISCHR(type) && device_refuses(place->status.st_rdev))
		refuse(verdict, "it asks for a capability, and there is none inside");
	else if (mode == W_OK && S_ISDIR(type) && is_of_kernel(why, place))
		refuse(verdict, "the kernel alone makes files here");
	return verdict->yes;
}

static bool judge_mount(const struct why *why, const struct view_mount *mount, const struct view_place *place, int mode,
                        struct verdict *verdict)
{
	char key[REASON_MAX];
	mode_t type = place->status.st_mode;

	if (mode == W_OK && (mount->attributes & MOUNT_ATTR_RDONLY) && (S_ISREG(type) || S_ISDIR(type)))
		refuse(verdict, "read-only%s",
		       mount->filesystem == 0 ? ", as all that the sandbox puts here"
		                              : why_brackets(why, origin_of(why, mount->read_only), key, sizeof(key)));
	else if (mode == X_OK && (mount->attributes & MOUNT_ATTR_NOEXEC) && S_ISREG(type))
		refuse(verdict, "nothing is executed here%s",
		       why_brackets(why, origin_of(why, mount->no_exec), key, sizeof(key)));
	return verdict->yes;
}

static bool judge_permissions(const struct why *why, const struct view_place *place, int mode, struct verdict *verdict)
{
	/* To make a file is to write into its directory and to pass through it. */
	int error = view_access(&why->view, place, mode == W_OK && S_ISDIR(place->status.st_mode) ? W_OK | X_OK : mode);

	if (error == EROFS)
		refuse(verdict, "read-only on the host");
	else if (error == EACCES)
		refuse(verdict, "the permissions of %s do not let %s", place->path, why->person->name);
	else if (error != 0)
		refuse(verdict, "%s", strerrordesc_np(error));
	return verdict->yes;
}

/* Files of procfs have rules of their own, which only opening them tells; it does nothing else to them. */
static bool judge_kernel(const struct why *why, const struct view_place *place, int mode, struct verdict *verdict)
{
	const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	if (why->view.mounts[place->mount].kind != VIEW_PROC || !S_ISREG(place->status.st_mode) || mode == X_OK)
		return true;
	CLEANUP_FD fd = openat(why->view.host, place->path + 1, flags | (mode == W_OK ? O_WRONLY : O_RDONLY));
	if (fd < 0)
		refuse(verdict, "the kernel does not let %s", why->person->name);
	return verdict->yes;
}

static void judge(const struct why *why, const struct view_place *place, int mode, struct verdict *ret_verdict)
{
	const struct view_mount *mount = &why->view.mounts[place->mount];
	uint64_t right = S_ISDIR(place->status.st_mode) ? LANDLOCK_ACCESS_FS_MAKE_REG : LANDLOCK_ACCESS_FS_WRITE_FILE;
	char key[REASON_MAX];

	*ret_verdict = (struct verdict){.yes = true};
	if (!judge_type(why, place, mode, ret_verdict) || !judge_mount(why, mount, place, mode, ret_verdict) ||
	    !judge_permissions(why, place, mode, ret_verdict) || !judge_kernel(why, place, mode, ret_verdict))
		return;
	if (mode == W_OK && !view_landlock_permits(&why->view, place, right))
		refuse(ret_verdict, "no rule lets it%s",
		       why_brackets(why, (struct plan_origin){.key = KEY_Landlock}, key, sizeof(key)));
}

/* --- what is it -----------------------------------------------------------------------------------------------------------*/

static const char *type_word(mode_t mode)
{
	static const struct {
		mode_t type;
		const char *word;
	} words[] = {
	        {S_IFREG,  "file"            },
                {S_IFDIR,  "directory"       },
                {S_IFCHR,  "character device"},
	        {S_IFBLK,  "block device"    },
                {S_IFIFO,  "pipe"            },
                {S_IFSOCK, "socket"          },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((mode & S_IFMT) == words[i].type)
			return words[i].word;
	return "unknown";
}

/* The name it has on the host, where that is another; else "". */
static void source_name(const struct why *why, const struct view_place *place, char *name, size_t size)
{
	int index = why->view.mounts[place->mount].step;
	const struct plan_step *step = step_of(why, index);
	const char *target = plan_string(why->plan, step->target);

	*name = '\0';
	if (!view_is_below(place->path, target))
		return;
	snprintf(name, size, " %s%s", plan_string(why->plan, step->source), place->path + strlen(target));
	if (strcmp(name + 1, place->path) == 0)
		*name = '\0';
}

static void describe_made(const struct why *why, const struct view_place *place, struct finding *finding)
{
	int step = place->node->step;
	const char *text = "made by the sandbox";

	finding->word = "made";
	switch (step < 0 ? STEP_DIRECTORY : step_of(why, step)->kind) {
	case STEP_FILE:
		finding->word = "generated";
		text = "generated";
		break;
	case STEP_COPY:
		finding->word = "copy";
		text = "a copy of the host's";
		break;
	case STEP_TMPFS:
	case STEP_DEVPTS:
	case STEP_MQUEUE:
		finding->word = "private";
		text = "private, empty at the start";
		break;
	default:
		break;
	}
	snprintf(finding->text, sizeof(finding->text), "%s", text);
}

static void describe(const struct why *why, const char *path, const struct view_place *place,
                     struct finding *ret_finding)
{
	const struct view_mount *mount = &why->view.mounts[place->mount];
	char source[PATH_MAX], key[REASON_MAX];

	*ret_finding = (struct finding){.origin = origin_of(why, place->node ? place->node->step : mount->step)};
	if (place->node) {
		describe_made(why, place, ret_finding);
	} else if (mount->kind == VIEW_PROC) {
		ret_finding->word = "kernel";
		snprintf(ret_finding->text, sizeof(ret_finding->text), "the kernel's");
	} else {
		source_name(why, place, source, sizeof(source));
		ret_finding->word = "host";
		snprintf(ret_finding->text, sizeof(ret_finding->text), "the host's%s", source);
	}
	size_t length = strlen(ret_finding->text);
	bool other = strcmp(path, place->path) != 0;
	snprintf(ret_finding->text + length, sizeof(ret_finding->text) - length, "%s%s%s", other ? ", as " : "",
	         other ? place->path : "", why_brackets(why, ret_finding->origin, key, sizeof(key)));
}

/* Why a walk ended where it did. */
static void describe_missing(const struct why *why, const struct view_place *place, struct finding *finding)
{
	char key[REASON_MAX];
	const char *home = "root";

	finding->word = "missing";
	if (!place->node) {
		snprintf(finding->text, sizeof(finding->text), "not there, and not on the host: %s has no %.*s",
		         place->path, (int)strcspn(place->rest, "/"), place->rest);
		return;
	}
	finding->origin = origin_of(why, place->node->step);
	/* Of the root's names this one is left out by a key; others always are. */
	if (!place->path[1] && view_is_below(place->rest, home) && profile_is(why->profile, KEY_ProtectHome))
		finding->origin.key = KEY_ProtectHome;
	snprintf(finding->text, sizeof(finding->text), "not there: %s holds what the sandbox puts in it%s", place->path,
	         why_brackets(why, finding->origin, key, sizeof(key)));
}

static void describe_end(const struct why *why, const char *path, const struct view_place *place, int error,
                         struct finding *ret_finding)
{
	char key[REASON_MAX];

	*ret_finding = (struct finding){.word = "unreachable", .origin = no_key};
	if (is_hidden(why, place)) {
		ret_finding->word = "hidden";
		ret_finding->origin = origin_of(why, place->node->step);
		bool above = strcmp(path, place->path) != 0;
		snprintf(ret_finding->text, sizeof(ret_finding->text), "hidden%s%s%s", above ? " with " : "",
		         above ? place->path : "", why_brackets(why, ret_finding->origin, key, sizeof(key)));
	} else if (error == ENOENT) {
		describe_missing(why, place, ret_finding);
	} else if (error == EACCES) {
		snprintf(ret_finding->text, sizeof(ret_finding->text),
		         "out of reach: the permissions of %s do not let %s", place->path, why->person->name);
	} else if (error == VIEW_DEPENDS) {
		ret_finding->word = "depends";
		snprintf(ret_finding->text, sizeof(ret_finding->text),
		         "depends on what runs inside: only the sandbox itself can tell");
	} else {
		snprintf(ret_finding->text, sizeof(ret_finding->text), "out of reach: %s", strerrordesc_np(error));
	}
}

/* --- answers --------------------------------------------------------------------------------------------------------------*/

enum { READ, WRITE, EXECUTE, ACCESSES };

static const int access_modes[ACCESSES] = {R_OK, W_OK, X_OK};
static const char *const access_names[ACCESSES] = {"read", "write", "execute"};
static const char *const directory_names[ACCESSES] = {"list", "make", "enter"};

static void print_line(const char *path, const struct finding *finding)
{
	why_print(path);
	printf(": ");
	why_print(finding->text);
	putchar('\n');
}

/* Nothing can be done with it, or nobody can say. */
static enum answer print_end(const struct why *why, const char *path, const struct finding *finding)
{
	bool depends = strcmp(finding->word, "depends") == 0;
	const char *answer = depends ? "depends" : "no";

	if (!why->json) {
		print_line(path, finding);
		return depends ? ANSWER_YES : ANSWER_NO;
	}
	why_begin(path, "path", answer);
	why_field("is", finding->word);
	for (int i = 0; i < ACCESSES; i++)
		why_field(access_names[i], answer);
	why_origin(why, finding->origin);
	why_field("text", finding->text);
	why_end();
	return depends ? ANSWER_YES : ANSWER_NO;
}

static void print_verdicts(const struct why *why, const char *path, const struct view_place *place,
                           const struct finding *finding, const struct verdict *verdicts)
{
	static const char *const reasons[ACCESSES] = {"read_reason", "write_reason", "execute_reason"};
	const char *const *names = S_ISDIR(place->status.st_mode) ? directory_names : access_names;

	if (!why->json) {
		print_line(path, finding);
		for (int i = 0; i < ACCESSES; i++) {
			printf("  %-8s %s", names[i], verdicts[i].yes ? "yes" : "no: ");
			why_print(verdicts[i].reason);
			putchar('\n');
		}
		return;
	}
	why_begin(path, "path", verdicts[READ].yes ? "yes" : "no");
	why_field("is", finding->word);
	why_field("type", type_word(place->status.st_mode));
	why_field("path", place->path);
	for (int i = 0; i < ACCESSES; i++) {
		why_field(access_names[i], verdicts[i].yes ? "yes" : "no");
		if (!verdicts[i].yes)
			why_field(reasons[i], verdicts[i].reason);
	}
	why_origin(why, finding->origin);
	why_field("text", finding->text);
	why_end();
}

enum answer why_path(const struct why *why, const char *path)
{
	struct verdict verdicts[ACCESSES];
	struct view_place place;
	struct finding finding;
	int error = view_walk(&why->view, path, VIEW_FOLLOW, &place);
	enum answer answer;

	if (error != 0 || is_hidden(why, &place)) {
		describe_end(why, path, &place, error, &finding);
		answer = print_end(why, path, &finding);
	} else {
		for (int i = 0; i < ACCESSES; i++)
			judge(why, &place, access_modes[i], &verdicts[i]);
		describe(why, path, &place, &finding);
		print_verdicts(why, path, &place, &finding, verdicts);
		answer = verdicts[READ].yes ? ANSWER_YES : ANSWER_NO;
	}
	view_place_clear(&place);
	return answer;
}
