/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The doctor's look at PAM: reads the session stack of each login service as libpam does (pam.conf(5): @include, include
 * and substack followed, lines joined) and judges where pam_sandbox.so stands in it. A stack that lets the module be
 * skipped lets a login out of its sandbox.
 */
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/common_text.h"
#include "cli/ctl_doctor.h"

static const char area[] = "PAM";

enum { STACK_MAX = 128, DEPTH_MAX = 16, FILE_MAX = 65536 };

struct pam_line {
	char *file;
	unsigned number;
	bool dash; /* "-session": no complaint where the module is missing */
	char *control;
	char *module;
	char *arguments;
};

struct pam_stack {
	struct pam_line lines[STACK_MAX];
	size_t count;
};

static void read_stack(const char *service, struct pam_stack *stack, unsigned depth);

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_ours(const struct pam_line *line)
{
	return strcmp(base_name(line->module), "pam_sandbox.so") == 0;
}

/* Takes the next word of a line; "[...]" is one word. Returns NULL at the end. */
static char *next_word(char **position)
{
	char *start = *position + strspn(*position, " \t");
	size_t length = *start == '[' ? strcspn(start, "]") + 1 : strcspn(start, " \t");

	if (!*start)
		return NULL;
	if (length > strlen(start))
		length = strlen(start);
	*position = start + length;
	if (**position)
		*(*position)++ = 0;
	return start;
}

static void take_line(const char *file, unsigned number, char *text, struct pam_stack *stack, unsigned depth)
{
	char *type = next_word(&text);
	bool dash = type && type[0] == '-';

	if (!type)
		return;
	if (strcmp(type, "@include") == 0) {
		char *service = next_word(&text);
		if (service)
			read_stack(service, stack, depth + 1);
		return;
	}
	char *control = next_word(&text), *module = next_word(&text);
	if (strcasecmp(type + dash, "session") != 0 || !control || !module)
		return;
	if (strcmp(control, "include") == 0 || strcmp(control, "substack") == 0)
		read_stack(module, stack, depth + 1);
	else if (stack->count < STACK_MAX)
		stack->lines[stack->count++] = (struct pam_line){.file = format_text("%s", file),
		                                                 .number = number,
		                                                 .dash = dash,
		                                                 .control = format_text("%s", control),
		                                                 .module = format_text("%s", module),
		                                                 .arguments = format_text("%s", text)};
}

