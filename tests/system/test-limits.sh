#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# MemoryMax, TasksMax and CPUQuota hold, each with a twin where the same succeeds; a limit that cannot be had is refused or told.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/cgroups.sh"
private_machine "$1" "$0"
private_cgroups

run() { as_alice "$helper" run "$@"; }

# run_with_stream ARGUMENTS...: status in $status, the stream in $stream, what was said on stderr in $said
run_with_stream() {
	rm -f "$work/stream"
	{ run --status-fd 9 "$@" 9>&1 >"$work/out" 2>"$work/said"; echo "status $?"; } | cat >"$work/stream"
	stream=$(cat "$work/stream")
	status=${stream##*status }
	said=$(cat "$work/said")
}

# Writes to every page of N MiB, so that they are there.
cat >"$work/allocate.c" <<'END'
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	size_t size = argc > 1 ? (size_t)atol(argv[1]) << 20 : 0;
	char *memory = malloc(size);
	if (!memory)
		return 3;
	for (size_t i = 0; i < size; i += 4096)
		((volatile char *)memory)[i] = 1;
	return write(1, "survived\n", 9) == 9 ? 0 : 4;
}
END
cc -O0 -o /home/alice/work/allocate "$work/allocate.c" || { echo "skip: cc is not installed"; exit 77; }

# The shell is not what grows: it would survive the kill of its child, and OOMPolicy=kill must end it all the same.
memory='./allocate 200; echo "the shell lived on"'
run_with_stream --quiet --set MemoryMax=64M -- sh -c "$memory"
check "C6 MemoryMax=64M and a child of 200M: 137" 137 "$status"
check_match "C6 the stream's reason is oom" '*"event":"exit","reason":"oom","status":137*' "$stream"
check "C6 nothing of it lived on" "" "$(cat "$work/out")"
run_with_stream --quiet --set MemoryMax=1G -- sh -c "$memory"
check "twin: MemoryMax=1G and a child of 200M: 0" 0 "$status"
check_match "twin: the stream's reason is exited" '*"event":"exit","reason":"exited","status":0*' "$stream"
check "twin: both lived on" "survived
the shell lived on" "$(cat "$work/out")"
run_with_stream --set MemoryMax=64M -- ./allocate 200
check_match "C6 the reason is told" "*out of memory*" "$said"
run_with_stream --quiet --set MemoryMax=64M --set OOMPolicy=kill -- sh -c './allocate 20; exit 5'
check "below the limit nothing is killed" 5 "$status"
# A later, unrelated sandbox must not be told of this one's kills.
run_with_stream --quiet -- sh -c 'exit 6'
check_match "the next sandbox ends as it does" '*"reason":"exited","status":6*' "$stream"

# --- tasks -----------------------------------------------------------------------------------------------------------

# Forks at most 100 times, goes on when that is refused; what was started stays for two seconds.
cat >"$work/forks.c" <<'END'
#include <stdio.h>
#include <unistd.h>
int main(void)
{
	int started = 0;
	for (int i = 0; i < 100; i++) {
		pid_t child = fork();
		if (child == 0) {
			sleep(2);
			_exit(0);
		}
		started += child > 0;
	}
	sleep(2);
	printf("started %d\n", started);
	return 0;
}
END
cc -O0 -o /home/alice/work/forks "$work/forks.c" || exit 1

# most_tasks: the largest number of tasks seen in a sandbox's cgroup, watched from outside until the run is over.
most_tasks() {
	local most=0 now file runner=$1

	while kill -0 "$runner" 2>/dev/null; do
		for file in $(find "$work"/own/* -path '*sandbox-run/*' \( -name pids.current -o -name tasks \) 2>/dev/null); do
			case $file in
			*/pids.current) read -r now <"$file" 2>/dev/null ;;
			*) now=$(wc -l <"$file" 2>/dev/null) ;;
			esac
			[ "${now:-0}" -gt "$most" ] && most=$now
		done
		sleep 0.05
	done
	echo "$most"
}

