#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What each enforced key of config/keys.def does, seen from inside, next to the same probe with the key at its opposite (or
# outside, where the opposite does not exist); a value that is not possible is refused and the payload not run. The limits of
# control groups are tested in test-limits.sh.
. "$(dirname "$0")/lib.sh"
private_machine "$1" "$0"
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1

# --- the machine -----------------------------------------------------------------------------------------------------

mount -t tmpfs -o mode=0755 tmpfs /srv && mount -t tmpfs -o mode=1777 tmpfs /var/tmp || exit 1
work_directory=/home/alice/work
mkdir -p /srv/a/nested /srv/hidden "$work_directory"/{keep/nested,bin/deep} /usr/lib/keys /home/alice/.config
mount -t tmpfs -o mode=1777 tmpfs /srv/a/nested && mount -t tmpfs tmpfs "$work_directory/keep/nested" || exit 1
cc -std=c11 -D_GNU_SOURCE -O1 -o /usr/lib/keys/probe "$root/tests/system/probe.c" || { echo "skip: cc is not installed"; exit 77; }
cp /usr/bin/true "$work_directory/bin/true" && cp /usr/bin/true "$work_directory/bin/deep/true" || exit 1
mkdir -p /etc/keys.d/below /etc/keys.files
for file in /etc/keys.d/below/file /etc/keys.files/file /srv/a/file /srv/hidden/id /etc/keys-file /var/tmp/file; do echo content >"$file"; done
ln -s /srv/hidden /home/alice/.ssh
mkdir -m 0777 /home/bob/open && mkdir -p /run/user
chmod 0711 /home/bob
chown -R alice:alice /home/alice /srv/a /srv/hidden /usr/lib/keys /etc/keys-file
queue=$(as_alice ipcmk -Q | sed 's/.*: //')
shared=/dev/shm/sandbox-test.$$
as_alice sh -c ": >$shared"
# not by as_alice: it is the process itself that is known and ended
setpriv $alice_ids sleep 300 &
sleeper=$!
setpriv $alice_ids /usr/bin/python3 -c '
import signal, socket, sys
tcp = socket.create_server(("127.0.0.1", 0))
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\0sandbox-test-" + sys.argv[1])
abstract.listen(9)
print(tcp.getsockname()[1], flush=True)
signal.pause()' $$ >"$work/port" &
listener=$!
while ! [ -s "$work/port" ] && kill -0 $listener; do sleep 0.02; done
read -r port <"$work/port"
trap 'kill $sleeper $listener 2>/dev/null; ipcrm -q "$queue"; rm -f "$shared"; cd /; umount -l "$work"; rmdir "$work"' EXIT

# --- the table's verbs -----------------------------------------------------------------------------------------------

also=               # further lines of the policy, in both of a row's runs
before=()           # a command that the caller puts before the sandbox
person=as_alice     # or as_root
input=/dev/null
after=              # what to look at outside once it has ended; printed after what the probe printed
words='exec 2>/dev/null
can() { if (eval "$1") >/dev/null; then echo can; else echo cannot; fi; }
probe=/usr/lib/keys/probe'

# alice, from a session that is real-time already, and from one that may lower nice values and become real-time
as_realtime() { (chrt -f -p 1 $BASHPID && as_alice "$@"); }
as_privileged() { (ulimit -e 40 && ulimit -r 50 && as_alice "$@"); }
as_root() { env -i PATH=/usr/bin:/bin:/usr/sbin TERM=dumb "$@"; }

cannot_show=() # keys that this machine cannot show, each skipped with its reason
cannot() { skip "$1: $2"; cannot_show+=("$1"); }
declare -A effects=() twins=() refusals=() # checks by key

# policy LINES: the profile that holds for every command
policy() { printf '[profile x]\nInherit=default\n%s\n[run]\nProfiles=x\n' "$1" >/etc/sandbox-run/policy.conf; }

# look PROBE COMMAND...: what the probe prints, as one line; where it prints nothing, the status
look() {
	local probe=$1 said status

	shift
	said=$("$person" "${before[@]}" "$@" sh -c "$words
$probe" 2>&1 <"$input")
	status=$?
	said=$(echo $said ${after:+$($after)})
	echo "${said:-status $status}"
}
inside() { look "$1" "$helper" run --quiet --; }
outside() { look "$1"; }

# effect KEY VALUE EXPECTED OPPOSITE EXPECTED PROBE; the opposite may be "unset" (no such line) or "outside"
effect() {
	local key=$1 probe=$6

	effects[$key]=$((${effects[$key]:-0} + 1)) twins[$key]=$((${twins[$key]:-0} + 1))
	policy "$key=$2
$also"
	check "$key=$2: $probe" "$3" "$(inside "$probe")"
	case $4 in
	outside)
		check "$key twin, outside: $probe" "$5" "$(outside "$probe")"
		return ;;
	unset) policy "$also" ;;
	*) policy "$key=$4
$also" ;;
	esac
	check "$key twin, $4: $probe" "$5" "$(inside "$probe")"
}

# refused_with TEXT KEY VALUE...: 125, a message that holds the text, and nothing run
refused_with() {
	local text=$1 key=$2 value said status

	shift 2
	for value; do
		refusals[$key]=$((${refusals[$key]:-0} + 1))
		policy "$key=$value
$also"
		rm -f "$work_directory/ran"
		said=$("$person" "${before[@]}" "$helper" run --quiet -- sh -c ": >$work_directory/ran" 2>&1)
		status=$?
		[[ $said == *"$text"* ]] && said=told
		[ ! -e "$work_directory/ran" ] || said="the payload ran"
		check "$key=$value is refused" "125 told" "$status $said"
	done
}

# refused KEY VALUE...: with a message that names the key
refused() { refused_with "$1: " "$@"; }

# --- namespaces and ids ----------------------------------------------------------------------------------------------

