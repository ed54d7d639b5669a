#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an ordinary user sees from inside `default`, with the set-uid helper and without any privilege; each with the twin
# outside in which the forbidden thing succeeds.
. "$(dirname "$0")/lib.sh"
private_machine "$1" "$0"

run() { as_alice "$helper" run --quiet -- "$@"; }
rootless() { as_alice "$helper" run --quiet --rootless -- "$@"; }

# Both ways in: $1 is the function that runs a command inside, $2 its name.
inside_checks() {
	in=$1 way=$2
	check "$way B9 pid 1 is the sandbox's own" "yes" "$($in sh -c '[ "$(tr -d "\0" </proc/1/comm)" = sandbox-helper ] && echo yes')"
	check "$way A9 no process of the host is visible" "yes" \
		"$($in sh -c 'n=0; for p in /proc/[0-9]*; do n=$((n+1)); done; [ $n -le 4 ] && echo yes')"
	check "$way twin: the host shows many" "yes" \
		"$(as_alice sh -c 'n=0; for p in /proc/[0-9]*; do n=$((n+1)); done; [ $n -gt 10 ] && echo yes')"
	check "$way B16 uid_map is exactly the own id" "3001 3001 1" "$($in sh -c 'read a b c </proc/self/uid_map; echo $a $b $c')"
	check "$way id -un" "alice" "$($in id -un)"
	check "$way B7 /tmp is empty" "" "$($in ls -A /tmp)"
	check "$way B1.8 /dev/shm is empty" "" "$($in ls -A /dev/shm)"
	check "$way B6 /tmp is a tmpfs" "tmpfs" "$($in stat -f -c %T /tmp)"
	check_match "$way B7 writing past TmpSize is ENOSPC" "*No space left*" \
		"$(as_alice "$helper" run --quiet $3 --set TmpSize=1M -- sh -c 'head -c 2M /dev/zero >/tmp/x' 2>&1)"
	check_match "$way B7 inodes past TmpInodes are ENOSPC" "*No space left*" \
		"$(as_alice "$helper" run --quiet $3 --set TmpInodes=20 -- sh -c 'i=0; while [ $i -lt 40 ]; do : >/tmp/$i || exit; i=$((i+1)); done' 2>&1)"
	check "$way C15 /etc is a tmpfs" "tmpfs" "$($in stat -f -c %T /etc)"
	check "$way C15 passwd lists self, root, nobody" "alice nobody root " "$($in sh -c 'cut -d: -f1 /etc/passwd | sort | tr "\n" " "')"
	for path in /usr/x /etc/x /x /proc/sys/kernel/hostname /var/x /dev/x; do
		check_match "$way writing $path fails" "*" "$($in sh -c "echo 1 >$path" 2>&1 >/dev/null)"
		check "$way writing $path gives an error" "no" "$($in sh -c "(echo 1 >$path) 2>/dev/null && echo yes || echo no")"
	done
	check "$way E4 no capability in any of five sets" "0000000000000000 x5" \
		"$($in sh -c 'grep ^Cap /proc/self/status' | awk '{n++; if ($2 != "0000000000000000") bad=1} END {print (bad ? "bad" : "0000000000000000") " x" n}')"
	check "$way NoNewPrivs" "1" "$($in sh -c 'grep NoNewPrivs /proc/self/status | cut -f2')"
	check "$way Seccomp" "2" "$($in sh -c 'grep ^Seccomp: /proc/self/status | cut -f2')"
	check "$way B15 another host name" "sandbox" "$($in uname -n)"
	check "$way B13 lo and nothing else" "lo" "$($in sh -c 'sed -n "s/^ *\([a-z0-9]*\):.*/\1/p" /proc/net/dev | tr "\n" " "' | sed 's/ $//')"
	check_match "$way B13 lo is up" "*Connection refused*" "$($in bash -c 'exec 3<>/dev/tcp/127.0.0.1/9' 2>&1)"
	check "$way another user's home is not there" "no" "$($in sh -c '[ -e /home/bob ] && echo yes || echo no')"
	check "$way twin: outside it is" "yes" "$(as_alice sh -c '[ -e /home/bob ] && echo yes || echo no')"
	check_match "$way B1.7 unshare -U is refused" "*not permitted*" "$($in unshare -U true 2>&1)"
	check "$way twin: unshare -U works outside" "0" "$(as_alice unshare -U true; echo $?)"
	check "$way B2.4 a group used to bar still bars" "no" "$($in sh -c '[ -r /opt/barred-test ] && cat /opt/barred-test >/dev/null 2>&1 && echo yes || echo no')"
	check "$way secrets of the home are hidden" "no" "$($in sh -c 'cat ~/.ssh/id 2>/dev/null && echo yes || echo no')"
	check "$way twin: outside they are not" "key" "$(as_alice cat /home/alice/.ssh/id)"
	check "$way the home is read-only" "no" "$($in sh -c '(echo 1 >~/new) 2>/dev/null && echo yes || echo no')"
	check "$way the caller's directory is writable" "yes" "$($in sh -c 'echo 1 >new && rm new && echo yes')"
	check "$way G9 .git/hooks cannot be written" "no" "$($in sh -c '(echo 1 >.git/hooks/post-checkout) 2>/dev/null && echo yes || echo no')"
	check "$way G9 .git cannot be moved away" "no" "$($in sh -c 'mv .git .git2 2>/dev/null && echo yes || echo no')"
	check "$way G9 the rest of .git can be written" "yes" "$($in sh -c 'echo 1 >.git/index && echo yes')"
	check "$way B5 mounts of inside stay inside" "" "$(grep sandbox-view /proc/self/mountinfo)"
}

