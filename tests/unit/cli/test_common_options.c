/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option parser. Files are included, not linked: each program defines its own name. */
#include "cli/common_options.c"
#include "cli/common_text.c"

#include <setjmp.h>

#include <cmocka.h>

const char program_name[] = "test";
const int failure_status = 99;

enum { ALPHA, BETA, GAMMA, ROWS };

static const struct option_row rows[ROWS] = {
        [ALPHA] = {'a', false, "alpha", NULL,    "a flag"       },
        [BETA] = {'b', false, "beta",  "VALUE", "takes a value"},
        [GAMMA] = {0,   true,  "gamma", "VALUE", "repeats"      },
};

/* Reads a blank-separated command line and writes what the parser returns, as "a b=value @operand | rest", or "!". */
static const char *parse(const char *line, bool interleave)
{
	static char text[256], copy[256];
	char *words[16], *position = NULL, *out = text;
	const char *value;
	size_t count = 0;
	int option;

	strcpy(copy, line);
	for (char *word = strtok_r(copy, " ", &position); word; word = strtok_r(NULL, " ", &position))
		words[count++] = word;
	words[count] = NULL;
	struct options options = {.rows = rows, .count = ROWS, .next = words, .interleave = interleave};
	while ((option = options_next(&options, &value)) != OPTIONS_END) {
		if (option == OPTIONS_ERROR)
			return "!";
		if (option == OPTIONS_ARGUMENT)
			out += sprintf(out, "@%s ", value);
		else
			out += sprintf(out, value ? "%c=%s " : "%c ", rows[option].name[0], value);
	}
	out += sprintf(out, "|");
	for (char **word = options.next; *word; word++)
		out += sprintf(out, " %s", *word);
	return text;
}

static void command_lines_are_read(void **state)
{
	static const struct {
		const char *line;
		bool interleave;
		const char *result;
	} lines[] = {
	        {"",                    false, "|"           },
	        {"x --alpha",           false, "| x --alpha" },
	        {"--alpha x",           false, "a | x"       },
	        {"-a --beta v x",       false, "a b=v | x"   },
	        {"-ab v",               false, "a b=v |"     },
	        {"-abv",                false, "a b=v |"     },
	        {"-bav",                false, "b=av |"      },
	        {"--beta=",             false, "b= |"        },
	        {"--beta=a=b",          false, "b=a=b |"     },
	        {"--beta --alpha",      false, "b=--alpha |" },
	        {"--beta -- x",         false, "b=-- | x"    },
	        {"--gamma 1 --gamma=2", false, "g=1 g=2 |"   },
	        {"-a -- -b",            false, "a | -b"      },
	        {"-a - -b",             false, "a | - -b"    },
	        {"x -a y",              true,  "@x a @y |"   },
	        {"x -- -a --",          true,  "@x @-a @-- |"},
	        {"-ab",                 false, "!"           },
	        {"--beta",              false, "!"           },
	        {"--alpha=1",           false, "!"           },
	        {"--alph",              false, "!"           },
	        {"--alphax",            false, "!"           },
	        {"-a --alpha",          false, "!"           },
	        {"-aa",                 false, "!"           },
	        {"-bx --beta=y",        false, "!"           },
	        {"-z",                  false, "!"           },
	        {"-az",                 false, "!"           },
	        {"---",                 false, "!"           },
	        {"--=x",                false, "!"           },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *result = parse(lines[i].line, lines[i].interleave);
		if (strcmp(result, lines[i].result) != 0)
			fail_msg("\"%s\": \"%s\" instead of \"%s\"", lines[i].line, result, lines[i].result);
	}
}

static void what_was_seen_is_remembered(void **state)
{
	char alpha[] = "--alpha", *words[] = {alpha, NULL};
	struct options options = {.rows = rows, .count = ROWS, .next = words};
	const char *value;

	(void)state;
	assert_int_equal(options_next(&options, &value), ALPHA);
	assert_true(options_seen(&options, ALPHA));
	assert_false(options_seen(&options, BETA));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(command_lines_are_read),
	        cmocka_unit_test(what_was_seen_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