effect IDMap own "3001 3001 1" outside "0 0 4294967295" 'read a b c </proc/self/uid_map; echo $a $b $c'
effect PrivatePIDs yes cannot outside can "can 'kill -0 $sleeper'"
effect PrivatePIDs yes sandbox-helper outside "$(cat /proc/1/comm)" 'cat /proc/1/comm'
refused_with "not supported" PrivatePIDs no
effect PrivateIPC yes cannot no can "can 'ipcs -q | grep $queue'"
also=PrivateDevices=no
effect PrivateIPC yes "cannot can" no "can can" "can '[ -e $shared ]'; can 'echo 1 >/dev/shm/sandbox-test.own && rm /dev/shm/sandbox-test.own'"
also=
effect PrivateNetwork yes cannot no can "can 'bash -c \"exec 3<>/dev/tcp/127.0.0.1/$port\"'"
system=/home/system # another system: its own /usr, /etc and /opt
mkdir -p $system/{usr/bin,etc,opt/own,var/log,var/tmp} && cp /usr/bin/dash $system/usr/bin/sh && ln -s usr/bin $system/bin &&
	ldd /usr/bin/dash | grep -o '/[^ ]*' | xargs cp -L --parents -t $system || exit 1
echo own >$system/etc/profile && ln -s /etc/profile $system/etc/services && ln -s /home/alice/file $system/etc/protocols
# a network of its own, so that an address that is not loopback can be reached; nothing leaves this machine
if [ -c /dev/net/tun ] && [ -x /usr/bin/slirp4netns ]; then
	mknod -m 0666 "$work/tun" c 10 200 && mount --bind "$work/tun" /dev/net/tun || exit 1
	unshare --net sleep 300 &
	network=$!
	while [ "$(readlink /proc/$network/ns/net)" = "$(readlink /proc/self/ns/net)" ] && kill -0 $network; do sleep 0.02; done
	in_network() { (cd "$work_directory" && exec nsenter --net=/proc/$network/ns/net env -i PATH=/usr/bin:/bin:/usr/sbin TERM=dumb setpriv $alice_ids "$@"); }
	nsenter --net=/proc/$network/ns/net sh -c 'ip link set lo up && ip address add 198.51.100.1/32 dev lo' || exit 1
	nsenter --net=/proc/$network/ns/net /usr/bin/python3 -c '
import select, socket
servers = [socket.create_server((address, 4711)) for address in ("198.51.100.1", "127.0.0.1")]
def receiver(address, port):
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind((address, port))
    return receiver
names = receiver("198.51.100.1", 53)
loopback = receiver("127.0.0.1", 4712)
print("up", flush=True)
said = b"answer"
while True:
    for ready in select.select([names, loopback], [], [])[0]:
        if ready is loopback:
            said = ready.recv(99)
        else:
            ready.sendto(said, ready.recvfrom(99)[1])' >"$work/up" &
	server=$!
	while ! [ -s "$work/up" ] && kill -0 $server; do sleep 0.02; done
	echo "nameserver 198.51.100.1" >/etc/resolv.conf
	person=in_network
	connect() { echo "can 'timeout 5 bash -c \"exec 3<>/dev/tcp/$1/4711\"'"; }
	effect PrivateNetwork outbound "can cannot" yes "cannot cannot" "$(connect 198.51.100.1); $(connect 127.0.0.1)"
	ask='python3 -c "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5); s.sendto(bytes(9), (\"10.0.2.3\", 53)); print(s.recv(99).decode())" 2>/dev/null || echo none'
	effect PrivateNetwork outbound answer outside none "$ask"
	past='python3 -c "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(1, 25, b\"tap0\"); s.sendto(b\"past\", (\"127.0.0.1\", 4712)); __import__(\"time\").sleep(0.5)" 2>/dev/null;'
	effect PrivateNetwork outbound answer outside none "$past $ask" # past the loopback's routes
	also=BindPaths=/usr/bin/true:/usr/bin/slirp4netns # whose rights would be the caller's then
	effect PrivateNetwork outbound can yes cannot "$(connect 198.51.100.1)"
	also=IDMap=root # CAP_NET_ADMIN and CAP_SYS_ADMIN, not what id 0 gains
	effect PrivateNetwork outbound 0000000000201000 outside 0000000000000000 \
		'sed -n "s/^CapPrm:.//p" /proc/$(pidof slirp4netns || echo $$)/status'
	also=
	effect PrivateNetwork outbound "cannot nameserver 10.0.2.3" no "cannot" "$(connect 10.0.2.2); cat /etc/resolv.conf 2>/dev/null | grep 10.0.2 || :"
	effect PrivateNetwork outbound "cannot cannot cannot" outside "can can can" \
		'translator=/proc/$(pidof slirp4netns || echo $$); can "cat $translator/environ"; can "ls $translator/root/etc"; can "grep \" /home \" $translator/mounts"'
	kill $network $server
	umount /dev/net/tun
	person=as_alice also="RootDirectory=$system"
	refused_with "not together with RootDirectory=" PrivateNetwork outbound
	also=
	refused_with "did not bring the network up" PrivateNetwork outbound
else
	cannot PrivateNetwork "outbound: /dev/net/tun or slirp4netns is not there"
