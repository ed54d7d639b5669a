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

person=as_root
effect CapabilityBoundingSet "" "EPERM 0000000000000000" outside "can $(sed -n 's/^CapBnd:\t//p' /proc/self/status)" \
	'$probe raw-socket; sed -n "s/^CapBnd:\t//p" /proc/self/status'
person=as_alice
sets='for set in Inh Prm Eff Bnd Amb; do sed -n "s/^Cap$set:\t0*//p" /proc/self/status; done'
effect CapabilityBoundingSet "CAP_NET_RAW CAP_CHOWN" "0 0 0 2001 0" "" "0 0 0 0 0" "$sets"
also=CapabilityBoundingSet=CAP_NET_RAW
effect AmbientCapabilities CAP_NET_RAW "2000 2000 2000 2000 2000" unset "0 0 0 2000 0" "$sets"
effect AmbientCapabilities CAP_NET_RAW can unset EPERM '$probe raw-socket'
policy $'AmbientCapabilities=CAP_NET_RAW\nCapabilityBoundingSet=CAP_NET_RAW'
check "AmbientCapabilities: PID 1 keeps none" "0 0 0 2000 0" "$(inside "${sets//self/1}")"
refused AmbientCapabilities CAP_CHOWN
also=
refused CapabilityBoundingSet CAP_SYS_ADMIN "CAP_CHOWN CAP_SETGID" "~CAP_CHOWN"
finish
