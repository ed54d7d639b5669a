/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands of sandboxctl. Each takes what follows its name, NULL-terminated, and returns the exit status. */
#ifndef CLI_CTL_COMMANDS_H
#define CLI_CTL_COMMANDS_H

enum { CTL_YES = 0, CTL_NO = 1, CTL_ERROR = 2 };

int ctl_list(char **arguments);
int ctl_gc(char **arguments);
int ctl_policy(char **arguments);
int ctl_features(char **arguments);
int ctl_doctor(char **arguments);

#endif
