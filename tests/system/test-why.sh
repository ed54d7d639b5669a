#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `sandboxctl policy why` against what happens: paths found by walking the tree inside and the host's, each opened for reading and
# writing and executed inside; the whole table of system calls, each made inside. SEED chooses the paths; it is printed.
. "$(dirname "$0")/lib.sh"
private_machine "$1" "$0"
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
echo "SEED=$seed"
why="/usr/bin/python3 $root/tests/system/why.py"

# --- the machine -----------------------------------------------------------------------------------------------------

mount -t tmpfs -o mode=0755 tmpfs /srv && mount -t tmpfs -o mode=1777 tmpfs /var/tmp || exit 1
cc -std=c11 -D_GNU_SOURCE -O1 -static -o /usr/lib/why_probe "$root/tests/system/why_probe.c" || { echo "skip: cc is not installed"; exit 77; }
cp "$build/sandboxctl" "$libexec/sandboxctl"
program=/usr/bin/true
home=/home/alice

# A tree with every kind of file, as $1.
plant() {
	mkdir -p "$1"/{deep/deeper,frozen/warm,closed/in,secret,bin/good,empty,private} || exit 1
	for file in file deep/file deep/deeper/file frozen/file frozen/warm/file closed/file secret/key private/file; do
		echo content >"$1/$file"
	done
	cp $program "$1/bin/tool"; cp $program "$1/bin/good/tool"; cp $program "$1/deep/tool"; cp $program "$1/unreadable"
	mkfifo "$1/pipe"
	mknod "$1/null" c 1 3; chmod 666 "$1/null"
	ln -s deep/file "$1/relative"; ln -s ../../../../etc/passwd "$1/up"; ln -s "$1/secret" "$1/to-secret"
	ln -s nowhere "$1/dangling"; ln -s loop "$1/loop"; ln -s deep "$1/into"; ln -s /proc/cpuinfo "$1/to-proc"
	ln -s "$1/closed/in" "$1/to-closed"; ln -s /home/bob "$1/to-bob"; ln -s /tmp "$1/to-tmp"
	chown -hR "${2:-alice}:${2:-alice}" "$1"
	chmod 0111 "$1/unreadable"; chmod 0700 "$1/private"; chmod 0444 "$1/deep/file"; chmod 0644 "$1/frozen/warm/file"
}
plant /srv/tree; plant /srv/read-only; plant /srv/roots root; plant $home/tree; plant $home/work/tree
/usr/bin/python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' /srv/tree/socket
for place in /srv/tree /srv/read-only $home/tree; do # a mount in a mount, writable, and one that the host restricts
	mkdir -p $place/nested $place/host-noexec $place/host-read-only
	mount -t tmpfs -o mode=1777 tmpfs $place/nested && plant $place/nested/tree
	mount -t tmpfs -o mode=0755,noexec tmpfs $place/host-noexec && plant $place/host-noexec/tree
	mount -t tmpfs -o mode=0755 tmpfs $place/host-read-only && plant $place/host-read-only/tree
	mount -o remount,ro $place/host-read-only || exit 1
done
# permissions that groups decide: alice is in "project" and in "barred"
for group in project barred students bob; do
	for mode in 0640 0604 0750 0705; do
		cp $program "/srv/roots/$group-$mode"; chgrp $group "/srv/roots/$group-$mode"; chmod $mode "/srv/roots/$group-$mode"
	done
done
mkdir -p /srv/empty $home/.ssh $home/.config/gh $home/work/.git/hooks /srv/hidden /srv/gnupg /etc/why.d /srv/sticky
echo key >$home/.ssh/id; echo hook >$home/work/.git/hooks/post-checkout; echo config >$home/work/.git/config
echo secret >/srv/hidden/id; echo secret >/srv/gnupg/key; echo content >/etc/why.d/file
ln -s /srv/gnupg $home/.gnupg; ln -s /srv/hidden $home/.aws; ln -s /etc $home/.kube
chown -hR alice:alice $home/.ssh $home/.config $home/work/.git $home/.gnupg $home/.aws $home/.kube /srv/hidden /srv/gnupg
chmod 1777 /srv/sticky; ln -s /etc/passwd /srv/sticky/roots
(cd /srv/sticky && setpriv --reuid=3002 --regid=3002 --clear-groups ln -s /etc/passwd bobs && setpriv $alice_ids ln -s /etc/passwd alices)

