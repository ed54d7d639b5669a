#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A6.1: links that a program in a sandbox plants, or exchanges while the next sandbox is built, steer nothing. Each with the
# twin outside, in which such a link leads where it says.
. "$(dirname "$0")/lib.sh"
private_machine "$1" "$0"

STARTS=200
w=/home/alice/work
run() { as_alice "$helper" run --quiet "$@"; }
yes_if() { if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi; }
policy() { printf '[profile x]\nInherit=default\n%s\n[run]\nProfiles=x\n' "$1" >/etc/sandbox-run/policy.conf; }

mkdir -m 0700 /home/alice/.ssh && echo key >/home/alice/.ssh/id && chown -R alice:alice /home/alice
mount -t tmpfs -o mode=1777 tmpfs /var/tmp || exit 1
cat >"$work/exchange.py" <<'PYTHON' # exchanges two names for at most a minute
import ctypes, sys, time
libc = ctypes.CDLL(None)
a, b = sys.argv[1].encode(), sys.argv[2].encode()
end = time.time() + 60
print("ready", flush=True)
while time.time() < end:
    for i in range(1000):
        libc.renameat2(-100, a, -100, b, 2)
PYTHON
chmod 0755 "$work" && chmod 0644 "$work/exchange.py"

# --- planted ---------------------------------------------------------------------------------------------------------

mounts=$(run -- sh -c 'grep -c . /proc/self/mountinfo')
for name in .git .envrc; do
	for place in / /run /etc /.hidden /home; do
		as_alice ln -sfn $place $w/$name
		check "$name -> $place: a secret stays one" "no" "$(yes_if run -- cat /home/alice/.ssh/id)"
		check "$name -> $place: there is no other view above the root" "no" "$(yes_if run -- cat /../home/alice/.ssh/id)"
		check "$name -> $place: nothing more is mounted" "$mounts" "$(run -- sh -c 'grep -c . /proc/self/mountinfo')"
		check "$name -> $place: and nothing can be written there" "no" "$(yes_if run -- touch "${place%/}/new")"
	done
	as_alice ln -sfn / $w/$name
	check "twin, outside: $name -> / leads to the secret" "yes" "$(yes_if as_alice cat $w/$name/home/alice/.ssh/id)"
	as_alice rm $w/$name
done

# Whose a link is says nothing about who put it there.
for whose in bob root; do
	ln -sfn / $w/.git && chown -h $whose $w/.git
	check "a link of $whose's in the person's directory: no other view" "no" "$(yes_if run -- cat /../home/alice/.ssh/id)"
	policy 'TemporaryFileSystem=%h/work/planted'
	ln -sfn /etc $w/planted && chown -h $whose $w/planted
	check "a link of $whose's in the person's directory: nothing is mounted by it" 125 \
		"$(run -- true 2>/dev/null; echo $?)"
	rm $w/.git $w/planted /etc/sandbox-run/policy.conf
done

# What is hidden by a path stays at that path: what is above it cannot be renamed.
as_alice mkdir -p /home/alice/.config/git && as_alice sh -c 'echo key >~alice/.config/git/credentials'
alice_directory=/home/alice/.config
check "the directory of a secret cannot be renamed" "no" "$(yes_if run -- mv git other)"
check "nor is the secret shown to the next" "no no" \
	"$(yes_if run -- cat git/credentials) $(yes_if run -- cat other/credentials)"
as_alice mv git other
check "twin, outside: it can, and is" "yes" "$(yes_if run -- cat other/credentials)"
unset alice_directory

# What the sandbox's /etc says of groups a login program may ask for later.
listed='grep -q "^alice:" /etc/passwd && grep -q "^project:.*alice" /etc/group && echo listed'
for line in 'TemporaryFileSystem=%h/planted' 'BindPaths=-/srv:%h/planted' 'SecretPaths=-%h/planted' 'ReadOnlyPaths=-%h/planted'; do
	policy "$line"
	for place in /etc /etc/group /proc /.hidden /.hidden/directory; do
		as_alice ln -sfn $place /home/alice/planted
		said=$(run -- sh -c "$listed" 2>&1)
		case $said in
		listed | *"link on the way that others than root can change"*) ok "${line%%=*} on a link to $place hides and forges nothing" ;;
		*) not_ok "${line%%=*} on a link to $place hides and forges nothing: got [$said]" ;;
		esac
	done
done
as_alice mkdir /home/alice/elsewhere && as_alice sh -c 'echo key >/home/alice/elsewhere/id'
as_alice ln -sfn /home/alice/elsewhere /home/alice/planted
policy 'SecretPaths=-%h/planted'
check "SecretPaths: what a link leads to elsewhere is hidden" "no no" \
	"$(yes_if run -- cat /home/alice/planted/id) $(yes_if run -- cat /home/alice/elsewhere/id)"
policy ''
check "SecretPaths twin: without it it is not" "yes" "$(yes_if run -- cat /home/alice/planted/id)"
rm /etc/sandbox-run/policy.conf

# --- exchanged meanwhile ---------------------------------------------------------------------------------------------

# exchange A B: until end_exchange; returns when it has begun
exchange() {
	exec {ready}< <(exec setpriv $alice_ids /usr/bin/python3 "$work/exchange.py" "$1" "$2")
	exchanger=$!
	read -r _ <&"$ready"
}
end_exchange() { kill "$exchanger"; exec {ready}<&-; }

as_alice mkdir $w/sub && as_alice ln -s /home/alice $w/link
cat >"$work/start.sh" <<SHELL
cd $w/sub
for i in \$(seq $STARTS); do
	"\$@"
done
SHELL
exchange $w/sub $w/link
setpriv $alice_ids env -i PATH=/usr/bin:/bin sh "$work/start.sh" "$helper" run --quiet -- sh -c \
	'echo written >>/home/alice/.profile; for d in sub link; do [ -e ~/work/$d/file ] && echo written >>~/work/$d/.profile; done
	cat ~/work/*/.ssh/id >~/work/stolen' 2>/dev/null
end_exchange
check "CallerDirectory: exchanged for a link to the home, the home is not written" "no" "$(yes_if test -e /home/alice/.profile)"
check "CallerDirectory: nor is a secret shown by that name" "no" "$(yes_if grep -q key $w/stolen)"
# by now either may be which
rm -rf $w/sub $w/link
as_alice mkdir $w/sub && as_alice ln -s /home/alice $w/link
check "CallerDirectory twin, outside: by the link the home is written" "yes" \
	"$(yes_if as_alice sh -c 'echo written >>~alice/work/link/.profile')"

rm -rf $w/sub $w/link
as_alice mkdir -p $w/source $w/sub /var/tmp/evil
as_alice ln -s /proc/self/cwd/var/tmp/evil $w/link
exchange $w/sub $w/link
for i in $(seq $STARTS); do
	run --set=BindPaths=$w/source:$w/sub/made"$i" -- true 2>/dev/null
done
end_exchange
check "BindPaths: nothing is made on the host by a link of the kernel's" "" "$(ls /var/tmp/evil)"
check "BindPaths twin, outside: by the link it is" "yes" "$(yes_if sh -c "cd / && mkdir $w/link/made || mkdir $w/sub/made")"
finish
