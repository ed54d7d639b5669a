#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# After 500 runs of every kind of ending the machine is as before: sorted listings, not counts.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/cgroups.sh"
private_machine "$1" "$0"

# What others on the machine do in /tmp and /dev/shm meanwhile is not ours to count.
shared_work=$work
mkdir /run/suite && mount --rbind "$work" /run/suite && mount -t tmpfs -o mode=1777 tmpfs /tmp &&
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm || exit 1
work=/run/suite
private_cgroups
trap 'leave_cgroups; cd /; umount -l /tmp; umount -l "$shared_work" 2>/dev/null; rmdir "$shared_work" 2>/dev/null' EXIT

run() { as_alice "$helper" run --quiet "$@"; }

listing() {
	awk '{ $1 = $2 = ""; print }' /proc/self/mountinfo | sort
	find "$work"/own/* -type d | sort
	find /run /tmp /dev/shm -xdev 2>/dev/null | sort
	ls -i /proc/self/fd | awk '{ print $2 }' | sort
	suite_processes
}
expected=(0 0 0 0 1 127 124 137 125 0)
# ending NUMBER: the kinds take turns; what was said in one that did not end as expected is kept
ending() {
	local kind=$(($1 % 10)) status

	case $kind in
	0 | 1 | 2 | 3) run -- true ;;
	4) run -- false ;;
	5) run -- /no/such ;;
	6) run --set RuntimeMaxSec=10ms -- sleep 9 ;;
	7) run -- sh -c 'sleep 9 & sleep 9 & kill -KILL $$' ;;
	8) run --profile nosuch -- true ;;
	9) run --set MemoryMax=64M --set TasksMax=32 --set CPUQuota=50% -- true ;;
	esac >/dev/null 2>"$work/said"
	status=$?
	echo "$kind $status" >>"$work/endings"
	[ $status = "${expected[$kind]}" ] || sed "s/^/run $1: /" "$work/said" >>"$work/unexpected"
}

: >"$work/before" && : >"$work/after" && : >"$work/members" && : >"$work/endings" && : >"$work/unexpected"
# What stays on purpose: the directory that holds sandboxes, in every hierarchy that some run uses.
count=0
while [ $count -lt 10 ]; do
	ending $count
	count=$((count + 1))
done
listing >"$work/before" 2>&1
: >"$work/endings"
count=0
while [ $count -lt 500 ]; do
	ending $count
	count=$((count + 1))
done
# A kernel thread frees the last of a sandbox a moment after its end.
turn=0
while listing >"$work/after" 2>&1 && ! cmp -s "$work/before" "$work/after" && [ $turn -lt 20 ]; do
	sleep 0.1
	turn=$((turn + 1))
done
check "500 runs ended as they should" "0 0 1 0 2 0 3 0 4 1 5 127 6 124 7 137 8 125 9 0" \
	"$(sort -u "$work/endings" | tr '\n' ' ' | sed 's/ $//')"
cat "$work/unexpected"
check "R4 500 runs leave nothing" "" "$(diff "$work/before" "$work/after")"
mkdir "$work/own/1/sandbox-run" 2>/dev/null
mkdir "$work/own/1/sandbox-run/0123456789ab" /tmp/left && listing >"$work/after" 2>&1
check_match "twin: a leftover cgroup and directory would be seen" "*sandbox-run/0123456789ab*/tmp/left*" "$(diff "$work/before" "$work/after")"
rmdir "$work/own/1/sandbox-run/0123456789ab"
finish