mkdir -p /home/alice/work/.git/hooks /home/alice/.ssh
echo key >/home/alice/.ssh/id
: >/home/alice/work/.git/config
chown -R alice:alice /home/alice
chmod 700 /home/alice/.ssh
mount -t tmpfs -o mode=0755 tmpfs /opt
echo barred >/opt/barred-test && chgrp barred /opt/barred-test && chmod 0704 /opt/barred-test
check "twin: the barred group bars outside" "no" "$(as_alice sh -c 'cat /opt/barred-test 2>/dev/null && echo yes || echo no')"
check "twin: without the group it does not" "barred" "$(setpriv --reuid=3001 --regid=3001 --clear-groups cat /opt/barred-test)"

inside_checks run setuid ""
check "setuid B16 all groups by name" "alice project barred students" "$(run id -Gn)"
check "setuid gid_map has every group" "3001 3101 3102 3103 5" "$(run sh -c 'while read i o n; do k=0; while [ $k -lt $n ]; do echo $((i+k)); k=$((k+1)); done; done </proc/self/gid_map' | sort -n | tr '\n' ' ' | sed 's/^5 \(.*\) $/\1 5/')"

# A link that is planted inside must not let the next start make anything on the host. While a sandbox is built the host's
# tree is mounted on the first of these; the other is a link the kernel itself makes.
as_alice mkdir source
for place in /.hidden/directory /proc/self/cwd; do
	as_alice ln -sfn "$place/home/alice/work" link
	as_alice "$helper" run --quiet --set=BindPaths=/home/alice/work/source:/home/alice/work/link/made -- true 2>/dev/null
	check "A6.1 a link to $place for a target makes nothing on the host" "no" \
		"$([ -e /home/alice/work/made ] && echo yes || echo no)"
done
as_alice ln -sfn /home/alice/work link
as_alice mkdir link/made
check "A6.1 twin: outside, such a link leads to the host" "yes" "$([ -e /home/alice/work/made ] && echo yes || echo no)"

# What the kernel counts for the owner of a namespace must not be root's to lose (threats B3.1).
instances='import ctypes, sys
libc = ctypes.CDLL(None)
count = 0
while count < 100000 and libc.inotify_init() >= 0:
    count += 1
print(count, flush=True)
sys.stdin.readline()'
free=$(python3 -c "$instances" </dev/null)
coproc EATER { as_alice "$helper" run --quiet -- /usr/bin/python3 -c "$instances"; }
read -r eaten <&"${EATER[0]}"
check "B3.1 a sandbox that eats all inotify instances leaves root its own" "$free" "$(python3 -c "$instances" </dev/null)"
check "B3.1 and the person those outside" "$free" "$(as_alice /usr/bin/python3 -c "$instances" </dev/null)"
echo >&"${EATER[1]}"
wait "$EATER_PID"
check "B3.1 twin: it did eat them" "$free" "$eaten"

# Links of /etc are the system's, also where they are the person's own: root's.
ln -sf /usr/share/zoneinfo/UTC /etc/localtime
check "root as the person: what is a link in /etc is there" "TZif TZif" \
	"$("$helper" run --quiet -- head -c4 /etc/localtime) $(run head -c4 /etc/localtime)"

inside_checks rootless rootless --rootless
check "rootless groups stay effective and show as nobody" "3001 65534 65534 65534" \
	"$(rootless sh -c 'grep ^Groups: /proc/self/status' | cut -f2 | sed 's/ $//')"
finish
