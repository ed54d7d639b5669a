#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The files of "make install" laid into the machine, a policy of ten lines, the module's lines: what an admin does.
. ./lib.sh

# --keep-directory-symlink: /lib is a link where /usr is merged.
tar -C ../installed -cf - . | tar -C / -xf - --keep-directory-symlink --no-overwrite-dir
check "the build is laid in" "0" "$?"
check "the helper is set-uid root" "4755 root:root" "$(stat -c '%a %U:%G' /usr/libexec/sandbox-run/sandbox-helper 2>&1)"
check "the door is set-uid root" "4755 root:root" "$(stat -c '%a %U:%G' /usr/libexec/sandbox-run/door/sandbox-door 2>&1)"
check "the door's directory is root's alone" "700 root:root" "$(stat -c '%a %U:%G' /usr/libexec/sandbox-run/door 2>&1)"

mkdir -p /etc/sandbox-run
cat >$policy <<'END'
# Students are confined at login; everyone may confine commands.
[profile student]
Inherit=shell
ResourceControl=require
MemoryMax=256M
TasksMax=64

[group students]
Profile=student
END
cp $policy /root/policy.good
check "the policy is accepted" "0" "$(sandboxctl policy check >/run/vm-tests.out 2>&1; echo $?)"
sed 's/^/# /' /run/vm-tests.out
# A user manager from a login before this one runs on outside any sandbox, as long as she is logged in at all (README).
loginctl terminate-user alice 2>/dev/null || true

# Last lines of their stacks (pam_sandbox(8)); systemd-user, so that a user manager is refused to the confined. Debian 12 has
# that stack in /usr/lib/pam.d: a file of one line in /etc/pam.d would take its place and refuse everyone.
[ -e /etc/pam.d/systemd-user ] || cp /usr/lib/pam.d/systemd-user /etc/pam.d/systemd-user
for service in sshd systemd-user; do
	echo 'session required pam_sandbox.so' >>/etc/pam.d/$service
done
systemctl daemon-reload
finish
