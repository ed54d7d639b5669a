/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option table of sandbox-run and what each row becomes. Whether a value is good is for the helper to say. */
#include "cli/run_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/common_options.h"
#include "cli/common_text.h"
#include "cli/run_values.h"

enum {
	OPTION_PROFILE,
	OPTION_SET,
	OPTION_POLICY,
	OPTION_NAME,
	OPTION_CHDIR,
	OPTION_ENV,
	OPTION_BIND,
	OPTION_BIND_RO,
	OPTION_TIMEOUT,
	OPTION_STATUS,
	OPTION_STATUS_FD,
	OPTION_DRY_RUN,
	OPTION_JSON,
	OPTION_ROOTLESS,
	OPTION_USER,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_COUNT,
};

/* clang-format off */
static const struct option_row rows[OPTION_COUNT] = {
	[OPTION_PROFILE]   = {'p', false, "profile", "NAME", "use this profile of the policy"},
	[OPTION_SET]       = {'s', true, "set", "KEY=VALUE", "set a policy key, as far as you may"},
	[OPTION_POLICY]    = {0, false, "policy", "FILE", "read this policy instead (without privilege only)"},
	[OPTION_NAME]      = {'n', false, "name", "NAME", "call the sandbox this"},
	[OPTION_CHDIR]     = {'C', false, "chdir", "DIR", "start in this directory"},
	[OPTION_ENV]       = {'E', true, "env", "NAME[=VALUE]", "set a variable inside, or pass yours on"},
	[OPTION_BIND]      = {'b', true, "bind", "SRC[:DST]", "show a file or directory inside, writable"},
	[OPTION_BIND_RO]   = {0, true, "bind-ro", "SRC[:DST]", "show it read-only"},
	[OPTION_TIMEOUT]   = {'t', false, "timeout", "SPAN", "end everything after this time (10s, 1h 30min)"},
	[OPTION_STATUS]    = {0, false, "status", "FILE", "write events to a file, as JSON lines"},
	[OPTION_STATUS_FD] = {0, false, "status-fd", "N", "write events to this open pipe or socket"},
	[OPTION_DRY_RUN]   = {0, false, "dry-run", NULL, "print what would be done, and do nothing"},
	[OPTION_JSON]      = {0, false, "json", NULL, "with --dry-run: print it as JSON"},
	[OPTION_ROOTLESS]  = {0, false, "rootless", NULL, "build it without privilege, also where the helper has it"},
	[OPTION_USER]      = {'u', false, "user", "NAME", "run as this person (root only)"},
	[OPTION_QUIET]     = {'q', false, "quiet", NULL, "no warnings"},
	[OPTION_VERBOSE]   = {'v', false, "verbose", NULL, "tell what is done"},
	[OPTION_HELP]      = {0, false, "help", NULL, "print this and exit"},
	[OPTION_VERSION]   = {0, false, "version", NULL, "print the version and exit"},
};
/* clang-format on */

static int print_help(void)
{
	printf("Usage: sandbox-run [options] [--] [command [argument ...]]\n"
	       "Runs a command, or your shell, in a sandbox.\n\n");
	options_print(rows, OPTION_COUNT);
	printf("\nExit status: the command's own; 128+N: ended by signal N; 124: time limit; 125: no sandbox, the\n"
	       "command did not run; 126, 127: the command cannot be executed, is not there.\n"
	       "See also: sandbox-run(1), sandbox-policy(5), sandboxctl(1)\n");
	return fflush(stdout);
}

static int check_assignment(const char *value)
{
	const char *equals = strchr(value, '=');

	if (equals && equals != value)
		return 0;
	say("--set needs KEY=VALUE, not %s", QUOTE(value));
	return -1;
}

static int check_descriptor(const char *value)
{
	char *end;

	errno = 0;
	long number = strtol(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || number > 1 << 30) {
		say("--status-fd needs the number of a descriptor, not %s", QUOTE(value));
		return -1;
	}
	if (fcntl((int)number, F_GETFD) < 0) {
		say("--status-fd %ld: no such descriptor is open", number);
		return -1;
	}
	return 0;
}

