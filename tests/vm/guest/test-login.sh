#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A confined login over ssh, as seen from inside, from logind and from the cgroup file system; twins for people not confined.
. ./lib.sh

uid=$(id -u alice)
touch /tmp/vm-tests-of-the-host
everything='
	echo "name $(id -un)"
	echo "students $(id -Gn | grep -cw students)"
	read inside outside length </proc/self/uid_map; echo "uid_map $inside $outside $length"
	awk "/^NoNewPrivs|^Seccomp:/ { print \$1, \$2 }" /proc/self/status
	awk "/^Cap/ && \$2 !~ /^0*\$/ { held++ } END { print \"caps\", held + 0 }" /proc/self/status
	few=0; for process in /proc/[0-9]*; do few=$((few + 1)); done; [ $few -le 12 ] && echo "processes few" || echo "processes many"
	[ -e /tmp/vm-tests-of-the-host ] && echo "tmp host" || echo "tmp private"
	[ -e /run/dbus/system_bus_socket ] && echo "bus seen" || echo "bus hidden"
	[ -e /run/user/$(id -u) ] && echo "runtime seen" || echo "runtime hidden"
	grep -q "^bob:" /etc/passwd && echo "bob seen" || echo "bob hidden"
'
started=$(date +%s%N)
inside=$(remote alice "$everything" 2>&1)
echo "# confined login: $((($(date +%s%N) - started) / 1000000)) ms"
fact() { echo "$inside" | sed -n "s/^$1:* //p"; }

check "alice: name" "alice" "$(fact name)"
check "alice: her groups by name" "1" "$(fact students)"
check "alice: uid_map is exactly the own id" "$uid $uid 1" "$(fact uid_map)"
check "alice: NoNewPrivs" "1" "$(fact NoNewPrivs)"
check "alice: Seccomp" "2" "$(fact Seccomp)"
check "alice: no capability in any set" "0" "$(fact caps)"
check "alice: no process of the host" "few" "$(fact processes)"
check "alice: /tmp is private" "private" "$(fact tmp)"
check "alice: the system bus is not visible" "hidden" "$(fact bus)"
check "alice: /run/user is not visible" "hidden" "$(fact runtime)"
check "alice: other people are not listed" "hidden" "$(fact bob)"
check "alice: exact quoting, exact status, nothing else on stdout" $'a  b\nc\n9' \
	"$(remote alice 'echo "a  b" && echo c; exit 9' 2>/dev/null; echo $?)"
check "alice: a sandbox in the sandbox is refused" "125" "$(remote alice 'sandbox-run -q -- true; echo $?' 2>/dev/null)"

for person in bob carol root; do
	inside=$(remote "$person" "$everything" 2>&1)
	check "$person is not confined: uid_map" "0 0 4294967295" "$(fact uid_map)"
	check "$person is not confined: NoNewPrivs" "0" "$(fact NoNewPrivs)"
	check "$person is not confined: processes" "many" "$(fact processes)"
	check "$person is not confined: /tmp" "host" "$(fact tmp)"
	check "$person is not confined: the system bus" "seen" "$(fact bus)"
done

start_session alice "sleep 4002"
check_not "loginctl lists alice's session" "" "$session"
check "the session is alice's and active" "alice active" \
	"$(loginctl show-session "$session" -p Name -p State --value 2>&1 | tr '\n' ' ' | sed 's/ $//')"
check "the session's scope is active" "active" "$(systemctl is-active "session-$session.scope" 2>&1)"
check "the scope is delegated" "Delegate=yes" "$(systemctl show "session-$session.scope" -p Delegate)"
check_match "loginctl shows the session's processes" "*sleep 4002*" "$(loginctl session-status "$session" --full 2>&1)"
check "alice has no user manager" "inactive" "$(systemctl is-active "user@$uid.service" | sed 's/failed/inactive/')"
wait_for 20 pid_of alice sleep 4002
payload=$(cgroup_of "$(pid_of alice sleep 4002)")
check_match "the payload's cgroup is below the session's scope" "*/session-$session.scope/*sandbox-run/*" "$payload"
limits=$(dirname "$payload")
check "MemoryMax is written" "268435456" "$(cat "$limits/memory.max" 2>&1)"
check "TasksMax is written" "64" "$(cat "$limits/pids.max" 2>&1)"
systemctl daemon-reload
systemctl set-property --runtime "user-$uid.slice" CPUWeight=90
check "limits survive daemon-reload and set-property" "268435456 64" \
	"$(cat "$limits/memory.max" "$limits/pids.max" 2>&1 | tr '\n' ' ' | sed 's/ $//')"
end_session
check_all_ended "after the login"
rm -f /tmp/vm-tests-of-the-host
finish