cat >/etc/sandbox-run/policy.conf <<-END
	[profile nested]
	Inherit=base
	Home=host
	BindPaths=/srv/tree /srv/tree/deep:/data /srv/tree/file:/data.file /srv/hidden:$home/made/here /srv/sticky
	BindReadOnlyPaths=/srv/read-only -/not/there
	TemporaryFileSystem=/srv/empty $home/tree/empty
	ReadOnlyPaths=/srv/tree/frozen %h/tree/frozen -%h/tree/not-there
	ReadWritePaths=/srv/tree/frozen/warm
	NoExecPaths=%h/tree/bin /srv/tree/nested/tree/bin
	ExecPaths=%h/tree/bin/good
	InaccessiblePaths=/srv/tree/closed /etc/os-release %h/tree/closed /srv/tree/nested/tree/file
	SecretPaths=-%h/.ssh -%h/tree/to-secret -/srv/read-only/secret -%h/.gnupg -%h/.kube
	EtcFiles=why.d/
	[profile open]
	Inherit=base
	ProtectSystem=full
	ProtectHome=no
	PrivateTmp=no
	PrivateDevices=no
	ProtectKernelLogs=no
	Etc=host
	Home=read-only
	SecretPaths=/srv/tree/secret -%h/.ssh
	NoExecPaths=/usr/games /srv/tree
	[profile quiet]
	Inherit=base
	Home=tmpfs
	CallerDirectory=hidden
	ProcSubset=pid
	Landlock=off
	PrivateNetwork=yes
	BindPaths=%h/tree
	[profile errno]
	Inherit=default
	SystemCallErrorNumber=EUCLEAN
	MemoryDenyWriteExecute=yes
	[profile kill]
	Inherit=base
	SystemCallFilter=~@mount ~@timer ~@sync
	SystemCallErrorNumber=kill
	RestrictAddressFamilies=~AF_INET6 ~AF_NETLINK
	RestrictNamespaces=~user net
	[run]
	Profiles=default nested open quiet errno kill ci
END

# --- paths -----------------------------------------------------------------------------------------------------------

# Of the tree inside; of /proc what is no process's and no network's, since those come and go.
walk='find / \( -path "/proc/[0-9]*" -o -path "/proc/*self" -o -path /proc/sys/net \) -prune -o -print 2>/dev/null'
find_host() { find "$@" -xdev 2>/dev/null; }
{ find_host /srv /home /etc/why.d; } >"$work/planted"
{ find_host /root /boot /etc /run /opt /var/log /var/lib/dpkg /lost+found; find_host /sys -maxdepth 3; find_host /dev; } >"$work/host"
printf '%s\n' / /. /.. /usr/ /usr/bin/../lib /bin/sh /tmp/x /nothing /nothing/at/all /usr/bin/sh/below /etc/passwd/ /proc/1 /proc/self/status \
	/dev/stdin /dev/console /run/user /home/bob/file $home/work/tree/into/../file $home/work/tree/to-bob/file \
	/data/deeper/file /data /data.file /srv/sticky/bobs /srv/sticky/roots /srv/sticky/alices >"$work/named"