fi
effect ProtectHostname yes sandbox no "$(uname -n)" 'uname -n'
effect Hostname seven seven %u-eight alice-eight 'uname -n'
effect ProtectControlGroups yes 0 no 1 'grep -c /sandbox-run/ /proc/self/cgroup | sed "s/[1-9].*/1/"'
clock='clock() { python3 -c "import time; print(round((time.clock_gettime(time.CLOCK_$1) - '$(cut -d. -f1 /proc/uptime)') / 10000))"; }; clock'
effect BootTimeOffset 100000s "10 0" unset "0 0" "$clock BOOTTIME; clock MONOTONIC"
effect MonotonicTimeOffset 100000s500ms "0 10" unset "0 0" "$clock BOOTTIME; clock MONOTONIC"
effect RestrictNamespaces yes cannot no can "can 'unshare -U true'"
effect RestrictNamespaces '~user' cannot '~net' can "can 'unshare -U true'"
effect RestrictNamespaces '~net' cannot '~uts' can "can 'unshare -Un true'"
effect IDMap root "0 0 root" own "3001 3001 alice" 'id -u; id -g; id -nu'
effect IDMap root "0 3001" own "3001 3001" ": >f; stat -c %u f; rm f; awk '{print \$2}' /proc/self/uid_map"
effect IDMap root project own project 'id -nG | tr " " "\n" | grep project'
policy IDMap=root
inside ': >f' >/dev/null
check "IDMap=root: a file made inside is the caller's own" 3001 "$(stat -c %u $work_directory/f)"
rm -f $work_directory/f
refused_with "no subordinate ids" IDMap subid
printf 'alice:%s:1000\n' 200000 >>/etc/subuid && printf '3001:%s:1000\n' 300000 >>/etc/subgid
effect IDMap subid "200000 300000 project" own "3001 5 project" \
	'awk "END {print \$2}" /proc/self/uid_map; sort -n /proc/self/gid_map | awk "\$1 == 1 || \$1 == 5 {print \$2; exit}"; id -nG | tr " " "\n" | grep project'
install -d -g barred -m 0705 /srv/barred # for all but that group
effect RemoveGroups barred "can 3001 3101 3103" unset "cannot 3001 3101 3102 3103" \
	'can "ls /srv/barred"; id -G | tr " " "\n" | sort'
for key in PrivatePIDs PrivateIPC PrivateNetwork ProtectHostname ProtectControlGroups RestrictNamespaces; do
	refused $key maybe
done
refused IDMap other
refused BootTimeOffset soon
refused_with "set the clocks" MonotonicTimeOffset -9000000000s
refused RemoveGroups alice "a b:c"
refused Hostname "a/b" "$(printf %065d 0)"

# --- files -----------------------------------------------------------------------------------------------------------

write='echo 1 >$d/new && rm $d/new'
effect ProtectSystem strict cannot full can "d=/srv/a; can '$write'"
effect ProtectSystem yes cannot no can "d=/usr/lib/keys; can '$write'"
effect ProtectSystem full cannot no can "d=/usr/lib/keys; can '$write'"
effect ProtectHome yes cannot no can "can 'ls -d /home/bob/open'"
effect ProtectHome yes cannot outside can "can 'ls -d /run/user'"
effect Home read-only cannot host can "d=/home/alice; can '$write'"
effect Home tmpfs "can work" read-only "can .config .ssh file work" "can 'ls ~'; ls -A ~ | sort"
effect Home tmpfs can read-only cannot "can 'echo 1 >~/vanishes'"
check "Home=tmpfs: what was written vanished" no "$([ -e /home/alice/vanishes ] && echo yes || echo no)"
umount "$work_directory/keep/nested"
effect Home overlay "can cannot" read-only "cannot cannot" "d=/home/alice; can 'echo layer >>~/file && grep -q layer ~/file && echo 1 >~/vanishes'; can 'ls ~/.ssh'"
check "Home=overlay: what was written vanished" "no secret of alice" \
	"$([ -e /home/alice/vanishes ] && echo yes || echo no) $(cat /home/alice/file)"
effect Home overlay "can can" unset "cannot can" "can 'echo 1 >~/vanishes'; d=$work_directory; can '$write'"
mount -t tmpfs tmpfs "$work_directory/keep/nested" || exit 1
refused_with "other mounts in it" Home overlay
effect Home /srv/a "can cannot" unset "cannot can" "can 'cat ~/nested/../file | grep content'; can 'cat ~/file | grep alice'"
effect Home '/home/%u/.config' can unset cannot "can 'echo 1 >~/new && rm ~/new'"
rmdir /srv/a/work
mkdir -p /home/alice/.cache/below && echo kept >/home/alice/.cache/file && chown -R alice:alice /home/alice/.cache
effect OverlayPaths "%h/.cache -%h/not" "can can cannot" unset "cannot cannot cannot" \
	"can 'echo 1 >~/.cache/file'; can 'rm -r ~/.cache/below && mv ~/.cache/file ~/.cache/moved'; can 'echo 1 >~/x'"
check "OverlayPaths: nothing below changed" "below file kept" "$(echo $(ls /home/alice/.cache; cat /home/alice/.cache/file))"
refused_with "other mounts in it" OverlayPaths /srv/a
effect CallerDirectory read-only cannot read-write can "d=$work_directory; can '$write'"
for also in Home=tmpfs Home=host; do
	effect CallerDirectory hidden cannot read-only can "can 'ls $work_directory/bin/true'"
done
also=
effect SecretPaths /srv/a "cannot cannot" unset "can can" "can 'cat /srv/a/file'; can 'ls /srv/a'"
effect SecretPaths '-%h/.ssh' "cannot cannot" outside "can can" "can 'cat /home/alice/.ssh/id'; can 'cat /srv/hidden/id'"
also=SecretPaths=/srv/a
effect InaccessiblePaths "/srv/a/file /etc/os-release" "cannot cannot" unset "cannot can" "can 'cat /srv/a/file'; can 'cat /etc/os-release'"
also=
policy $'BindReadOnlyPaths=/srv/a\nSecretPaths=/srv/a'
check "SecretPaths=/srv/a yields to a bind of it" can "$(inside "can 'cat /srv/a/file'")"
effect PrivateTmp yes "cannot cannot" no "can can" "can 'ls $work'; can 'ls /var/tmp/file'"
also=$'Home=tmpfs\nTemporaryFileSystem=/empty\nOverlayPaths=/srv/hidden'
everywhere='for d in /tmp /var/tmp /dev/shm /empty /srv/hidden ~'
effect TmpSize 1M "cannot cannot cannot cannot cannot cannot" 4M "can can can can can can" \
	"$everywhere; do can 'head -c 2M /dev/zero >\$d/x'; done"
