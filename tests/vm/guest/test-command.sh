#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# sandbox-run by bob, an ordinary user in a session of logind, with the set-uid helper on cgroup v2.
. ./lib.sh

cat >/home/bob/commands <<'END'
allocate='head -c 220M /dev/zero | tail -c 200M >/dev/null; exit 0'
sandbox-run -q -- sh -c 'exit 7'; echo "exit $?"
sandbox-run -q -- sh -c 'kill -TERM $$'; echo "signal $?"
echo "uid_map" $(sandbox-run -q -- cat /proc/self/uid_map)
echo "cgroup" $(sandbox-run -q -- cat /proc/self/cgroup)
sandbox-run -q -- sh -c "$allocate"; echo "unlimited $?"
sandbox-run -q -s MemoryMax=64M --status status -- sh -c "$allocate"; echo "limited $?"
END
output=$(remote bob 'bash ./commands 2>&1')
fact() { echo "$output" | sed -n "s/^$1 //p"; }
echo "$output" | grep '^sandbox-run:' | sed 's/^/# /'

check "exit 7 is 7" "7" "$(fact exit)"
check "a signal is 128 and its number" "143" "$(fact signal)"
check "uid_map is exactly the own id" "$(id -u bob) $(id -u bob) 1" "$(fact uid_map)"
check "the cgroup namespace begins at the sandbox" "0::/" "$(fact cgroup)"
check "twin: without the limit 200M can be allocated" "0" "$(fact unlimited)"
check "MemoryMax=64M and a child of the shell allocating 200M: 137" "137" "$(fact limited)"
check_match "MemoryMax: reason oom" '*"reason":"oom"*' "$(cat /home/bob/status 2>&1)"

# Limits above none need a root that may raise them, which containers rarely have.
mkdir -p /etc/sandbox-run/policy.d
printf '[profile realtime]\nInherit=default\nRestrictRealtime=no\n[run]\nProfiles=realtime\n' >/etc/sandbox-run/policy.d/realtime.conf
raised() {
	(cd /home/bob && prlimit --nice=40 --rtprio=50 setpriv --reuid=bob --regid=bob --init-groups \
		env -i PATH=/usr/bin:/bin sandbox-run -q "$@" 2>&1)
}
check "LimitNICE=0: the nice value cannot be lowered" 0 "$(raised -s LimitNICE=0 -- nice -n -5 nice | tail -n 1)"
check "twin: LimitNICE=-10 lets it" -5 "$(raised -s LimitNICE=-10 -- nice -n -5 nice)"
check_match "LimitRTPRIO=0: no real-time scheduling" "*not permitted*" "$(raised -s LimitRTPRIO=0 -- chrt -f 5 echo runs)"
check "twin: LimitRTPRIO=10 lets it" runs "$(raised -s LimitRTPRIO=10 -- chrt -f 5 echo runs)"
check_match "twin: and no higher" "*not permitted*" "$(raised -s LimitRTPRIO=10 -- chrt -f 20 echo runs)"
rm /etc/sandbox-run/policy.d/realtime.conf

# bash waits and tries again where it cannot fork (dash gives up), so its loop is still there while it is looked at.
start_session bob "sandbox-run -s TasksMax=32 -- bash -c '
	sleep 4005 & for i in \$(seq 100); do (sleep 4006 &) & done 2>/dev/null; sleep 4005'"
wait_for 20 pid_of bob sleep 4005
cgroup=$(cgroup_of "$(pid_of bob sleep 4005)")
most=$(most_tasks "$cgroup")
check_match "TasksMax: the command is in a cgroup of its own" "*sandbox-run/*" "$cgroup"
check "TasksMax=32 and a fork loop: never above 32" "yes" "$([ "$most" -gt 8 ] && [ "$most" -le 32 ] && echo yes || echo "$most")"
check_not "TasksMax: the limit was met" "max 0" "$(grep '^max ' "$cgroup/pids.events" 2>/dev/null || echo max 0)"
loginctl terminate-session "$session"
end_session
check_true "terminate-session ends the sandbox" wait_for 20 eval '! pgrep -u bob -f "sleep 400[56]"'
check_true "no cgroup of a sandbox is left" wait_for 20 no_sandbox_cgroup
check_true "no entry in /run/sandbox-run is left" wait_for 20 no_registry_entry
finish