/* Appends to the helper's arguments; there is room, see run_options_read. */
static void append(struct run_request *request, size_t *used, char *word)
{
	request->helper_arguments[(*used)++] = word;
}

static int append_setting(struct run_request *request, size_t *used, char *assignment)
{
	if (!assignment)
		return -1;
	append(request, used, format_text("--set=%s", assignment));
	return 0;
}

static int take(struct run_request *request, size_t *used, int option, const char *value)
{
	switch (option) {
	case OPTION_BIND:
		return append_setting(request, used, value_bind("BindPaths", value));
	case OPTION_BIND_RO:
		return append_setting(request, used, value_bind("BindReadOnlyPaths", value));
	case OPTION_ENV:
		return append_setting(request, used, value_environment(value));
	case OPTION_CHDIR:
		return append_setting(request, used, value_directory(value));
	case OPTION_TIMEOUT:
		return append_setting(request, used, value_timeout(value));
	case OPTION_STATUS:
		request->status_file = value;
		return 0;
	case OPTION_STATUS_FD:
		if (check_descriptor(value) != 0)
			return -1;
		break;
	case OPTION_SET:
		if (check_assignment(value) != 0)
			return -1;
		break;
	}
	append(request, used,
	       value ? format_text("--%s=%s", rows[option].name, value) : format_text("--%s", rows[option].name));
	return 0;
}

/* Options that make no sense together. */
static int check_together(const struct options *options)
{
	static const struct {
		int one, other;
	} pairs[] = {
	        {OPTION_QUIET,    OPTION_VERBOSE  },
	        {OPTION_STATUS,   OPTION_STATUS_FD},
	        {OPTION_POLICY,   OPTION_USER     },
	        {OPTION_ROOTLESS, OPTION_USER     },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (options_seen(options, pairs[i].one) && options_seen(options, pairs[i].other)) {
			say("--%s and --%s exclude each other", rows[pairs[i].one].name, rows[pairs[i].other].name);
			return -1;
		}
	if (options_seen(options, OPTION_JSON) && !options_seen(options, OPTION_DRY_RUN)) {
		say("--json goes with --dry-run only");
		return -1;
	}
	return 0;
}

static enum run_verdict read_all(struct options *options, struct run_request *request, size_t *used)
{
	const char *value;
	int option;

	while ((option = options_next(options, &value)) >= 0) {
		if (option == OPTION_HELP)
			return print_help() == 0 ? RUN_DONE : RUN_USAGE;
		if (option == OPTION_VERSION)
			return puts("sandbox-run " VERSION) >= 0 && fflush(stdout) == 0 ? RUN_DONE : RUN_USAGE;
		if (take(request, used, option, value) != 0)
			return RUN_USAGE;
	}
	return option == OPTIONS_END && check_together(options) == 0 ? RUN_GO : RUN_USAGE;
}

enum run_verdict run_options_read(int argc, char **argv, struct run_request *ret_request)
{
	struct options options = {.rows = rows, .count = OPTION_COUNT, .next = argv + (argc > 0)};
	/* Name, verb, --status-fd, "--" and the end; every argument becomes one word at most (joined flags: one a letter). */
	size_t room = (size_t)argc + OPTION_COUNT + 5, used = 1;

	*ret_request = (struct run_request){.helper_arguments = calloc(room, sizeof(char *))};
	if (!ret_request->helper_arguments)
		out_of_memory();
	append(ret_request, &used, format_text("run"));
	enum run_verdict verdict = read_all(&options, ret_request, &used);
	if (verdict != RUN_GO)
		return verdict;
	if (ret_request->status_file)
		ret_request->status_slot = (int)used++;
	append(ret_request, &used, format_text("--"));
	for (char **word = options.next; *word; word++)
		append(ret_request, &used, *word);
	return RUN_GO;
}