# compare_paths NAME PERSON [OPTION...]: PERSON is a function
compare_paths() {
	local name=$1 person=$2 last compared depend

	shift 2
	"$person" "$helper" run --quiet "$@" -- sh -c "$walk" >"$work/inside"
	grep -vE '^/(usr|var|proc|dev|tmp)/' "$work/inside" >"$work/inside.own"
	grep -E '^/(proc|dev)/' "$work/inside" >"$work/inside.kernel"
	grep -E '^/(usr|var)/' "$work/inside" >"$work/inside.system"
	$why choose "$seed" 400 "$work"/inside.{own,kernel,system} "$work/planted" "$work/host" "$work/named" >"$work/paths"
	mapfile -t paths <"$work/paths"
	"$person" "$helper" policy why --json "$@" "${paths[@]}" >"$work/answers" 2>"$work/errors"
	[ $? -le 1 ] || not_ok "$name: $(cat "$work/errors")"
	"$person" "$helper" run --quiet "$@" -- /usr/lib/why_probe paths <"$work/paths" >"$work/seen"
	$why paths "$work/answers" "$work/seen" >"$work/report"
	last=$(tail -n 1 "$work/report")
	head -n -1 "$work/report" | head -n 40
	check_match "$name: every answer is what happens ($last)" "*, 0 differ" "$last"
	read -r compared _ depend _ <<<"$last"
	check "$name: at least 300 paths" yes "$([ "$compared" -ge 300 ] && echo yes || echo "$compared")"
	check "$name: few answers depend" yes "$([ "$depend" -le 20 ] && echo yes || echo "$depend")"
}

as_root() { (cd /srv/roots && exec env -i PATH=/usr/bin:/bin TERM=dumb "$@"); }

compare_paths default as_alice
compare_paths nested as_alice --profile nested
compare_paths open as_alice --profile open
compare_paths quiet as_alice --profile quiet
compare_paths rootless as_alice --rootless --profile nested
compare_paths root as_root

# Policies made at random: they bind, restrict and hide parts of the trees, through links and in each other. Where the sandbox
# cannot be built, that is the answer too.
cp /etc/sandbox-run/policy.conf "$work/policy"
mapfile -t paths < <(sort -u "$work/planted" "$work/named"; find $home/tree /srv/tree -path '*/tree/deep*')
printf '%s\n' "${paths[@]}" >"$work/paths"
built=0 tries=0
while [ $built -lt 6 ] && [ $tries -lt 60 ]; do
	tries=$((tries + 1))
	$why policy "$((seed + tries))" >/etc/sandbox-run/policy.conf
	as_alice "$helper" policy why --json "${paths[@]}" >"$work/answers" 2>"$work/errors"
	told=$?
	as_alice "$helper" run --quiet -- /usr/lib/why_probe paths <"$work/paths" >"$work/seen" 2>>"$work/errors"
	happened=$?
	if [ $told = 2 ] || [ $happened = 125 ]; then
		[ "$told $happened" = "2 125" ] || not_ok "policy $tries: why ended with $told, run with $happened: $(cat "$work/errors")"
		continue
	fi
	[ $happened = 0 ] || continue # the probe itself is hidden
	built=$((built + 1))
	$why paths "$work/answers" "$work/seen" >"$work/report"
	head -n -1 "$work/report" | head -n 20
	check_match "policy $tries: every answer is what happens" "*, 0 differ" "$(tail -n 1 "$work/report")"
done
check "six policies of $tries gave a sandbox" 6 $built
cp "$work/policy" /etc/sandbox-run/policy.conf

# --- what is said ----------------------------------------------------------------------------------------------------

as_bob() { (cd / && exec env -i PATH=/usr/bin:/bin TERM=dumb setpriv --reuid=3002 --regid=3002 --clear-groups "$@"); }

# says STATUS TEXT PERSON WORD...: all of standard output and error, and the exit status
says() {
	local status=$1 text=$2 person=$3 said

	shift 3
	said=$("$person" "$libexec/sandboxctl" policy why "$@" 2>&1)
	check "$*" "$status $text" "$? $said"
}

