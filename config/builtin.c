/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The compiled-in layer: config/builtin.conf as a string. */
#include "config/policy.h"

static const char text[] =
#include "builtin_policy.h"
        ;

const struct policy_source policy_builtin = {
        .name = "(built in)",
        .text = text,
        .length = sizeof(text) - 1,
};