effect TmpInodes 20 "cannot cannot cannot cannot cannot cannot" 100 "can can can can can can" \
	"$everywhere; do can 'for i in \$(seq 40); do : >\$d/\$i || exit 1; done'; done"
also=
effect BindPaths /srv/a:/data "can can" unset "cannot cannot" "d=/data; can 'cat /data/file'; can '$write'"
effect BindPaths "/srv/a /srv/hidden:/else" "can can" unset "cannot cannot" "d=/srv/a; can '$write'; d=/else; can '$write'"
effect BindPaths "/srv/a/file:/else -/not/there" can unset cannot "can 'echo content >/else && cat /else'"
effect BindReadOnlyPaths /srv/a:/data "can cannot cannot" unset "cannot cannot cannot" \
	"can 'cat /data/file'; for d in /data /data/nested; do can '$write'; done"
everywhere_safe="awk '\$2 ~ \"^/srv/a\" {n++; if (\$4 !~ /(^|,)ro(,|\$)/ || \$4 !~ /nosuid/ || \$4 !~ /nodev/) bad = 1} END {print (n > 1) bad + 0}' /proc/self/mounts"
effect BindReadOnlyPaths /srv/a 10 outside 01 "$everywhere_safe"
effect TemporaryFileSystem /srv/a "0 can" unset "2 cannot" "ls /srv/a | wc -l; can 'echo 1 >/srv/a/vanishes'"
check "TemporaryFileSystem: what was written vanished" no "$([ -e /srv/a/vanishes ] && echo yes || echo no)"
effect InaccessiblePaths "/srv/a /etc/os-release" "cannot cannot" unset "can can" "can 'ls /srv/a'; can 'cat /etc/os-release'"
also=BindPaths=/srv/a
effect InaccessiblePaths /srv/a cannot unset can "can 'cat /srv/a/file'"
effect ReadOnlyPaths /srv/a "can cannot" unset "can can" "d=/srv/a; can 'cat /srv/a/file'; can '$write'"
effect ReadOnlyPaths /srv/a cannot unset can "d=/srv/a/nested; can '$write'"
also=
effect ReadOnlyPaths $work_directory/keep "cannot cannot can" unset "can can can" \
	"for d in $work_directory/keep $work_directory/keep/nested $work_directory; do can '$write'; done"
effect ReadOnlyPaths /dev "cannot can" unset "can can" "d=/dev/shm; can '$write'; can 'echo >/dev/null'"
also=BindPaths=/srv/a/nested
effect ReadOnlyPaths /srv/a cannot unset can "d=/srv/a/nested; can '$write'"
also="BindPaths=$work_directory/bin/deep"
effect NoExecPaths $work_directory/bin cannot unset can "can $work_directory/bin/deep/true"
also=ReadOnlyPaths=/srv/a
effect ReadWritePaths /srv/a/nested "cannot can" unset "cannot cannot" "for d in /srv/a /srv/a/nested; do can '$write'; done"
also=
effect ReadWritePaths /srv/a "can can" unset "cannot cannot" "for d in /srv/a /srv/a/nested; do can '$write'; done"
effect NoExecPaths $work_directory/bin "cannot cannot" unset "can can" "cd $work_directory/bin; can ./true; can ./deep/true"
also=NoExecPaths=$work_directory/bin
effect ExecPaths $work_directory/bin/deep "cannot can" unset "cannot cannot" "cd $work_directory/bin; can ./true; can ./deep/true"
also=PrivateIPC=no
# its links lead to what is in it
effect RootDirectory $system "own own own cannot" unset none 'cd /opt/own 2>/dev/null && { echo own; while read -r l; do echo $l; done </etc/profile; read -r l </etc/services; echo $l; can "[ -e /etc/protocols ]"; } || echo none'
chown -R alice:alice $system # now links in it are hers, and lead nowhere
effect RootDirectory $system "own cannot" unset "cannot can" '[ -e /opt/own ] && echo own || echo cannot; [ -e /etc/services ] && echo can || echo cannot'
also=$'PrivateIPC=no\nOverlayPaths=/opt'
effect RootDirectory $system own unset none 'cd /opt/own 2>/dev/null && : >written && echo own || echo none'
check "RootDirectory: an overlay leaves it as it was" "" "$(ls $system/opt/own)"
also=PrivateIPC=no
effect PrivateDevices yes "fd full null ptmx pts random stderr stdin stdout tty urandom zero" no "$(echo $(ls /dev))" 'ls /dev'
also=
for device in /dev/net/tun /dev/fuse /dev/autofs /dev/kvm ''; do [ ! -c "$device" ] || break; done
if [ -n "$device" ]; then
	effect DeviceAllow "$device rw" "character special file $(stat -c %t:%T "$device")" unset none "stat -c '%F %t:%T' $device 2>/dev/null || echo none"
else
	cannot DeviceAllow "this machine has none of the devices looked for"
fi
effect DevicePolicy strict "fd mqueue null ptmx pts shm stderr stdin stdout" closed \
	"fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero" 'ls /dev'
also='DeviceAllow=/dev/zero rwm'
effect DevicePolicy strict "can cannot" closed "can can" "can '[ -c /dev/zero ]'; can '[ -c /dev/full ]'"
also=
effect ProtectProc noaccess "can cannot" default "can can" "can '[ -e /proc/1 ]'; can 'cat /proc/1/stat'"
effect ProtectProc invisible cannot default can "can '[ -e /proc/1 ]'"
effect ProtectProc ptraceable cannot default can "can '[ -e /proc/1 ]'"
effect ProcSubset pid "cannot can" all "can can" "can 'cat /proc/meminfo'; can 'cat /proc/self/stat'"
person=as_root
effect ProtectKernelTunables yes cannot no can "read value </proc/sys/vm/swappiness; can 'echo \$value >/proc/sys/vm/swappiness'"
person=as_alice
effect ProtectKernelLogs yes cannot no can "can 'head -c 1 /proc/kallsyms'"
if [ -c /dev/kmsg ]; then
	also=PrivateDevices=no
	effect ProtectKernelLogs yes cannot no can "can '[ -c /dev/kmsg ]'"
