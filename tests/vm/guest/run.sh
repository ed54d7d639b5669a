#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the virtual machine: the test scripts named in ../suites in order, each as a process of its own with a time limit.
# Status 0: all passed.
cd "$(dirname "$0")" || exit 1
status=0
for suite in $(cat ../suites); do
	echo "# $suite ($(cut -d' ' -f1 /proc/uptime) s after boot)"
	timeout --kill-after=5 180 bash "./test-$suite.sh"
	case $? in
	0) ;;
	124 | 137)
		echo "not ok - $suite ended within 180 s"
		status=1
		;;
	*) status=1 ;;
	esac
done
if [ "$status" != 0 ]; then
	echo "# journal, its end:"
	# Of the kernel only what concerns limits, not the tables of an OOM kill.
	journalctl -b -o short-monotonic --no-pager -p 6 2>/dev/null |
		grep -E ' (sshd|\(systemd\)|systemd-logind|sandbox-[a-z]*)\[|oom-kill:|fork rejected' |
		tail -n 80 | cut -c1-300 | sed 's/^/#   /'
fi
exit "$status"