run --quiet --set TasksMax=32 --set RuntimeMaxSec=20s -- ./forks >"$work/out" 2>&1 &
runner=$!
most=$(most_tasks "$runner")
wait "$runner"
check "TasksMax=32 and a fork loop: never above 32" yes "$([ "$most" -le 32 ] && [ "$most" -ge 25 ] && echo yes || echo "$most")"
check "TasksMax: fewer were started" yes "$(read -r _ count <"$work/out" && [ "$count" -lt 32 ] && echo yes)"
run --quiet --set TasksMax=200 --set RuntimeMaxSec=20s -- ./forks >"$work/out" 2>&1 &
runner=$!
most=$(most_tasks "$runner")
wait "$runner"
check "twin: without that limit all 100 live at once" yes "$([ "$most" -ge 100 ] && echo yes || echo "$most")"
check "twin: all were started" "started 100" "$(cat "$work/out")"

# --- processor -------------------------------------------------------------------------------------------------------

cat >"$work/burn.c" <<'END'
#include <stdio.h>
#include <time.h>
static double now(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}
/* Spins for 1.5 s; prints the share of the processor it got, in percent of the time that passed. */
int main(void)
{
	double start = now(CLOCK_MONOTONIC);
	while (now(CLOCK_MONOTONIC) - start < 1.5)
		;
	printf("%d\n", (int)(100 * now(CLOCK_PROCESS_CPUTIME_ID) / (now(CLOCK_MONOTONIC) - start)));
	return 0;
}
END
cc -O0 -o /home/alice/work/burn "$work/burn.c" || exit 1
share=$(run --quiet --set CPUQuota=10% -- ./burn)
check "CPUQuota=10% leaves a spinning program a tenth" yes \
	"$([ "${share:-100}" -ge 5 ] && [ "${share:-100}" -le 14 ] && echo yes || echo "$share")"
share=$(run --quiet -- ./burn)
check "twin: without it the program gets more" yes "$([ "${share:-0}" -ge 20 ] && echo yes || echo "$share")"
share=$(run --quiet --set MemoryMax=268435456 --set TasksMax=40 --set CPUQuota=20.5% -- ./burn)
check "limits need be neither percent nor round" yes "$([ "${share:-100}" -le 26 ] && echo yes || echo "$share")"

# --- what only a policy may say ----------------------------------------------------------------------------------------

policy() { printf '[profile x]\nInherit=default\n%s\n[profile y]\nInherit=default\n%s\n[run]\nProfiles=x y\n' "$@" >/etc/sandbox-run/policy.conf; }

policy MemoryMax=64M $'MemoryMax=64M\nOOMPolicy=continue'
run_with_stream --quiet --profile y -- sh -c "$memory"
check "OOMPolicy=continue: only the process that ran out is killed" "0 the shell lived on" "$status $(cat "$work/out")"
run_with_stream --quiet --profile x -- sh -c "$memory"
check "twin: OOMPolicy=kill: all end" "137 " "$status $(cat "$work/out")"

# weights_share: of two sandboxes that spin on one processor, x and y, whether y got more than three times what x got
weights_share() {
	run --quiet --profile x -- taskset -c 0 ./burn >"$work/x" &
	run --quiet --profile y -- taskset -c 0 ./burn >"$work/y"
	wait $!
	echo "$(cat "$work/x") $(cat "$work/y")" | awk '{ print ($2 > 3 * $1 ? "more" : "alike") }'
}
policy CPUWeight=20 CPUWeight=2000
check "CPUWeight=20 beside CPUWeight=2000 gets the rest" more "$(weights_share)"
policy CPUWeight=100 CPUWeight=100
check "twin: equal weights get alike" alike "$(weights_share)"