else
	cannot ProtectKernelLogs "this machine has no /dev/kmsg"
fi
also=
effect Etc generated "1 0" host "1 1" 'for name in alice bob; do grep -c ^$name: /etc/passwd; done'
effect Etc host "can cannot" outside "can can" "can 'cat /etc/keys-file'; can 'echo 1 >>/etc/keys-file'"
effect EtcFiles "keys-file keys.d keys.files/" "can can can" unset "cannot cannot cannot" \
	"can 'cat /etc/keys-file'; can 'ls /etc/keys.d/below/file'; can 'cat /etc/keys.files/file'"
policy "EtcFiles=passwd"
check "EtcFiles=passwd: the person is listed alone all the same" 0 "$(inside 'grep -c ^bob: /etc/passwd')"

effect EtcUsers bob "/home/bob 3" unset "3" "sed -n 's/^bob:.*:\\(.*\\):.*/\\1/p' /etc/passwd; grep -cv '^bob:' /etc/passwd"
also="BindPaths=/srv/a:/srv/hidden/in"
refused_with "is hidden" SecretPaths /srv/hidden
refused_with "is hidden" InaccessiblePaths /srv/hidden
also=
for key in ProtectHome PrivateTmp PrivateDevices ProtectKernelTunables ProtectKernelLogs; do refused $key maybe; done
for key in ProtectSystem CallerDirectory ProtectProc ProcSubset Etc Home; do refused $key other; done
refused Home /srv/../etc
for key in SecretPaths BindPaths BindReadOnlyPaths TemporaryFileSystem InaccessiblePaths ReadOnlyPaths ReadWritePaths \
	NoExecPaths ExecPaths OverlayPaths; do
	refused $key relative /srv/../etc
	refused_with "made by the sandbox itself" $key / /.hidden/file
done
for key in BindPaths BindReadOnlyPaths ReadWritePaths InaccessiblePaths ReadOnlyPaths NoExecPaths ExecPaths SecretPaths \
	OverlayPaths; do
	refused_with "open /not/there" $key /not/there
done
refused_with "open /dev/null" InaccessiblePaths /dev /dev/null
for key in SecretPaths BindPaths BindReadOnlyPaths TemporaryFileSystem ReadWritePaths OverlayPaths; do
	refused_with "made by the sandbox itself" $key /dev/x
done
refused_with "not enforced by this build" DeviceAllow "/dev/zero r" "char-tty rw" "/dev/zero m"
refused_with "made by the sandbox itself" DeviceAllow /dev/pts/0 /dev/shm/x
refused_with "without . or .." DeviceAllow /dev/../etc/passwd
refused_with "mount /dev/not-there" DeviceAllow /dev/not-there
refused_with "mount /dev/cpu: Not a directory" DeviceAllow /dev/cpu
refused DevicePolicy other
refused DeviceAllow relative
also=PrivateDevices=no
refused_with "only with PrivateDevices=yes" DeviceAllow "/dev/zero rw"
refused_with "only with PrivateDevices=yes" DevicePolicy strict closed
also=
refused TmpSize 0 1X 200%
refused TmpInodes 0 many
refused RootDirectory relative /srv/../etc
refused_with "read /not/there" RootDirectory /not/there
ln -s $system /home/link
refused_with "read /home/link" RootDirectory /home/link
mkdir -p /home/alice/hidden/name && chown 0:0 /home/alice/hidden && chmod 0700 /home/alice/hidden
refused_with "read /home/alice/hidden: Permission denied" RootDirectory %h/hidden
mkdir /home/linked && ln -s /home/alice /home/linked/etc
also=Etc=host
refused_with "open /etc: " RootDirectory /home/linked
also=
refused EtcFiles ../shadow
refused EtcUsers nobody-of-that-name "a b:c"

# --- privilege -------------------------------------------------------------------------------------------------------

effect NoNewPrivileges yes 1 outside 0 'sed -n "s/^NoNewPrivs:\t//p" /proc/self/status'
refused_with "not supported" NoNewPrivileges no
person=as_root
effect CapabilityBoundingSet "" "EPERM 0000000000000000" outside "can $(sed -n 's/^CapBnd:\t//p' /proc/self/status)" \
	'$probe raw-socket; sed -n "s/^CapBnd:\t//p" /proc/self/status'
person=as_alice
sets='for set in Inh Prm Eff Bnd Amb; do sed -n "s/^Cap$set:\t0*\\(.\\)/\\1/p" /proc/self/status; done'
effect CapabilityBoundingSet "CAP_NET_RAW CAP_CHOWN" "0 0 0 2001 0" "" "0 0 0 0 0" "$sets"
also=CapabilityBoundingSet=CAP_NET_RAW
effect AmbientCapabilities CAP_NET_RAW "2000 2000 2000 2000 2000" unset "0 0 0 2000 0" "$sets"
effect AmbientCapabilities CAP_NET_RAW can unset EPERM '$probe raw-socket'
policy $'AmbientCapabilities=CAP_NET_RAW\nCapabilityBoundingSet=CAP_NET_RAW'
check "AmbientCapabilities: PID 1 keeps none" "0 0 0 2000 0" "$(inside "sleep 0.2; ${sets//self/1}")"
refused AmbientCapabilities CAP_CHOWN
also=
refused CapabilityBoundingSet CAP_SYS_ADMIN "CAP_CHOWN CAP_SETGID" "~CAP_CHOWN"
effect SystemCallFilter '~chmod ~fchmodat ~fchmodat2' EPERM unset can '$probe chmod'
effect SystemCallFilter '~@chown' cannot unset can "can 'chown alice .'"
also='SystemCallFilter=~chmod'
effect SystemCallErrorNumber EACCES EACCES EXDEV EXDEV '$probe chmod'
effect SystemCallErrorNumber kill SIGSYS unset EPERM '$probe chmod'
also=
case $(uname -m) in
x86_64)
	if [ "$(outside '$probe i386')" = can ]; then
		effect SystemCallArchitectures native ENOSYS outside can '$probe i386'
	else
		cannot SystemCallArchitectures "this kernel has no i386 system calls"
	fi
	policy "SystemCallArchitectures=native"
	check "SystemCallArchitectures=native: x32" ENOSYS "$(inside '$probe x32')"
	;;
