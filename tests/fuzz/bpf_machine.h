/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine of tests/unit/config/bpf.h for harnesses: what the kernel would not load is a finding. */
#ifndef TESTS_FUZZ_BPF_MACHINE_H
#define TESTS_FUZZ_BPF_MACHINE_H

#include "tests/fuzz/fuzz.h"

#define assert_true(condition) HOLDS(condition)
#define fail_msg(...) holds_not("a program that the kernel loads", __FILE__, __LINE__)
#include "tests/unit/config/bpf.h"
#undef assert_true
#undef fail_msg

#endif