# control FILE...: the last word of these files, as far as they exist, of a running sandbox's cgroup
control() {
	local name

	coproc held { run --quiet -- sh -c 'echo; read -r line'; }
	read -r -u "${held[0]}" -t 10
	for name; do
		sed 's/.* //' "$work"/own/*/sandbox-run/*/"$name" 2>/dev/null
	done
	echo >&"${held[1]}"
	wait "$held_PID"
}
policy $'CPUQuota=50%\nCPUQuotaPeriodSec=20ms' ""
check "CPUQuotaPeriodSec=20ms" 20000 "$(control cpu.max cpu.cfs_period_us)"
policy CPUQuota=50% ""
check "twin: CPUQuotaPeriodSec unset" 100000 "$(control cpu.max cpu.cfs_period_us)"
# v1 limits memory and swap together: 64 MiB of both are no swap.
swap() { control memory.swap.max memory.memsw.limit_in_bytes | sed -e 's/^67108864$/0/' -e 's/^9.*/max/'; }
policy $'ResourceControl=require\nMemoryMax=64M\nMemorySwapMax=0' ""
if ls "$work"/own/*/memory.swap.max "$work"/own/*/memory.memsw.limit_in_bytes 2>/dev/null | grep -q .; then
	check "MemorySwapMax=0 beside MemoryMax=64M" 0 "$(swap)"
	policy MemoryMax=64M ""
	check "twin: MemorySwapMax unset" max "$(swap)"
else
	run_with_stream -- true
	check_match "MemorySwapMax=0 is refused where swap is not accounted" "125 *MemorySwapMax*" "$status $said"
fi
rm /etc/sandbox-run/policy.conf

# --- what cannot be had ----------------------------------------------------------------------------------------------

marker=/home/alice/work/was-here
refused() { # NAME MESSAGE-PATTERN ARGUMENTS...: 125, the message, and the payload not run
	local name=$1 pattern=$2

	shift 2
	rm -f "$marker"
	run_with_stream "$@" -- sh -c ": >$marker"
	check "$name is 125" 125 "$status"
	check_match "$name says why" "$pattern" "$said"
	if [ -e "$marker" ]; then not_ok "$name: the payload ran"; else ok "$name: the payload did not run"; fi
}

# Where alice has a subtree of her own, the limits would be possible.
refused "rootless ResourceControl=require" "*MemoryMax*" --rootless --set ResourceControl=require --set MemoryMax=64M
check_match "rootless ResourceControl=require tells a remedy" "*hint: *" "$said"
run_with_stream --rootless --set MemoryMax=64M --set TasksMax=32 --set CPUQuota=50% -- sh -c 'exit 7'
check "rootless ResourceControl=prefer runs" 7 "$status"
check "rootless ResourceControl=prefer warns in one line" 1 "$(wc -l <"$work/said")"
for key in MemoryMax TasksMax CPUQuota; do
	check_match "the line names $key" "*$key*" "$said"
done
check_match "the stream has a warning" '*"event":"warning"*MemoryMax*' "$stream"
run_with_stream --rootless --set ResourceControl=require --set MemoryMax=infinity --set TasksMax=infinity -- sh -c 'exit 7'
check "twin: require without limits to have" 7 "$status"
run_with_stream --set ResourceControl=require --set MemoryMax=64M -- sh -c ": >$marker"
check "twin: the set-uid helper gives what is required" "0 yes" "$status $([ -e "$marker" ] && echo yes)"

# The hierarchies themselves, then only the place where sandboxes have been.
for mount in $hierarchies; do mount -o remount,bind,ro "$mount" || exit 1; done
refused "unwritable cgroups under require" "*[Mm]emory*" --set ResourceControl=require --set MemoryMax=64M
run_with_stream --set MemoryMax=64M -- sh -c 'exit 7'
check "twin: unwritable cgroups under prefer" 7 "$status"
check "twin: with one line" 1 "$(wc -l <"$work/said")"
for mount in $hierarchies; do
	mount -o remount,bind,rw "$mount" || exit 1
	[ ! -d "$mount/sandbox-run" ] || { mount --bind "$mount/sandbox-run" "$mount/sandbox-run" &&
		mount -o remount,bind,ro "$mount/sandbox-run"; } || exit 1
done
refused "an unwritable subtree under require" "*cgroup*" --set ResourceControl=require --set MemoryMax=64M
for mount in $hierarchies; do
	[ ! -d "$mount/sandbox-run" ] || umount "$mount/sandbox-run" || exit 1
done
check "no cgroup of a sandbox is left" "" "$(sandbox_cgroups)"
check "no process is left" "" "$(suite_processes)"
finish
