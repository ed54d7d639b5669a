#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The machine by itself, before anything is installed: what the other scripts rely on. Makes people and keys.
. ./lib.sh

echo "# kernel $(uname -r), $(systemctl --version | head -n 1), $(ssh -V 2>&1)"
wait_for 60 systemctl is-system-running
check "systemd is running" "running" "$(systemctl is-system-running)"
systemctl --failed --no-legend | sed 's/^/# failed: /'
check "the kernel is Debian's own" "yes" "$(uname -v | grep -q Debian && echo yes)"
check "cgroup v2" "cgroup2fs" "$(stat -fc %T /sys/fs/cgroup)"
check "nothing of the build is in the image" "" "$(ls -d /usr/bin/sandbox* /usr/libexec/sandbox-run /etc/sandbox-run 2>/dev/null)"

groupadd students
groupadd sandbox-exempt
useradd --create-home --shell /bin/bash --groups students alice
useradd --create-home --shell /bin/bash bob
useradd --create-home --shell /bin/bash --groups students,sandbox-exempt carol
install -d -m 0700 /root/.ssh
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/vm_key
for person in root alice bob carol; do
	home=$(getent passwd "$person" | cut -d: -f6)
	install -d -m 0700 -o "$person" -g "$person" "$home/.ssh"
	install -m 0600 -o "$person" -g "$person" /root/.ssh/vm_key.pub "$home/.ssh/authorized_keys"
done
cat >/root/.ssh/vm_config <<END
IdentityFile /root/.ssh/vm_key
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
BatchMode yes
KexAlgorithms curve25519-sha256
HostKeyAlgorithms ssh-ed25519
END
# A refused login shows what the modules had to say before: nothing of the message of the day, then.
: >/etc/motd
chmod a-x /etc/update-motd.d/*
: >/etc/default/locale
# Their user managers stay, which takes a second off each of their logins.
loginctl enable-linger root bob

for person in alice bob root; do
	started=$(date +%s%N)
	check "$person logs in over ssh" "$person" "$(remote "$person" id -un 2>&1)"
	echo "# login of $person: $((($(date +%s%N) - started) / 1000000)) ms"
done
check "an exit status comes through" "9" "$(remote bob 'exit 9'; echo $?)"
start_session bob "exec sleep 4001"
check_not "logind has a session for bob" "" "$session"
check_match "bob's process is in the session's scope" "*/user.slice/user-*.slice/session-$session.scope" \
	"$(cgroup_of "$(pid_of bob sleep 4001)")"
end_session
pkill -u bob -x sleep
check_true "logout ends bob's session" wait_for 20 no_session bob
finish
