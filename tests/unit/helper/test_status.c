/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* helper/outside/status.c: whatever bytes a message holds, a line of the stream is one line of JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above */
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "helper/outside/status.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void text_is_escaped_as_json(void **state)
{
	static const struct {
		const char *text, *escaped;
	} table[] = {
	        {"",                 ""	                    },
	        {"plain /path: why", "plain /path: why"            },
	        {"\"",               "\\\""                        },
	        {"\\",               "\\\\"                        },
	        {"a\"b\\c",          "a\\\"b\\\\c"                 },
	        {"\n",               "\\u000a"                     },
	        {"\x01\x1f\x7f",     "\\u0001\\u001f\\u007f"       },
	        {"\x1b[31m",         "\\u001b[31m"                 },
	        {"\xc3\xa4",         "\xc3\xa4"                    },
	        {"\xe2\x82\xac",     "\xe2\x82\xac"                },
	        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"            },
	        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"            },
 /* no UTF-8 (RFC 3629): alone, cut off, too long, surrogates, past the last character */
	        {"\xff",             "\\u00ff"                     },
	        {"\x80",             "\\u0080"                     },
	        {"\xc3",             "\\u00c3"                     },
	        {"\xc3(",            "\\u00c3("                    },
	        {"\xe2\x82",         "\\u00e2\\u0082"              },
	        {"\xe2\x82\"",       "\\u00e2\\u0082\\\""          },
	        {"\xc0\xaf",         "\\u00c0\\u00af"              },
	        {"\xc1\xbf",         "\\u00c1\\u00bf"              },
	        {"\xe0\x9f\xbf",     "\\u00e0\\u009f\\u00bf"       },
	        {"\xed\xa0\x80",     "\\u00ed\\u00a0\\u0080"       },
	        {"\xf0\x8f\xbf\xbf", "\\u00f0\\u008f\\u00bf\\u00bf"},
	        {"\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080"},
	        {"\xf5\x80\x80\x80", "\\u00f5\\u0080\\u0080\\u0080"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		size_t length = json_escape(out, sizeof(out), table[i].text);
		assert_string_equal(out, table[i].escaped);
		assert_int_equal(length, strlen(out));
	}
}

/* Cut where it must be, never within an escape or a character, and always terminated. */
static void a_small_buffer_cuts_between_characters(void **state)
{
	static const char *const texts[] = {"aaaaaaaaaaaaaaaaaaaaaaaa", "\x01\x01\x01\x01\x01\x01",
	                                    "\"\"\"\"\"\"\"\"\"\"\"\"\"\"",
	                                    "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"};
	static const size_t units[] = {1, 6, 2, 4};
	char out[64];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t size = 1; size <= 24; size++) {
			memset(out, '#', sizeof(out));
			size_t length = json_escape(out, size, texts[i]);
			assert_true(length < size);
			assert_int_equal(strlen(out), length);
			assert_int_equal(length % units[i], 0);
			for (size_t after = size; after < sizeof(out); after++)
				assert_int_equal(out[after], '#');
		}
}

static int pipe_fds[2];

static int open_stream(void **state)
{
	(void)state;
	return pipe(pipe_fds);
}

static int close_stream(void **state)
{
	(void)state;
	return close(pipe_fds[0]) + close(pipe_fds[1]);
}

static const char *line_read(void)
{
	static char line[8192];
	ssize_t got = read(pipe_fds[0], line, sizeof(line) - 1);

	line[got > 0 ? got : 0] = '\0';
	return line;
}

static void events_are_lines_of_json(void **state)
{
	(void)state;
	status_open(pipe_fds[1]);
	status_warning("a \"b\"\nc");
	assert_string_equal(line_read(), "{\"event\":\"warning\",\"text\":\"a \\\"b\\\"\\u000ac\"}\n");
	status_error("open /a\\b: why", 13);
	assert_string_equal(
	        line_read(),
	        "{\"event\":\"error\",\"step\":\"open /a\\\\b\",\"errno\":13,\"text\":\"open /a\\\\b: why\"}\n");
	status_exit("oom", 137, 0, 9);
	assert_string_equal(line_read(),
	                    "{\"event\":\"exit\",\"reason\":\"oom\",\"status\":137,\"code\":0,\"signal\":9}\n");
}

/* A line longer than PIPE_BUF could be torn; the longest that escaping can give still is one. */
static void the_longest_warning_is_one_line(void **state)
{
	char text[4000];

	(void)state;
	memset(text, 1, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	status_open(pipe_fds[1]);
	status_warning(text);
	const char *line = line_read();
	assert_true(strlen(line) > 1000 && strlen(line) <= 4096);
	assert_string_equal(line + strlen(line) - 3, "\"}\n");
	status_error(text, 1);
	line = line_read();
	assert_true(strlen(line) > 1000 && strlen(line) <= 4096);
	assert_string_equal(line + strlen(line) - 3, "\"}\n");
}

static void a_reader_that_does_not_read_loses_lines_and_nothing_waits(void **state)
{
	(void)state;
	status_open(pipe_fds[1]);
	alarm(10); /* ends the program where a write waits */
	for (int i = 0; i < 3000; i++)
		status_warning("a line that nobody reads, many times over, until the pipe is full");
	alarm(0);
	assert_true(strlen(line_read()) > 0);
}

#define STREAM(name) cmocka_unit_test_setup_teardown(name, open_stream, close_stream)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(text_is_escaped_as_json),
	        cmocka_unit_test(a_small_buffer_cuts_between_characters),
	        STREAM(events_are_lines_of_json),
	        STREAM(the_longest_warning_is_one_line),
	        STREAM(a_reader_that_does_not_read_loses_lines_and_nothing_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
