# SPDX-License-Identifier: LGPL-2.1-or-later
# For system tests: control groups of a suite's own. In its mount namespace a new subtree stands where each hierarchy was, so
# that other sandboxes of the machine are neither seen nor taken for leftovers, and every process of the suite can be listed,
# whoever its parent has become. Sourced after lib.sh; private_cgroups after private_machine.
#
# Nothing here kills: a list taken from the wrong place would name processes of the host. What is listed and removed is reached
# by paths below $work alone, which do not exist where set-up failed; payloads of tests end by themselves.

# private_cgroups: sets hierarchies (where they are mounted).
private_cgroups() {
	local mount number=0 controllers

	cgroup_name=sandbox-test.$$
	hierarchies=$(awk '($3 == "cgroup" || $3 == "cgroup2") && $2 ~ "^/sys/fs/cgroup" { print $2 }' /proc/mounts | sort -u)
	cgroup_members=
	for mount in $hierarchies; do
		[ -f "$mount/cgroup.controllers" ] && cgroup_members=$mount
	done
	[ -n "$cgroup_members" ] || [ ! -d /sys/fs/cgroup/freezer ] || cgroup_members=/sys/fs/cgroup/freezer
	[ -n "$cgroup_members" ] || { echo "skip: no cgroup hierarchy that lists processes is mounted"; exit 77; }
	trap 'leave_cgroups; cd /; umount -l "$work" 2>/dev/null; rmdir "$work" 2>/dev/null' EXIT
	for mount in $hierarchies; do
		number=$((number + 1))
		mkdir -p "$work/host/$number" "$work/own/$number" || exit 1
		mount --bind "$mount" "$work/host/$number" && mkdir "$work/host/$number/$cgroup_name" &&
			mount --bind "$work/host/$number/$cgroup_name" "$work/own/$number" || exit 1
		if [ -f "$mount/cgroup.controllers" ]; then
			controllers=$(sed -e 's/[^ ][^ ]*/+&/g' "$mount/cgroup.controllers")
			[ -z "$controllers" ] || echo "$controllers" >"$mount/cgroup.subtree_control" || exit 1
		fi
		if [ "$mount" = "$cgroup_members" ]; then
			cgroup_own=$work/own/$number cgroup_host=$work/host/$number
			cgroup_home=$(awk -F: '$2 == "" || $2 == "freezer" { print $1, $3 }' /proc/self/cgroup | sort -n | sed -n '1s/^[0-9]* //p')
			mkdir "$cgroup_own/self" && echo $$ >"$cgroup_own/self/cgroup.procs" || exit 1
		fi
		mount --bind "$work/host/$number/$cgroup_name" "$mount" || exit 1
	done
}

# Every process of this suite but its own shell and those that list.
suite_processes() {
	local file pid

	find "$cgroup_own" -name cgroup.procs 2>/dev/null >"$work/members"
	while read -r file; do
		while read -r pid; do
			[ "$pid" = "$$" ] || [ "$pid" = "$BASHPID" ] || [ "$pid" = 0 ] || echo "$pid"
		done <"$file"
	done <"$work/members" 2>/dev/null
}

# Sandboxes' cgroups, in every hierarchy.
sandbox_cgroups() {
	find "$work"/own/* -type d -path '*sandbox-run/*' 2>/dev/null | sort
}

leave_cgroups() {
	local directory turn

	[ -z "${cgroup_host:-}" ] || echo $$ >"$cgroup_host$cgroup_home/cgroup.procs"
	for directory in "$work"/host/*/"$cgroup_name"; do
		turn=0
		# A process that is ending keeps its cgroup for a moment (cgroups(7)).
		while [ -d "$directory" ] && [ $turn -lt 50 ]; do
			find "$directory" -depth -type d -exec rmdir {} + 2>/dev/null
			[ ! -d "$directory" ] || sleep 0.1
			turn=$((turn + 1))
		done
		[ ! -d "$directory" ] || echo "left behind: $directory"
	done
}

# gc ends what it takes for leftovers: only where every hierarchy that it can see is this suite's own.
collect_garbage() {
	local mount number=0

	for mount in $hierarchies; do
		number=$((number + 1))
		[ "$(stat -c %d:%i "$mount")" = "$(stat -c %d:%i "$work/host/$number/$cgroup_name")" ] || { echo "not our own: $mount"; exit 1; }
	done
	"$helper" gc
}
