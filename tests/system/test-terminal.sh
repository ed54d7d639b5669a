#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Terminals: job control outside and inside, the hand-over and the way back, signals to groups, TIOCSTI.
. "$(dirname "$0")/lib.sh"
suite_source=$(realpath "$(dirname "$0")/terminal.py")
private_machine "$1" "$0"
install -m 0755 "$build/sandbox-run" "$libexec/sandbox-run"
command -v python3 >/dev/null || { echo "skip: python3 is not installed"; exit 77; }
# A program of alice's that tries to type into her terminal, and one that tries to end the caller's group.
cat >"$work/type.c" <<'END'
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	unsigned long request = argc > 1 && strcmp(argv[1], "high") == 0 ? 0xffffffff00005412UL : 0x5412UL; /* TIOCSTI */
	long result = syscall(SYS_ioctl, 0, request, "#");
	printf("TIOCSTI %s\n", result == 0 ? "typed" : strerror(errno));
	return 0;
}
END
cc -O2 -o /home/alice/work/type "$work/type.c" || { echo "skip: cc is not installed"; exit 77; }
while read -r line; do
	case $line in
	"ok - "*) passed=$((passed + 1)) ;;
	"not ok - "*) failed=$((failed + 1)) ;;
	"skip - "*) skipped=$((skipped + 1)) ;;
	esac
	echo "$line"
done < <(timeout 240 python3 -B "$suite_source" "$libexec/sandbox-run" 2>&1 || echo "not ok - the program itself ended with $?")
finish
