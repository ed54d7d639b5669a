# SPDX-License-Identifier: LGPL-2.1-or-later
# For the test scripts in the virtual machine: "ok N - name" lines, ssh to people of this machine, bounded waiting. Sourced.
set -u
number=0 failed=0
policy=/etc/sandbox-run/policy.conf

ok() { number=$((number + 1)); echo "ok $number - $*"; }
not_ok() { number=$((number + 1)) failed=$((failed + 1)); echo "not ok $number - $*"; }

# check NAME EXPECTED ACTUAL
check() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: expected [${2//$'\n'/\\n}], got [${3//$'\n'/\\n}]"; fi
}

# check_not NAME FORBIDDEN ACTUAL
check_not() {
	if [ "$2" != "$3" ]; then ok "$1"; else not_ok "$1: got [$3]"; fi
}

# check_match NAME PATTERN(case) ACTUAL
check_match() {
	case $3 in
	$2) ok "$1" ;;
	*) not_ok "$1: expected match of [$2], got [${3//$'\n'/\\n}]" ;;
	esac
}

# check_true NAME COMMAND...
check_true() {
	local name=$1
	shift
	if "$@" >/dev/null 2>&1; then ok "$name"; else not_ok "$name"; fi
}

finish() {
	[ "$failed" = 0 ]
	exit $?
}

# remote PERSON COMMAND: one login over ssh, never longer than a minute.
ssh_command="timeout --kill-after=5 60 ssh -F /root/.ssh/vm_config"
remote() {
	local person=$1
	shift
	$ssh_command "$person@127.0.0.1" "$@" </dev/null
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

session_of() {
	loginctl list-sessions --no-legend | awk -v person="$1" '$3 == person { print $1; exit }'
}

# start_session PERSON COMMAND: a login in the background that says "ready" and then runs COMMAND. Sets login (its ssh) and
# session (logind's number, empty where there is none).
start_session() {
	local person=$1
	: >/run/vm-tests.ready
	# Not by way of remote: $! must be a process that hands a signal on to ssh.
	$ssh_command "$person@127.0.0.1" "echo ready; $2" </dev/null >/run/vm-tests.ready 2>&1 &
	login=$!
	wait_for 30 eval "grep -q ready /run/vm-tests.ready || ! kill -0 $login"
	grep -q ready /run/vm-tests.ready || echo "# $person: $(tr '\n' ' ' </run/vm-tests.ready)"
	session=$(session_of "$person")
}

# end_session: the client goes away.
end_session() {
	kill "$login" 2>/dev/null
	wait "$login" 2>/dev/null
}

# pid_of PERSON WORD...: the first process of the person with exactly this command line.
pid_of() {
	local person=$1
	shift
	pgrep -u "$person" -o -x -f "$*"
}

# cgroup_of PID: its directory in the file system.
cgroup_of() {
	echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup" 2>/dev/null)"
}

# most_tasks CGROUP: the highest of 50 looks at its number of tasks.
most_tasks() {
	local most=0 now look
	for look in $(seq 50); do
		now=$(cat "$1/pids.current" 2>/dev/null || echo 0)
		[ "$now" -le "$most" ] || most=$now
		sleep 0.1
	done
	echo "$most"
}

nobody_left() { ! pgrep -u "$1"; }
no_sandbox_cgroup() { [ -z "$(find /sys/fs/cgroup -path '*/sandbox-run/*' -type d -print -quit)" ]; }
no_session() { [ -z "$(session_of "$1")" ]; }
no_registry_entry() { [ -z "$(ls -A /run/sandbox-run 2>/dev/null)" ]; }

# check_all_ended NAME: nothing of a session of alice is left, within 20 seconds each.
check_all_ended() {
	check_true "$1: no process of alice is left" wait_for 20 nobody_left alice
	check_true "$1: no cgroup below a sandbox-run is left" wait_for 20 no_sandbox_cgroup
	check_true "$1: loginctl lists no session of alice" wait_for 20 no_session alice
	check_true "$1: no entry in /run/sandbox-run is left" wait_for 20 no_registry_entry
}
