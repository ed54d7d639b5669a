# SPDX-License-Identifier: LGPL-2.1-or-later
# For system tests: control groups of a suite's own. In its mount namespace a new subtree stands where each hierarchy was, so
# that other sandboxes of the machine are neither seen nor taken for leftovers, and every process of the suite can be listed,
# whoever its parent has become. Sourced after lib.sh; private_cgroups after private_machine.

cgroup_root=/sys/fs/cgroup

# Mount points of the hierarchies, v1 and v2.
cgroup_mounts() {
	awk -v root="$cgroup_root" '($3 == "cgroup" || $3 == "cgroup2") && index($2, root) == 1 { print $2 }' /proc/mounts | sort -u
}

# The hierarchy that lists this suite's processes: v2 where it is there, else v1's freezer.
cgroup_list() {
	local mount

	for mount in "$cgroup_root" "$cgroup_root/unified" "$cgroup_root/freezer"; do
		[ -f "$mount/cgroup.procs" ] && { echo "$mount"; return; }
	done
}

private_cgroups() {
	local mount name=sandbox-test.$$ controllers

	for mount in $(cgroup_mounts); do
		mkdir "$mount/$name" || exit 1
		if [ -f "$mount/cgroup.controllers" ]; then
			controllers=$(sed -e 's/[^ ][^ ]*/+&/g' "$mount/cgroup.controllers")
			[ -z "$controllers" ] || echo "$controllers" >"$mount/cgroup.subtree_control"
		fi
		mount --bind "$mount/$name" "$mount" || exit 1
	done
	cgroup_name=$name
	cgroup_listing=$(cgroup_list)
	[ -n "$cgroup_listing" ] || { echo "skip: no cgroup hierarchy is mounted"; exit 77; }
	# A path from the root of the hierarchy, which the mount no longer shows after this.
	cgroup_home=$(awk -F: -v list="${cgroup_listing##*/}" '(list == "freezer" ? $2 == "freezer" : $2 == "") { print $3 }' /proc/self/cgroup)
	mkdir "$cgroup_listing/self" && echo $$ >"$cgroup_listing/self/cgroup.procs" || exit 1
	trap 'leave_cgroups; cd /; umount -l "$work" 2>/dev/null; rmdir "$work" 2>/dev/null' EXIT
}

# Every process of this suite but its own shell.
suite_processes() {
	find "$cgroup_listing" -name cgroup.procs -exec cat {} + 2>/dev/null | grep -vx "$$" | grep -v '^0$' | sort -n
}

# Sandboxes' cgroups, in every hierarchy.
sandbox_cgroups() {
	find $(cgroup_mounts) -type d -path '*sandbox-run/*' 2>/dev/null | sort
}

