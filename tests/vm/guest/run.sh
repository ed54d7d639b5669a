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
	journalctl -b -n 80 -o short-monotonic --no-pager -t sshd -t systemd -t systemd-logind -t sandbox-helper -t sandbox-run \
		-t kernel -p 6 2>/dev/null | cut -c1-220 | sed 's/^/#   /'
fi
exit "$status"
