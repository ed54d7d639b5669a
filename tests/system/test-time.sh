#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The time limit is 124 and counts from the command's exec: the median of 20 runs ends within 20 ms after it.
. "$(dirname "$0")/lib.sh"
private_machine "$1" "$0"

# Time the limit was passed by, in microseconds. The payload tells when it began, in nanoseconds of the clock that date has too.
cat >"$work/began.c" <<'END'
#include <stdio.h>
#include <time.h>
#include <unistd.h>
int main(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	printf("%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec);
	fflush(stdout);
	sleep(9);
	return 0;
}
END
cc -O2 -o /home/alice/work/began "$work/began.c" || { echo "skip: cc is not installed"; exit 77; }
install -m 0755 "$build/sandbox-run" "$libexec/sandbox-run"

# overrun MICROSECONDS COMMAND...
overrun() {
	local limit=$1 begin end status

	shift
	begin=$(as_alice "$@" ./began; status=$?; date +%s%N; echo $status)
	{ read -r begin; read -r end; read -r status; } <<<"$begin"
	echo "$status $(((end - begin) / 1000 - limit))"
}

series() { # NAME COMMAND...: 20 runs with a limit of a second
	local name=$1 count=0 statuses median least

	shift
	: >"$work/overruns"
	while [ $count -lt 20 ]; do
		overrun 1000000 "$@" >>"$work/overruns"
		count=$((count + 1))
	done
	statuses=$(cut -d' ' -f1 "$work/overruns" | sort -u)
	check "$name: 124 each time" 124 "$statuses"
	median=$(cut -d' ' -f2 "$work/overruns" | sort -n | sed -n 10p)
	least=$(cut -d' ' -f2 "$work/overruns" | sort -n | sed -n 1p)
	if [ "$median" -le 20000 ]; then ok "$name: median $median us after the limit"; else not_ok "$name: median $median us after the limit"; fi
	# The payload began a little after its exec, from which the limit counts.
	if [ "$least" -ge -5000 ]; then ok "$name: never before the limit"; else not_ok "$name: once $least us before the limit"; fi
}

series "RuntimeMaxSec=1s" "$helper" run --quiet --set RuntimeMaxSec=1s --
series "sandbox-run -t 1s" "$libexec/sandbox-run" -q -t 1s --
check "twin: 2 s are enough for one" 0 "$(as_alice "$helper" run --quiet --set RuntimeMaxSec=2s -- sleep 1; echo $?)"
check "a reason of its own" 1 "$(as_alice sh -c '"$1" run --quiet --status-fd 9 --set RuntimeMaxSec=100ms -- sleep 9 9>&1 | cat' sh "$helper" |
	grep -c '"event":"exit","reason":"timeout","status":124')"
# TERM at the limit: what handles it may end in its own way, and 124 it stays.
check "TERM comes first" "handled 124" \
	"$(as_alice "$helper" run --quiet --set RuntimeMaxSec=300ms -- bash -c 'trap "echo -n handled; exit 3" TERM; sleep 9 & wait'; echo " $?")"
# A stopped payload could not act on TERM.
check "a stopped payload ends as well" 124 \
	"$(as_alice "$helper" run --quiet --set RuntimeMaxSec=300ms -- sh -c 'sleep 9 & kill -STOP $!; wait'; echo $?)"
finish