*) cannot SystemCallArchitectures "no program of another architecture for $(uname -m)" ;;
esac
# recorded: whether the kernel's log has a new record of a call that was allowed, by a program that calls itself keys-PID
recorded() {
	local before now tries

	before=$(cat "$work/records")
	for tries in {1..15}; do
		now=$(dmesg | grep -c "type=1326 .*comm=\"keys-$$\".* code=0x7ffc0000")
		[ "$now" = "$before" ] || break
		sleep 0.1
	done
	echo "$now" >"$work/records"
	if [ "$now" -gt "$before" ]; then echo recorded; else echo unrecorded; fi
}
echo 0 >"$work/records"
if dmesg >/dev/null 2>&1 && ! pidof auditd >/dev/null; then
	after=recorded call="printf keys-$$ >/proc/self/comm; can 'kill -0 \$\$'"
	effect SystemCallLog kill "can recorded" unset "can unrecorded" "$call"
	# in this order: the kernel's log takes ten lines in five seconds, and @signal is more (printk_ratelimit in proc(5))
	effect SystemCallLog "kill gettid" "can recorded" "@signal ~kill" "can unrecorded" "$call"
	also='SystemCallFilter=~kill'
	effect SystemCallLog kill "cannot unrecorded" gettid "cannot unrecorded" "$call"
	after='' also=
else
	skip "SystemCallLog: the kernel's log goes elsewhere"
fi
effect RestrictAddressFamilies '~AF_NETLINK' "EAFNOSUPPORT can" unset "can can" '$probe socket 16; $probe socket 2'
effect RestrictAddressFamilies none "EAFNOSUPPORT EAFNOSUPPORT" unset "can can" '$probe socket 1; $probe socket 2'
effect MemoryDenyWriteExecute yes "EPERM EPERM" no "can can" '$probe write-execute; $probe execute-later'
effect LockPersonality yes EPERM no can '$probe personality'
if (chrt -f -p 1 $BASHPID) 2>/dev/null; then
	person=as_realtime
	effect RestrictRealtime yes EPERM no can '$probe realtime'
	also=RestrictRealtime=no
	effect LimitRTTIME 20ms:9s SIGXCPU infinity can '$probe realtime-spin 200'
	also='' person=as_alice
else
	cannot RestrictRealtime "root lacks CAP_SYS_NICE here"
	cannot LimitRTTIME "root lacks CAP_SYS_NICE here"
fi
effect RestrictSUIDSGID yes "cannot cannot cannot" no "can can can" \
	"cd $work_directory; : >f; can 'chmod u+s f'; can 'chmod g+s f'; can 'mkdir -m 2755 m'; rm -rf f m"
also='SystemCallFilter=keyctl' before=(/usr/lib/keys/probe with-key)
effect KeyringMode private ENOKEY inherit can '$probe key'
effect KeyringMode shared ENOKEY inherit can '$probe key'
also='' before=()
landlock=$(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))')
if [ "$landlock" -ge 1 ]; then
	# What mounts alone would allow: a file of the caller's, open for reading, is opened for writing through /proc.
	input=/home/alice/file
	effect Landlock prefer cannot off can "can 'echo 1 >/proc/self/fd/0'"
	effect Landlock require cannot off can "can 'echo 1 >/proc/self/fd/0'"
	input=/dev/null
else
	refused_with "no Landlock" Landlock require
	cannot Landlock "this kernel has none"
fi
if [ "$landlock" -ge 6 ]; then
	also=PrivateNetwork=no
	effect Landlock require EPERM off can "\$probe abstract $$"
	also=
else
	cannot Landlock "this kernel's has no scopes"
fi
if [ "$landlock" -ge 4 ]; then
	also=PrivateNetwork=no
	effect ConnectPorts "$port" can none EACCES "\$probe connect $port"
	effect ConnectPorts "1-$((port - 1)) $((port + 1))-65535" EACCES "1-65535" can "\$probe connect $port"
	for way in mptcp fast-open fast-open-message; do # ways around Landlock
		if [ "$(outside "\$probe $way $port")" = can ]; then
			refusal=EOPNOTSUPP
			[ $way != mptcp ] || refusal=EPROTONOSUPPORT
			effect ConnectPorts none $refusal unset can "\$probe $way $port"
		else
			skip "ConnectPorts: this kernel has no $way"
		fi
	done
	also=PrivateNetwork=yes
	effect BindPorts 8000-8010 "can can EACCES" none "EACCES EACCES EACCES" 'for n in 8000 8010 8011; do $probe bind $n; done'
	effect BindPorts 8000 "can ECONNREFUSED" unset "can ECONNREFUSED" '$probe bind 8000; $probe connect 8000'
	also=$'PrivateNetwork=yes\nConnectPorts=8000'
	effect BindPorts 8001 "EACCES ECONNREFUSED" 8000 "can ECONNREFUSED" '$probe bind 8000; $probe connect 8000'
	also=Landlock=off
	refused ConnectPorts 80
	refused BindPorts 80
	also=
else
	for key in ConnectPorts BindPorts; do
		refused $key 80
		skip "$key: this kernel's Landlock knows no ports"
	done
