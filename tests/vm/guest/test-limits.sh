#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# MemoryMax and TasksMax of a confined login under cgroup v2, each with a twin who has no such limit.
. ./lib.sh

# "tail" keeps what it may have to print in its memory.
allocate='head -c 350M /dev/zero | tail -c 340M >/dev/null; echo "survived ${PIPESTATUS[*]}"'
check "twin: bob may allocate more than alice's limit" "survived 0 0" "$(remote bob "$allocate" 2>&1)"
since=$(date '+%F %T')
output=$(remote alice "$allocate" 2>/dev/null)
status=$?
check "MemoryMax: alice's session ends" "" "$output"
check_not "MemoryMax: ssh does not report success" "0" "$status"
check_match "MemoryMax: the kernel names her session's cgroup" "*oom-kill:*session-*.scope/*sandbox-run/*" \
	"$(journalctl -k --since "$since" --no-pager | grep oom-kill:)"
check_all_ended "MemoryMax"
check "MemoryMax: another login is served" "alice" "$(remote alice id -un 2>&1)"

forks='for i in $(seq 100); do sleep 4003 & done 2>/dev/null; '
start_session bob "$forks"'wait'
wait_for 40 eval '[ "$(pgrep -c -u bob -x -f "sleep 4003")" -ge 100 ]'
check "twin: bob may have 100 tasks" "100" "$(pgrep -c -u bob -x -f 'sleep 4003')"
loginctl terminate-session "$session"
wait "$login" 2>/dev/null

start_session alice 'sleep 4004 & for i in $(seq 100); do (sleep 4003 &) & done 2>/dev/null; sleep 4004'
wait_for 20 pid_of alice sleep 4004
limits=$(dirname "$(cgroup_of "$(pid_of alice sleep 4004)")")
most=$(most_tasks "$limits")
check "TasksMax: never above 64" "yes" "$([ "$most" -gt 8 ] && [ "$most" -le 64 ] && echo yes || echo "$most")"
# Before Linux 6.11 a refused fork is counted where it was tried, not where the limit is (cgroup-v2.rst, pids.events).
check "TasksMax: the limit was met" "yes" \
	"$(awk '$1 == "max" && $2 > 0 { met = "yes" } END { print met }' "$limits/pids.events" "$limits/payload/pids.events")"
end_session
check_all_ended "TasksMax"
finish