says 1 "$home/.ssh: hidden (SecretPaths, compiled-in profile default)" as_alice $home/.ssh
says 1 "$home/.ssh/id: hidden with $home/.ssh (SecretPaths, /etc/sandbox-run/policy.conf:12)" as_alice -p nested $home/.ssh/id
says 0 "/data/deeper/file: the host's /srv/tree/deep/deeper/file (BindPaths, /etc/sandbox-run/policy.conf:4)
  read     yes
  write    yes
  execute  no: the permissions of /data/deeper/file do not let alice" as_alice -p nested /data/deeper/file
says 0 "/bin/sh: the host's, as /usr/bin/dash (ProtectSystem, compiled-in profile base)
  read     yes
  write    no: read-only (ProtectSystem, compiled-in profile base)
  execute  yes" as_alice /bin/sh
says 1 "/home/bob: not there: /home holds what the sandbox puts in it (ProtectHome, compiled-in profile base)" as_alice /home/bob
says 1 "mount: refused with EUCLEAN (SystemCallFilter, compiled-in profile base)" as_alice -p errno mount
says 0 "read: allowed (SystemCallFilter, compiled-in profile base)" as_alice read
says 0 "Nice=7
  set      --set
  profile  ci, inherits base
  change   you may raise it (class higher)" as_alice -p ci -s Nice=7 Nice
says 2 "sandboxctl: --set: error: SystemCallFilter: a caller may only take away from it
hint: the profile \"default\" has SystemCallFilter from (built in):30" as_alice -s SystemCallFilter=@mount mount
says 2 'sandboxctl: "mont" is no path, key or system call
hint: did you mean mount?' as_alice mont
printf '[user alice]\nProfile=shell\nServices=sshd\n' >>/etc/sandbox-run/policy.conf
says 1 "not confined" as_root -u bob /home/bob
says 2 "sandboxctl: only root may ask about paths for another person" as_bob -u alice /home/alice
says 1 "mount: refused with EPERM (SystemCallFilter, compiled-in profile base)" as_bob -u alice mount
says 1 "/srv/roots/barred-0604: the host's (ProtectSystem, compiled-in profile base)
  read     no: the permissions of /srv/roots/barred-0604 do not let alice
  write    no: read-only (ProtectSystem, compiled-in profile base)
  execute  no: the permissions of /srv/roots/barred-0604 do not let alice" as_root -u alice /srv/roots/barred-0604
escape=$home/$(printf 'a\033]2;b\302\233')
ln -s "$escape" $home/points && : >"$escape"
check "what would steer a terminal is not printed" "$home/points: the host's, as $home/a\\x1b]2;b\\xc2\\x9b (Home, compiled-in profile shell)" \
	"$(as_root "$helper" policy why --user alice $home/points | head -n 1)"

# --- system calls ----------------------------------------------------------------------------------------------------

mapfile -t calls < <(sed -nE 's/^SYSCALL\(([a-z0-9_]+), [0-9].*/\1/p' "$root/config/syscalls.def")
check "the table of system calls was read" yes "$([ ${#calls[@]} -gt 350 ] && echo yes || echo ${#calls[@]})"

# compare_calls PROFILE ERRNO: the errno is one that only the filter gives; -1: it gives none
compare_calls() {
	local last

	as_alice "$helper" policy why --json --profile "$1" "${calls[@]}" >"$work/answers"
	$why calls "$work/answers" >"$work/trials"
	as_alice "$helper" run --quiet --profile "$1" -- /usr/lib/why_probe calls <"$work/trials" >"$work/seen"
	$why compare "$work/answers" "$work/seen" "$2" >"$work/report"
	last=$(tail -n 1 "$work/report")
	head -n -1 "$work/report" | head -n 40
	check_match "calls, $1: every answer is what happens ($last)" "*, 0 differ" "$last"
	check "calls, $1: every call was asked" "${#calls[@]}" "$(wc -l <"$work/answers")"
}

compare_calls errno 117
compare_calls kill -1

finish
