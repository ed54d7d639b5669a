/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine for the classic BPF that seccomp(2) takes. It fails the test on whatever the kernel would not
 * load. */
#ifndef TESTS_BPF_H
#define TESTS_BPF_H

#include "config/plan.h"

#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <string.h>

/* The action for a call; *ret_steps, where wanted, is how many instructions that took. */
static inline uint32_t bpf_run(const struct plan_filter_instruction *program, size_t count,
                               const struct seccomp_data *data, size_t *ret_steps)
{
	uint32_t accumulator = 0;
	size_t steps = 0;

	for (size_t at = 0; at < count; steps++) {
		struct plan_filter_instruction now = program[at++];
		bool jump = false;
		switch (now.code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(now.operand % 4 == 0 && now.operand < sizeof(*data));
			memcpy(&accumulator, (const char *)data + now.operand, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= now.operand;
			continue;
		case BPF_RET | BPF_K:
			if (ret_steps)
				*ret_steps = steps + 1;
			return now.operand;
		case BPF_JMP | BPF_JA:
			at += now.operand;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			jump = accumulator == now.operand;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			jump = accumulator >= now.operand;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			jump = (accumulator & now.operand) != 0;
			break;
		default:
			fail_msg("instruction %zu has code %#x", at - 1, (unsigned)now.code);
		}
		at += jump ? now.jump_true : now.jump_false;
	}
	fail_msg("the program runs past its end");
	return 0;
}

#endif
