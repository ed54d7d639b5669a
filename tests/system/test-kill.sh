#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGKILL to the supervisor or to PID 1 at any moment: no payload is ever free of its sandbox, and gc leaves nothing behind.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/cgroups.sh"
private_machine "$1" "$0"
private_cgroups

# Shows that it lives, every two milliseconds, and ends by itself even where nobody ends it.
cat >"$work/heartbeat.c" <<'END'
#include <fcntl.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int file = open(argc > 1 ? argv[1] : "beat", O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (file < 0)
		return 1;
	if (fork() < 0 || fork() < 0)
		return 2;
	for (int i = 0; i < 5000; i++) {
		if (write(file, ".", 1) != 1)
			return 3;
		usleep(2000);
	}
	return 0;
}
END
cc -O2 -o /home/alice/work/heartbeat "$work/heartbeat.c" || { echo "skip: cc is not installed"; exit 77; }
beat=/home/alice/work/beat
moments=$(realpath "$(dirname "$0")/kill_moments.py")

leftovers() {
	sandbox_cgroups
	find /run/sandbox-run -mindepth 1 2>/dev/null
	suite_processes
}

# killed NAME WHO MOMENTS SECONDS ARGUMENTS...
killed() {
	local name=$1 who=$2 count=$3 span=$4 result reached

	# With sanitizers a start takes about twice as long.
	[ ! -e "$libexec/findings" ] || span=$(awk "BEGIN { print 2 * $span }")

	shift 4
	result=$(cd /home/alice/work && python3 "$moments" "$who" "$count" "$span" "$cgroup_own" "$beat" \
		setpriv $alice_ids "$helper" run --quiet "$@" -- ./heartbeat "$beat")
	reached=${result##* reached }
	check "$name: no payload outlives its sandbox" "" "$(printf '%s\n' "$result" | grep -v '^killed ')"
	check_match "$name: every moment was tried" "*killed $count *" "$result"
	# Not all before the payload began, else nothing was shown.
	if [ "${reached:-0}" -ge 5 ]; then ok "$name: the payload had begun in some"; else not_ok "$name: the payload had begun in ${reached:-none}"; fi
	if [ "$who" = init ]; then
		check "$name: nothing is left without gc" "" "$(leftovers)"
	else
		collect_garbage >"$work/collected" 2>&1
		check "$name: gc succeeds" 0 $?
		check "$name: gc leaves nothing" "" "$(leftovers)"
	fi
}

killed "SIGKILL to the supervisor" supervisor 30 0.055
killed "SIGKILL to the supervisor, with limits" supervisor 30 0.055 --set MemoryMax=64M --set TasksMax=32 --set CPUQuota=50%
killed "SIGSTOP, then SIGKILL to the supervisor" stopped 30 0.055
killed "SIGKILL to PID 1" init 30 0.05
# Far closer together around the set-up itself.
killed "SIGKILL to the supervisor, 200 moments" supervisor 200 0.02

# What a supervisor leaves that was killed between making its entry and giving it its name.
mkdir -p /run/sandbox-run/.0123456789ab
collect_garbage >"$work/collected" 2>&1
check "gc: an entry never finished is removed" "" "$(leftovers)"
# While somebody is making one, no fresh hidden entry is taken for dead.
mkdir -p /run/sandbox-run/.0123456789ab
coproc MAKER { exec python3 -c 'import fcntl, os, sys
directory = os.open("/run/sandbox-run", os.O_RDONLY)
fcntl.lockf(directory, fcntl.LOCK_SH)
print("locked", flush=True)
sys.stdin.readline()'; }
read -r answer <&"${MAKER[0]}"
collect_garbage >"$work/collected" 2>&1
check "gc: an entry being made stays" "locked yes" "$answer $([ -d /run/sandbox-run/.0123456789ab ] && echo yes || echo no)"
echo >&"${MAKER[1]}"
wait "$MAKER_PID"
collect_garbage >"$work/collected" 2>&1
check "gc: and is removed once its maker is gone" "" "$(leftovers)"
rmdir /run/sandbox-run/.0123456789ab 2>/dev/null

# gc takes the dead and leaves the living.
(cd /home/alice/work && exec setpriv $alice_ids "$helper" run --quiet -- sleep 2) &
living=$!
sleep 0.3
collect_garbage >"$work/collected" 2>&1
if kill -0 "$living" 2>/dev/null; then ok "gc leaves a living sandbox alone"; else not_ok "gc ended a living sandbox"; fi
wait "$living"
check "gc: the living one ended as it would have" 0 $?

# A registry that knows nothing of a sandbox (another /run over the same cgroups) is no reason to end it.
(cd /home/alice/work && exec setpriv $alice_ids "$helper" run --quiet -- sh -c 'echo >started; sleep 2') &
living=$!
for _ in $(seq 100); do [ ! -e /home/alice/work/started ] || break; sleep 0.02; done
unshare --mount --propagation private sh -c 'mount -t tmpfs -o mode=0755 tmpfs /run && "$1" gc' sh "$helper" >"$work/collected" 2>&1
wait "$living"
check "gc with another registry leaves a living sandbox alone" 0 $?
check "nothing is left" "" "$(leftovers)"
finish
