/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Short forms of policy keys: -b, -E, -C and -t become KEY=VALUE settings in the policy language, where a word stands
 * between double quotes (with \\ \" \n \t escapes) and % is written twice. Each returns NULL after saying what is wrong.
 */
#ifndef CLI_RUN_VALUES_H
#define CLI_RUN_VALUES_H

/* key: BindPaths or BindReadOnlyPaths; value: SRC[:DST]. What is relative is so to the caller's directory. */
char *value_bind(const char *key, const char *value);

/* NAME=VALUE, or NAME with the value it has in the caller's environment. */
char *value_environment(const char *value);

char *value_directory(const char *value);
char *value_timeout(const char *value);

#endif