fi
if [ -d /proc/self/attr/apparmor ] && [ "$(cat /sys/module/apparmor/parameters/enabled)" = Y ]; then
	echo 'profile keys-test flags=(attach_disconnected,mediate_deleted) { file, network, unix, signal, ptrace, }' | apparmor_parser -r
	effect AppArmorProfile keys-test "keys-test (enforce)" unset unconfined 'cat /proc/self/attr/apparmor/current'
	echo 'profile keys-test {}' | apparmor_parser -R
	refused AppArmorProfile not-loaded
else
	refused AppArmorProfile unconfined
	cannot AppArmorProfile "AppArmor is not in force here"
fi
if [ -e /sys/fs/selinux/enforce ]; then
	context=unconfined_u:unconfined_r:unconfined_t:s0
	effect SELinuxContext $context $context outside "$(tr -d '\0' </proc/self/attr/current)" 'tr -d "\0" </proc/self/attr/current'
	refused SELinuxContext no_u:no_r:no_t:s0
else
	refused SELinuxContext system_u:system_r:unconfined_t:s0
	cannot SELinuxContext "SELinux is not in force here"
fi
refused AppArmorProfile -unconfined "a b" %u
refused SELinuxContext -a:b:c a:b "a: b:c" a::c %u:b:c
for key in ConnectPorts BindPorts; do refused $key 0 65536 90-80 http "80 none" 80,443; done
for key in NoNewPrivileges MemoryDenyWriteExecute LockPersonality RestrictRealtime RestrictSUIDSGID; do refused $key maybe; done
for key in AmbientCapabilities SystemCallLog KeyringMode Landlock CapabilityBoundingSet SystemCallFilter RestrictAddressFamilies SystemCallErrorNumber \
	SystemCallArchitectures; do
	refused $key other
done
refused_with "not enforced by this build" SystemCallArchitectures x86

# --- process ---------------------------------------------------------------------------------------------------------

effect LimitCPU 1:9 SIGXCPU 5 can '$probe spin 1200'
effect LimitFSIZE 4K cannot 16K can "can 'head -c 8K /dev/zero >/tmp/x'"
effect LimitDATA 32M ENOMEM infinity can '$probe map 64'
effect LimitSTACK 1M SIGSEGV 16M can '$probe stack 4'
effect LimitCORE 0 0 1M 2048 'ulimit -Hc'
effect LimitRSS 64M 65536 infinity unlimited 'ulimit -Hm'
effect LimitNOFILE 20 EMFILE 100 can '$probe open 50'
effect LimitAS 32M ENOMEM infinity can '$probe map 64'
effect LimitNPROC 6 EAGAIN 100 can '$probe fork 20'
effect LimitMEMLOCK 4K ENOMEM 64K can '$probe lock 32'
effect LimitLOCKS 7 7 8 8 'while read -r a b c d e; do [ "$a $b" = "Max file" ] && [ "$c" = locks ] && echo $d; done </proc/self/limits'
effect LimitSIGPENDING 5 EAGAIN 100 can '$probe queue-signals 20'
effect LimitMSGQUEUE 4096 EMFILE 819200 can '$probe message-queue'
also=RestrictRealtime=no
if (ulimit -e 40 && ulimit -r 50) 2>/dev/null; then # a limit of the policy is never above the session's
	person=as_privileged
	effect LimitNICE 0 EACCES -10 can '$probe nice -5'
	effect LimitRTPRIO 0 EPERM 10 can '$probe realtime'
	person=as_alice
else
	for key in LimitNICE LimitRTPRIO; do
		cannot "$key" "root lacks CAP_SYS_RESOURCE here, so no session can be given more than none; shown in tests/vm"
	done
fi
also=
effect UMask 0077 "0077 600" 0022 "0022 644" 'umask; : >/tmp/f; stat -c %a /tmp/f'
before=(nice -n 3)
effect Nice 7 7 unset 3 nice
effect Nice 1 3 unset 3 nice
before=()
if [ "$(nproc)" -gt 1 ]; then
	processors='sed -n "s/^Cpus_allowed_list:\t//p" /proc/self/status'
	effect CPUAffinity 1 1 0 0 "$processors"
	effect CPUAffinity "0-1 8191" 0-1 0 0 "$processors"
else
	skip "CPUAffinity: this machine has one processor"
fi
policy='chrt -p $$ | sed -n "s/.* policy: //p"'
effect CPUSchedulingPolicy batch SCHED_BATCH other SCHED_OTHER "$policy"
effect CPUSchedulingPolicy idle SCHED_IDLE unset SCHED_OTHER "$policy"
if (chrt -r -p 1 $BASHPID) 2>/dev/null; then
	effect CPUSchedulingPolicy rr SCHED_RR other SCHED_OTHER "$policy"
	effect CPUSchedulingPolicy fifo "SCHED_FIFO EPERM" outside "SCHED_OTHER EPERM" "$policy; \$probe realtime"
else
	refused CPUSchedulingPolicy rr fifo
fi
effect IOSchedulingClass idle idle best-effort "best-effort: prio 4" ionice
effect IOSchedulingClass realtime "realtime: prio 4" unset "none: prio 0" ionice
score='cat /proc/self/oom_score_adj'
effect OOMScoreAdjust 500 500 100 100 "$score"
if (choom -n -100 -p $BASHPID) >/dev/null 2>&1; then
	effect OOMScoreAdjust -100 -100 unset 0 "$score"
else
	refused OOMScoreAdjust -100
