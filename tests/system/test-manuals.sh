#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual pages against the programs: every key of the table, every option and command of the help, every exit status, and
# mandoc's own opinion. Called with the build directory; needs no root.
set -u
build=${1:?usage: test-manuals.sh BUILDDIR}
root=$(cd "$(dirname "$0")/../.." && pwd)
passed=0 failed=0 skipped=0

check() { # NAME COMMAND...
	local name=$1

	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok - $name"
	fi
}

holds() { grep -qE -- "$2" "$build/man/$1"; }

pages=(sandbox-run.1 sandboxctl.1 sandbox-policy.5 pam_sandbox.8 sandbox-helper.8 sandbox-door.8)
for page in "${pages[@]}"; do
	check "$page was built" test -s "$build/man/$page"
	check "$page begins with the licence and its title" \
		holds "$page" "^\.Dt $(tr '[:lower:]' '[:upper:]' <<<"${page%.*}") ${page##*.}\$"
done

# --- keys
mapfile -t keys < <(sed -nE 's/^KEY\(([A-Za-z]+),.*/\1/p' "$root/config/keys.def")
check "the key table was read (${#keys[@]} keys)" test "${#keys[@]}" -gt 100
for key in "${keys[@]}"; do
	check "sandbox-policy(5) has $key" holds sandbox-policy.5 "^\.It Cm $key Ns =\$"
done
check "sandbox-policy(5) has no other key" \
	test "$(grep -cE '^\.It Cm [A-Za-z]+ Ns =$' "$build/man/sandbox-policy.5")" = "${#keys[@]}"
check "the place of the key list was filled" test -z "$(grep '@KEYS@' "$build/man/sandbox-policy.5")"
while read -r profile; do
	check "sandbox-policy(5) has the profile $profile" holds sandbox-policy.5 "^\.It Cm $profile\$"
done < <(sed -nE 's/^\[profile (.*)\]$/\1/p' "$root/config/builtin.conf")
while read -r head; do
	check "sandbox-policy(5) has the section [$head]" holds sandbox-policy.5 "^\.It Bq Cm $head( Ar NAME)?\$"
done < <(sed -nE 's/^ *\[SECTION_[A-Z]+\] = \{"([a-z]+)".*/\1/p' "$root/config/policy.c")

# --- options and commands
options() { grep -oE -- '^ +(-[A-Za-z], |    )?--[a-z-]+' | grep -oE -- '--[a-z-]+'; }
while read -r option; do
	check "sandbox-run(1) has $option" holds sandbox-run.1 "Fl -${option#--}( |\$)"
done < <("$build/sandbox-run" --help | options)
while read -r letter; do
	check "sandbox-run(1) has -$letter" holds sandbox-run.1 "^\.It Fl $letter "
done < <("$build/sandbox-run" --help | sed -nE 's/^ +-([A-Za-z]),.*/\1/p')
commands=$("$build/sandboxctl" --help | sed -nE 's/^  ([a-z]+)  .*/\1/p')
check "sandboxctl --help lists commands" test -n "$commands"
for command in $commands; do
	check "sandboxctl(1) has $command" holds sandboxctl.1 "^\.It Cm $command( |\$)"
done
for command in check show explain why; do
	check "sandboxctl(1) has policy $command" holds sandboxctl.1 "^\.It Cm policy $command( (Op )?Ar [A-Z| .]+)?\$"
done
for command in list gc features doctor "policy check" "policy show" "policy explain" "policy why"; do
	read -ra words <<<"$command"
	while read -r option; do
		check "sandboxctl(1) has $option of $command" holds sandboxctl.1 "Fl -${option#--}( |\$)"
	done < <("$build/sandboxctl" "${words[@]}" --help | options)
done

# --- exit statuses
for status in 124 125 126 127 '128\+ Ns Ar N'; do
	check "sandbox-run(1) has exit status $status" holds sandbox-run.1 "^\.It $status"
done
for status in 0 1 2; do
	check "sandboxctl(1) has exit status $status" holds sandboxctl.1 "^\.It $status"
done
for status in 125 126 127; do
	check "sandbox-door(8) has exit status $status" holds sandbox-door.8 "^\.It $status"
done
while read -r code; do
	check "pam_sandbox(8) has $code" holds pam_sandbox.8 "^\.It Dv $code\$"
done < <(grep -oE 'return PAM_[A-Z_]+' "$root/pam_module/pam_sandbox.c" | grep -oE 'PAM_[A-Z_]+' | sort -u)

# --- mandoc
if command -v mandoc >/dev/null; then
	for page in "${pages[@]}"; do
		complaints=$(mandoc -T lint -W warning "$build/man/$page" 2>&1)
		[ -z "$complaints" ] || echo "$complaints"
		check "mandoc has nothing to say of $page" test -z "$complaints"
	done
else
	skipped=$((skipped + 1))
	echo "skip: mandoc is not installed"
fi

# --- the README's policy is a policy
if [ -e "$root/README.md" ]; then
	policy=$(mktemp /tmp/test-manuals.XXXXXX) || exit 1
	trap 'rm -f "$policy"' EXIT
	sed -n '/^ *```ini$/,/^ *```$/p' "$root/README.md" | grep -v '```' >"$policy"
	check "README has a policy" test -s "$policy"
	answer=$("$build/sandbox-helper" policy check "$policy")
	check "the policy of README is valid: $answer" test "$answer" = "the policy is valid"
fi

echo "test-manuals: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
