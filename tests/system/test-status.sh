#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The exit status table, refusals with the payload provably not run, time limits, signals, and that nothing stays behind.
. "$(dirname "$0")/lib.sh"
private_machine "$1" "$0"

run() { as_alice "$helper" run --quiet "$@"; }
status() { "$@" >/dev/null 2>&1; echo $?; }
marker=/home/alice/work/was-here

printf 'echo x\n' >/home/alice/work/text && chmod 644 /home/alice/work/text
printf 'echo x\n' >/home/alice/work/noformat && chmod 755 /home/alice/work/noformat
chown -R alice:alice /home/alice/work
for way in "" --rootless; do
	check "A12 exit 7 ${way}" 7 "$(status run $way -- sh -c 'exit 7')"
	check "A12 TERM ${way}" 143 "$(status run $way -- sh -c 'kill -TERM $$')"
	check "A12 KILL ${way}" 137 "$(status run $way -- sh -c 'kill -KILL $$')"
	check "A1 not found ${way}" 127 "$(status run $way -- /no/such)"
	check "A1 not in PATH ${way}" 127 "$(status run $way -- no-such-command)"
	check "A1 text file without x ${way}" 126 "$(status run $way -- ./text)"
	check "A1.5 no interpreter line ${way}" 126 "$(status run $way -- ./noformat)"
	check "A1.5 a directory ${way}" 126 "$(status run $way -- /usr)"
	check "A1.5 empty command ${way}" 127 "$(status run $way -- '')"
	check "P3 time limit ${way}" 124 "$(status run $way --set RuntimeMaxSec=200ms -- sleep 9)"
	check "P3 time limit, TERM ignored ${way}" 124 \
		"$(status run $way --set RuntimeMaxSec=200ms --set TimeoutStopSec=200ms -- sh -c 'trap "" TERM; sleep 9; sleep 9')"
	check "B3 arguments verbatim ${way}" "[a  b][][\$x
y]" "$(run $way -- printf '[%s]' 'a  b' '' '$x
y')"
	check "timeout ends it ${way}" 124 "$(status timeout 1 setpriv $alice_ids "$helper" run --quiet $way -- sleep 9)"
done

refused() { # NAME MESSAGE-PATTERN ARGUMENTS...: 125, the message, and the payload not run
	name=$1 pattern=$2
	shift 2
	rm -f "$marker"
	message=$(as_alice "$helper" run "$@" -- sh -c ": >$marker" 2>&1 >/dev/null)
	check "$name is 125" 125 $?
	check_match "$name says why" "$pattern" "$message"
	if [ -e "$marker" ]; then not_ok "$name: the payload ran"; else ok "$name: the payload did not run"; fi
}
run -- sh -c ": >$marker"
if [ -e "$marker" ]; then ok "twin: the marker appears when it runs"; else not_ok "twin: no marker"; fi
refused "unknown profile" "*nosuch*" --profile nosuch
refused "unknown key" "*NoSuchKey*" --set NoSuchKey=1
refused "refused widening" "*ProtectSystem*" --set ProtectSystem=no
refused "key of class root" "*MemoryMin*" --set MemoryMin=1M
refused "policy option with unknown file" "*nosuch.conf*" --policy /home/alice/nosuch.conf
printf '[profile x\n' >/etc/sandbox-run/policy.conf
refused "broken policy" "*policy.conf:1*"
printf '[profile default]\nNoSuch=1\n' >/etc/sandbox-run/policy.conf
refused "unknown key in policy" "*policy.conf:2*NoSuch*"
printf '[profile default]\nUMask=022\n' >/etc/sandbox-run/policy.conf
chmod 666 /etc/sandbox-run/policy.conf
refused "untrusted policy file" "*policy.conf*"
rm /etc/sandbox-run/policy.conf
check "bad option is 125" 125 "$(status as_alice "$helper" run --nosuch -- true)"
check "no verb is 125" 125 "$(status as_alice "$helper")"

# Root for another person: whom the supervisor has to end is not its own.
as_other() { "$helper" run --quiet --user=alice "$@"; }
statuses=
for _ in $(seq 40); do statuses+="$(status as_other -- sh -c 'exit 7') "; done
check "--user: 40 times the command's own status" "7 " "$(printf '%s\n' $statuses | sort -u | tr '\n' ' ')"
check "--user: the time limit ends what ignores SIGTERM" 124 \
	"$(status as_other --set=RuntimeMaxSec=200ms --set=TimeoutStopSec=200ms -- sh -c 'trap "" TERM; sleep 5; sleep 5')"
check "--user is root's" 125 "$(status as_alice "$helper" run --user=bob -- true)"

listing() {
	sort /proc/self/mountinfo | awk '{$1=$2=""; print}'
	find /sys/fs/cgroup -type d -path '*sandbox-run/*' 2>/dev/null | sort
	find /run /tmp /dev/shm 2>/dev/null | sort
	pgrep -x sandbox-helper
}
: >"$work/before" && : >"$work/after"
listing >"$work/before" 2>&1
count=0
while [ $count -lt 100 ]; do
	run -- true || not_ok "run $count failed"
	count=$((count + 1))
done
listing >"$work/after" 2>&1
check "R4 nothing stays behind after 100 runs" "" "$(diff "$work/before" "$work/after")"
finish