fi
before=(choom -n 300 --)
effect OOMScoreAdjust 100 300 400 400 "$score"
before=(ionice -c 3)
effect IOSchedulingClass none "none: prio 0" unset idle ionice
before=(sh -c 'umask 0077 && exec "$@"' sh)
effect UMask 0022 0022 unset 0077 umask
before=()
effect Environment '"A=1 2" B=%u' "[1 2][alice]" unset "[][]" 'echo "[$A][$B]"'
before=(env KEYS_GIVEN=1)
effect PassEnvironment KEYS_GIVEN "[1]" unset "[]" 'echo "[$KEYS_GIVEN]"'
before=() also="Environment=A=1"
effect UnsetEnvironment A "[]" unset "[1]" 'echo "[$A]"'
also=
effect WorkingDirectory /usr /usr unset $work_directory 'pwd'
effect WorkingDirectory '~' /home/alice unset $work_directory 'pwd'
before=(bash -c 'exec 5</home/alice/file 6</home/alice/file && exec "$@"' bash)
readable="for fd in 5 6 3; do can 'read line <&'\$fd; done"
effect PassFileDescriptors 5 "can cannot cannot" unset "cannot cannot cannot" "$readable"
effect PassFileDescriptors "5 6" "can can cannot" outside "can can cannot" "$readable"
refused PassFileDescriptors 7
before=(bash -c 'exec 63<. && exec "$@"' bash)
refused_with "is a directory" PassFileDescriptors 63
before=(python3 -c 'import os, sys; os.dup2(os.open("file", os.O_PATH | os.O_CREAT), 5); os.execvp(sys.argv[1], sys.argv[1:])')
as_alice touch file
refused_with "a path handle" PassFileDescriptors 5
before=()
policy PassFileDescriptors=9
(cd $work_directory && exec setpriv $alice_ids "$helper" run --quiet -- sh -c 'exec 9>&-; sleep 3' 9>&1 >/dev/null 2>&1) |
	{ timeout 2 cat; echo $? >"$work/end"; }
check "PassFileDescriptors: none but the command holds on to them" 0 "$(cat "$work/end")"
effect Lifetime detached "status 0" linked "status 3" 'exit 3'
# outlives LIFETIME: what the command did after its front end was killed, or had ended
outlives() {
	policy "Lifetime=$1"
	rm -f $work_directory/done
	(cd $work_directory && exec setpriv $alice_ids "$helper" run --quiet -- sh -c 'sleep 1; echo lived >done') </dev/null >/dev/null 2>&1 &
	sleep 0.5
	kill -KILL $! 2>/dev/null
	wait $! 2>/dev/null
	for tries in {1..30}; do [ ! -s $work_directory/done ] || break; sleep 0.1; done
	cat $work_directory/done 2>/dev/null || echo died
}
check "Lifetime=detached: the command goes on without its front end" lived "$(outlives detached)"
check "Lifetime=linked: it does not" died "$(outlives linked)"
policy Lifetime=detached
check "Lifetime=detached: a command that is not there" 127 "$(as_alice "$helper" run --quiet -- /not/there 2>/dev/null; echo $?)"
before=(python3 -c 'import os, pty, sys; pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 9999).replace(b"\r", b""))')
effect TTY new /dev/pts/0 share /dev/console tty
before=()
effect TTY new "not a tty" outside "not a tty" tty
also=PrivateDevices=no
refused_with "TTY=new: needs a /dev" TTY new
also=
effect RuntimeMaxSec 200ms "status 124" 10s lives 'sleep 0.5; echo lives'
also=RuntimeMaxSec=100ms
effect TimeoutStopSec 100ms "status 124" 5s lives 'trap "" TERM; sleep 0.5; echo lives'
effect KillSignal SIGUSR1 USR1 SIGTERM TERM 'trap "echo USR1" USR1; trap "echo TERM" TERM; sleep 1 & wait'
also=
for limit in CPU FSIZE DATA STACK CORE RSS NOFILE AS NPROC MEMLOCK LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME; do
	refused Limit$limit much 9:8
done
refused UMask 8 rwx
refused Nice 20 -21
refused Lifetime forever
refused TTY own
refused PassFileDescriptors 2 64 3-4 stdin
refused OOMScoreAdjust 1001 -1001 low
refused IOSchedulingClass rt 2
refused CPUSchedulingPolicy normal deadline
refused CPUAffinity 8192 0,1 1-0 first
refused CPUAffinity 8191
refused Environment NOVALUE
refused PassEnvironment A=1
refused UnsetEnvironment A=1
refused WorkingDirectory relative
refused_with 'enter directory /not/there' WorkingDirectory /not/there
refused RuntimeMaxSec 0 soon
refused TimeoutStopSec soon
refused KillSignal SIGNAL 99

# --- no row of the table without its test ----------------------------------------------------------------------------

# has_check KEY TEST: whether the test that the key's row names has a check of it
has_check() {
	case $2 in
	system:keys) [ "${effects[$1]:-0}" -gt 0 ] && [ "${twins[$1]:-0}" -gt 0 ] && [ "${refusals[$1]:-0}" -gt 0 ] ;;
	system:limits) grep -qE "^\s*(check|check_match|refused) \"[^\"]*\<$1\>" "$root/tests/system/test-limits.sh" ;;
	unit:select) grep -qE "(\\\\n|[^A-Za-z])$1=" "$root/tests/unit/config/test_select.c" ;;
	*) false ;;
	esac
}

# Those that this machine cannot show were skipped above, by name.
cannot_be_shown() { [[ " ${cannot_show[*]} " = *" $1 "* ]]; }

rows=0
printf '%-26s %8s %9s %8s\n' key effect reversed refused
while read -r key enforced test; do
	[ "$enforced" = true ] || continue
	rows=$((rows + 1))
	[ "$test" != system:keys ] ||
		printf '%-26s %8s %9s %8s\n' "$key" "${effects[$key]:--}" "${twins[$key]:--}" "${refusals[$key]:--}"
	has_check "$key" "$test" || cannot_be_shown "$key" || not_ok "$key: effect, reversed and refused are not all checked in $test"
done < <(cc -E -P -x c '-DKEY(name, sections, type, class, live, enforced, words, fallback, group, help, test)=@name enforced test' \
	"$root/config/keys.def" | tr -d '\n"' | tr '@' '\n' && echo)
check "rows of the table that are enforced were read" "$(grep -cE '"(unit|system):[a-z]+"\)$' "$root/config/keys.def")" "$rows"
finish
