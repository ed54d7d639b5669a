#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# sandbox-run by bob, an ordinary user in a session of logind, with the set-uid helper on cgroup v2.
. ./lib.sh

check "exit 7 is 7" "7" "$(remote bob "sandbox-run -- sh -c 'exit 7'" 2>/run/vm-tests.out; echo $?)"
sed 's/^/# /' /run/vm-tests.out
check "a signal is 128 and its number" "143" "$(remote bob "sandbox-run -q -- sh -c 'kill -TERM \$\$'" 2>/dev/null; echo $?)"
check "uid_map is exactly the own id" "$(id -u bob) $(id -u bob) 1" \
	"$(remote bob "sandbox-run -q -- cat /proc/self/uid_map" 2>&1 | awk '{ print $1, $2, $3 }')"

allocate='head -c 220M /dev/zero | tail -c 200M >/dev/null'
check "twin: without the limit it is 0" "0" "$(remote bob "sandbox-run -q -- sh -c '$allocate'" 2>/dev/null; echo $?)"
check "MemoryMax=64M and a child of the shell allocating 200M: 137" "137" \
	"$(remote bob "sandbox-run -q -s MemoryMax=64M --status status -- sh -c '$allocate; exit 0'" 2>/dev/null; echo $?)"
check_match "MemoryMax: reason oom" '*"reason":*"oom"*' "$(cat /home/bob/status 2>&1)"

start_session bob "sandbox-run -q -s TasksMax=32 -- sh -c '
	sleep 4005 & for i in \$(seq 100); do (sleep 4006 &) & done 2>/dev/null; sleep 4005'"
cgroup=$(cgroup_of "$(pid_of bob sleep 4005)")
most=0
for sample in $(seq 50); do
	now=$(cat "$cgroup/pids.current" 2>/dev/null || echo 0)
	[ "$now" -le "$most" ] || most=$now
	sleep 0.1
done
check_match "TasksMax: the command is in a cgroup of its own" "*sandbox-run/*" "$cgroup"
check "TasksMax=32 and a fork loop: never above 32" "yes" "$([ "$most" -gt 8 ] && [ "$most" -le 32 ] && echo yes || echo "$most")"
check_not "TasksMax: the limit was met" "max 0" "$(grep '^max ' "$cgroup/pids.events" 2>/dev/null || echo max 0)"
kill "$login"
wait "$login" 2>/dev/null
loginctl terminate-session "$session" 2>/dev/null
check_true "the end of the session ends the sandbox" wait_for 20 eval '! pgrep -u bob -f "sleep 400[56]"'
check_true "no cgroup of a sandbox is left" wait_for 20 no_sandbox_cgroup
check_true "no entry in /run/sandbox-run is left" wait_for 20 no_registry_entry
finish