/* Where libpam finds a service: the admin's directory first. */
static char *service_file(const char *service)
{
	static const char *const directories[] = {"/etc/pam.d", "/usr/lib/pam.d"};

	if (service[0] == '/')
		return format_text("%s", service);
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		char *path = format_text("%s/%s", directories[i], service);
		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

/* Ends a line in place and joins it with the next where it ends in a backslash. Returns the start of what follows. */
static char *cut_line(char *line, unsigned *number)
{
	char *end = line;

	for (;; end++) {
		end += strcspn(end, "\n");
		if (!*end)
			return end;
		(*number)++;
		if (end == line || end[-1] != '\\')
			break;
		end[-1] = end[0] = ' ';
	}
	*end = 0;
	return end + 1;
}

static void read_stack(const char *service, struct pam_stack *stack, unsigned depth)
{
	char *path = depth < DEPTH_MAX ? service_file(service) : NULL;
	char *text = path ? calloc(1, FILE_MAX) : NULL;
	unsigned number = 0;

	if (text && read_file(path, text, FILE_MAX) >= 0)
		for (char *line = text; *line;) {
			unsigned first = number + 1;
			char *next = cut_line(line, &number);
			line[strcspn(line, "#")] = 0;
			take_line(path, first, line, stack, depth);
			line = next;
		}
	free(text);
	free(path);
}

static char *edit(const struct pam_line *line)
{
	return format_text("sudoedit +%u %s", line->number, line->file);
}

static void judge_control(struct doctor *doctor, const char *service, const struct pam_line *line)
{
	if (line->dash)
		doctor_report(doctor, GRADE_PROBLEM, area,
		              format_text("sudo sed -i '%us/-session/session/' %s", line->number, line->file),
		              "%s: %s:%u: \"-session\" lets everyone out should the module be missing", service,
		              line->file, line->number);
	if (strcmp(line->control, "required") == 0 || strcmp(line->control, "requisite") == 0)
		return;
	if (line->control[0] == '[' && !strstr(line->control, "=ignore") && !strstr(line->control, "=ok]") &&
	    strstr(line->control, "default=") &&
	    (strstr(line->control, "default=bad") || strstr(line->control, "default=die")))
		return;
	doctor_report(doctor, GRADE_PROBLEM, area,
	              line->control[0] == '[' ? edit(line)
	                                      : format_text("sudo sed -i '%us/%s/required/' %s", line->number,
	                                                    line->control, line->file),
	              "%s: %s:%u: control %s lets a login in whose sandbox failed; it must be required", service,
	              line->file, line->number, QUOTE(line->control));
}

/* An argument the module does not know makes it refuse every login. */
static void judge_arguments(struct doctor *doctor, const char *service, const struct pam_line *line)
{
	char *rest = format_text("%s", line->arguments), *word;

	while ((word = next_word(&rest)))
		if (strcmp(word, "debug") != 0 && strncmp(word, "try_until=", 10) != 0)
			doctor_report(doctor, GRADE_PROBLEM, area, edit(line),
			              "%s: %s:%u: the module has no argument %s and refuses every login", service,
			              line->file, line->number, QUOTE(word));
}

static void judge_place(struct doctor *doctor, const char *service, const struct pam_stack *stack, size_t place)
{
	const struct pam_line *ours = &stack->lines[place];

	for (size_t i = 0; i < place; i++)
		if (strcmp(stack->lines[i].control, "sufficient") == 0 || strstr(stack->lines[i].control, "=done"))
			doctor_report(doctor, GRADE_PROBLEM, area, edit(&stack->lines[i]),
			              "%s: %s:%u: %s before our line may end the stack there", service,
			              stack->lines[i].file, stack->lines[i].number, stack->lines[i].module);
	if (place + 1 == stack->count)
		return;
	const struct pam_line *next = &stack->lines[place + 1], *last = &stack->lines[stack->count - 1];
	doctor_report(doctor, GRADE_PROBLEM, area,
	              format_text("sudo sed -i '/pam_sandbox\\.so/d' %s && echo 'session required pam_sandbox.so' | "
	                          "sudo tee -a %s",
	                          ours->file, service_file(service)),
	              "%s: %s:%u is not the last session line: %s (%s:%u)%s would act inside the sandbox", service,
	              ours->file, ours->number, next->module, next->file, next->number,
	              last != next ? " and others" : "");
}

static void judge(struct doctor *doctor, const char *service, const struct pam_stack *stack)
{
	size_t problems = doctor->grades[GRADE_PROBLEM], place = 0, found = 0;

	for (size_t i = 0; i < stack->count; i++) {
		if (!is_ours(&stack->lines[i]))
			continue;
		if (found++ == 0)
			place = i;
		judge_control(doctor, service, &stack->lines[i]);
		judge_arguments(doctor, service, &stack->lines[i]);
	}
	if (found == 0) {
		doctor_report(
		        doctor, GRADE_PROBLEM, area,
		        format_text("echo 'session required pam_sandbox.so' | sudo tee -a %s", service_file(service)),
		        strcmp(service, "systemd-user") == 0
		                ? "%s: no line for pam_sandbox.so: a confined person's user manager would be outside"
		                : "%s: no line for pam_sandbox.so: logins through it are not confined",
		        service);
		return;
	}
	if (found > 1)
		doctor_report(doctor, GRADE_PROBLEM, area, format_text("grep -n pam_sandbox /etc/pam.d/*"),
		              "%s: pam_sandbox.so stands %zu times in its stack", service, found);
	else
		judge_place(doctor, service, stack, place);
	if (doctor->grades[GRADE_PROBLEM] == problems)
		doctor_report(doctor, GRADE_OK, area, NULL, "%s: %s:%u", service, stack->lines[place].file,
		              stack->lines[place].number);
}

/* What sshd_config(5) says of UsePAM: the first line that sets it counts, the default is no. Debian's file begins with
 * an Include of the directory. */
static bool sshd_uses_pam(void)
{
	static char text[FILE_MAX];
	glob_t files = {0};
	int answer = -1;

	if (glob("/etc/ssh/sshd_config.d/*.conf", 0, NULL, &files) > GLOB_ABORTED)
		files.gl_pathc = 0;
	for (size_t i = 0; i <= files.gl_pathc && answer < 0; i++) {
		char *position = NULL;
		if (read_file(i < files.gl_pathc ? files.gl_pathv[i] : "/etc/ssh/sshd_config", text, sizeof(text)) < 0)
			continue;
		for (char *line = strtok_r(text, "\n", &position); line && answer < 0;
		     line = strtok_r(NULL, "\n", &position)) {
			line += strspn(line, " \t");
			if (strncasecmp(line, "UsePAM", 6) == 0 && strchr(" \t=", line[6]))
				answer = strncmp(line + 6 + strspn(line + 6, " \t="), "yes", 3) == 0;
		}
	}
	return answer == 1;
}

void doctor_look_at_pam(struct doctor *doctor)
{
	/* The services confined where a policy says nothing else, and the one that is a way around them. */
	static const char *const services[] = {"sshd", "login", "su", "su-l", "cron", "atd", "systemd-user"};
	enum { COUNT = sizeof(services) / sizeof(services[0]) };
	static struct pam_stack stacks[COUNT];

	for (size_t i = 0; i < COUNT; i++) {
		read_stack(services[i], &stacks[i], 0);
		for (size_t k = 0; k < stacks[i].count; k++)
			doctor->login_wanted |= is_ours(&stacks[i].lines[k]);
	}
	if (!doctor->login_wanted) {
		doctor_report(doctor, GRADE_NOTE, area,
		              format_text("for s in sshd login su su-l cron systemd-user; do test -e /etc/pam.d/$s && "
		                          "echo 'session required pam_sandbox.so' | sudo tee -a /etc/pam.d/$s; done"),
		              "no login service has a line for pam_sandbox.so: logins are not confined");
		return;
	}
	for (size_t i = 0; i < COUNT; i++) {
		char *path = service_file(services[i]);
		if (path)
			judge(doctor, services[i], &stacks[i]);
		free(path);
	}
	if (access("/etc/ssh/sshd_config", R_OK) == 0 && !sshd_uses_pam())
		doctor_report(doctor, GRADE_PROBLEM, area,
		              format_text("echo 'UsePAM yes' | sudo tee /etc/ssh/sshd_config.d/00-pam.conf && sudo "
		                          "service ssh reload"),
		              "sshd does not use PAM (UsePAM): logins through it are not confined");
}
