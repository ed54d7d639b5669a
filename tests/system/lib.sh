# SPDX-License-Identifier: LGPL-2.1-or-later
# For system tests: a private copy of the machine (mount namespace with its own /etc, /run, /home, installed programs), people
# to test with, and ok/not ok lines with one closing line. Sourced; needs root. The host stays as found.
set -u
suite=$(basename "$0" .sh)
passed=0 failed=0 skipped=0

# private_machine BUILDDIR "$0" "$@": re-executes the script in the private copy unless already there.
private_machine() {
	build=$(cd "$1" && pwd) || exit 1
	[ "$(id -u)" = 0 ] || { echo "$suite: needs root"; exit 77; }
	if [ "${SANDBOX_TEST_PRIVATE:-}" != 1 ]; then
		SANDBOX_TEST_PRIVATE=1 exec unshare --mount --propagation private "$2" "$build"
	fi
	libexec=/usr/libexec/sandbox-run
	work=$(mktemp -d /tmp/sandbox-test.XXXXXX) || exit 1
	mount -t tmpfs -o mode=0755 tmpfs "$work" || exit 1
	for directory in etc usr/libexec usr/lib; do
		mkdir -p "$work/$directory.upper" "$work/$directory.work"
		mount -t overlay -o "lowerdir=/$directory,upperdir=$work/$directory.upper,workdir=$work/$directory.work" \
			overlay "/$directory" || exit 1
	done
	mount -t tmpfs -o mode=0755 tmpfs /run || exit 1
	mount -t tmpfs -o mode=0755 tmpfs /home || exit 1
	trap 'cd /; umount -l "$work" 2>/dev/null; rmdir "$work" 2>/dev/null' EXIT
	mkdir -p "$libexec" /etc/sandbox-run/policy.d
	rm -f /etc/sandbox-run/policy.conf
	install -d -m 0700 "$libexec/door"
	install -m 4755 "$build/sandbox-helper" "$libexec/sandbox-helper"
	install -m 0755 "$build/sandbox-lookup" "$libexec/sandbox-lookup"
	install -m 4755 "$build/sandbox-door" "$libexec/door/sandbox-door"
	helper=$libexec/sandbox-helper
	# A build with sanitizers writes what it finds here, from any of its processes: tests/sanitizer/findings.c
	[ ! -e "$build/findings.so" ] || { truncate -s 131072 "$libexec/findings" && chmod 0666 "$libexec/findings"; } || exit 1
	# alice 3001 with two further groups, one of which bars; bob 3002
	printf '%s\n' 'alice:x:3001:3001:Alice A:/home/alice:/bin/bash' 'bob:x:3002:3002::/home/bob:/bin/bash' >>/etc/passwd
	printf '%s\n' 'alice:x:3001:' 'bob:x:3002:' 'project:x:3101:alice' 'barred:x:3102:alice' \
		'students:x:3103:alice' >>/etc/group
	for person in alice bob; do
		install -d -m 0700 -o "$person" -g "$person" "/home/$person" "/home/$person/work"
		echo "secret of $person" >"/home/$person/file"
		chown "$person:$person" "/home/$person/file"
	done
	alice_ids="--reuid=3001 --regid=3001 --groups=3001,3101,3102,3103"
}

# as_alice COMMAND...: as an ordinary user with her groups, in her directory, a clean environment.
as_alice() {
	(cd "${alice_directory:-/home/alice/work}" && exec env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin TERM=dumb \
		setpriv $alice_ids "$@")
}

ok() { passed=$((passed + 1)); echo "ok - $*"; }
not_ok() { failed=$((failed + 1)); echo "not ok - $*"; }
skip() { skipped=$((skipped + 1)); echo "skip - $*"; }

# check NAME EXPECTED ACTUAL
check() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: expected [$2], got [$3]"; fi
}

# check_match NAME PATTERN(case) ACTUAL
check_match() {
	case $3 in
	$2) ok "$1" ;;
	*) not_ok "$1: expected match of [$2], got [$3]" ;;
	esac
}

# In a build with sanitizers: its programs were watched, and nothing was found.
check_findings() {
	local starts length

	[ -e "${libexec:-}/findings" ] || return 0
	read -r starts length < <(od -An -tu4 -N8 "$libexec/findings")
	if [ "$starts" -gt 0 ]; then ok "sanitizers watched $starts starts"; else not_ok "sanitizers watched nothing"; fi
	check "sanitizers find nothing" 0 "$length"
	[ "$length" = 0 ] || tail -c +9 "$libexec/findings" | tr -d '\0' | head -n 200
}

finish() {
	check_findings
	echo "$suite: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
	exit $?
}
