# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kernels and machines that lack something, as the table in SECURITY.md (Kernel features) has them: either the documented
other way, and then the payload sees the sandbox it always sees, or 125 (a refused login) and a line that says what is missing."""
import os
import re

from machine import ALICE, ENTRIES, HELPER, LIBEXEC, Run, difference, leftovers, wait_until

WITHOUT = f'{LIBEXEC}/fault-without'
MOUNTS = 'unshare --mount --propagation private sh -c'.split()
MISSING = 'a system call is missing here'
FORBIDDEN = 'Operation not permitted'
LANDLOCK = 'landlock_create_ruleset,landlock_add_rule,landlock_restrict_self'

# Calls a kernel lacks, or a filter forbids; what an entry then does: "same", or words of the line that refuses it.
CALLS = [
    # error, calls, command, rootless, login
    ('ENOSYS', 'openat2', MISSING, MISSING, MISSING),
    ('EPERM', 'openat2', FORBIDDEN, FORBIDDEN, FORBIDDEN),
    ('ENOSYS', 'clone3', 'a system call filter forbids new namespaces', 'a system call filter forbids new namespaces',
     'a system call filter forbids new namespaces'),
    ('EPERM', 'clone3', 'make namespaces: ' + FORBIDDEN, 'make namespaces: ' + FORBIDDEN,
     'cannot start the helper: ' + FORBIDDEN),
    ('ENOSYS', 'fsopen,fsconfig,fsmount,open_tree,move_mount,mount_setattr', MISSING, MISSING, MISSING),
    ('EPERM', 'fsopen,fsconfig,fsmount,open_tree,move_mount,mount_setattr', FORBIDDEN, FORBIDDEN, FORBIDDEN),
    *(('ENOSYS', call, MISSING, MISSING, MISSING) for call in
      ('fsopen', 'fsconfig', 'fsmount', 'open_tree', 'move_mount', 'mount_setattr', 'seccomp')),
    ('ENOSYS', 'close_range', 'same', 'same', 'same'),
    ('EPERM', 'close_range', FORBIDDEN, FORBIDDEN, 'ended without an answer'),
    ('ENOSYS', 'pidfd_open,pidfd_send_signal', 'same', 'same', 'cannot open a descriptor of the login program'),
    ('EPERM', 'pidfd_open,pidfd_send_signal', 'same', 'same', 'cannot open a descriptor of the login program'),
    ('ENOSYS', 'keyctl', 'same', 'same', 'same'),
]

LIMITED = ALICE + [HELPER, 'run', '--set=MemoryMax=64M']
NESTED = ALICE + ['unshare', '--user', '--map-root-user', 'sh', '-c']
EMPTY = '/home/alice/empty.conf'
PLAIN = [HELPER, 'run', '--quiet', '--policy', EMPTY, '--', 'true']
# Other lacks: name, command, words of the line, whether the payload runs.
OTHERS = [
    ('no Landlock, prefer', [WITHOUT, 'ENOSYS', LANDLOCK, *ALICE, HELPER, 'run', '--', 'true'],
     'Landlock=prefer: this kernel offers no Landlock', 0),
    ('no Landlock, require', [WITHOUT, 'ENOSYS', LANDLOCK, *ALICE, HELPER, 'run', '--set=Landlock=require', '--', 'true'],
     'Landlock=require: this kernel offers no Landlock', 125),
    ('Landlock forbidden, require', [WITHOUT, 'EPERM', LANDLOCK, *ALICE, HELPER, 'run', '--set=Landlock=require', '--', 'true'],
     'Landlock=require: this kernel offers no Landlock', 125),
    ('twin: Landlock, require', [*ALICE, HELPER, 'run', '--quiet', '--set=Landlock=require', '--', 'true'], '', 0),
    ('no pidfd calls, a time limit', [WITHOUT, 'ENOSYS', 'pidfd_open,pidfd_send_signal', *ALICE, HELPER, 'run', '--quiet',
                                      '--set=RuntimeMaxSec=50ms', '--set=TimeoutStopSec=50ms', '--', 'sh', '-c',
                                      'trap "" TERM; while :; do sleep 1; done'], '', 124),
    ('no cgroup, prefer', [*MOUNTS, 'mount -t tmpfs tmpfs /sys/fs/cgroup && exec "$@"', 'sh', *LIMITED, '--', 'true'],
     'not limited on this machine: MemoryMax=', 0),
    ('no cgroup, require', [*MOUNTS, 'mount -t tmpfs tmpfs /sys/fs/cgroup && exec "$@"', 'sh', *LIMITED,
                            '--set=ResourceControl=require', '--', 'true'], 'MemoryMax= cannot be enforced', 125),
    ('twin: cgroups, require', [*LIMITED, '--quiet', '--set=ResourceControl=require', '--', 'true'], '', 0),
    ('/proc masked', [*MOUNTS, 'mount --bind /dev/null /proc/interrupts && exec "$@"', 'sh', *ALICE, HELPER, 'run', '--quiet',
                      '--', 'true'], "the host's own /proc is masked here", 125),
    ('no /proc', [*MOUNTS, 'mount -t tmpfs tmpfs /proc && exec "$@"', 'sh', *ALICE, HELPER, 'run', '--quiet', '--', 'true'],
     'open /proc', 125),
    ('max_user_namespaces=0', [*NESTED, 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"', 'sh', *PLAIN],
     'make namespaces', 125),
    ('max_net_namespaces=0', [*NESTED, 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"', 'sh', *PLAIN],
     'make a network namespace', 125),
    ('twin: neither', [*NESTED, 'exec "$@"', 'sh', *PLAIN], '', 0),
]


def refusal(entry, run):
    """What is wrong with a run that had to be refused; empty: nothing."""
    if run.ran:
        return 'the payload ran'
    if entry == 'login':
        return '' if re.search(r'^open [46]$', run.out, re.M) else run.out
    return '' if run.status == 125 else f'status {run.status}'


def lacks_calls(error, calls, entry, expected, undisturbed):
    run = Run([WITHOUT, error, calls, *ENTRIES[entry]])
    left = wait_until(leftovers)
    if expected == 'same':
        wrong = '' if run.view() == undisturbed else f'{run.status} {run.lines()} {difference(undisturbed[1], run.view()[1])}'
    else:
        wrong = refusal(entry, run)
        if not wrong and expected not in ' '.join(run.lines()):
            wrong = f'said {run.lines()}'
    return f'{entry} without {calls} ({error})', wrong or left


def lacks_other(name, command, words, status):
    run = Run(command)
    left = wait_until(leftovers)
    good = run.status == status and words in run.err and len(run.lines()) <= 1 + (status == 0)
    return name, left if good else f'status {run.status}, said {run.lines()}'


def every_lack():
    """Returns how many passed and failed."""
    if os.environ.get('KIND', 'degraded') != 'degraded':
        return 0, 0
    with open(EMPTY, 'w'):
        pass
    # Under a filter too, since the payload sees how many there are.
    undisturbed = {entry: Run([WITHOUT, 'ENOSYS', 'uselib', *command]).view() for entry, command in ENTRIES.items()}
    results = [lacks_calls(error, calls, entry, expected, undisturbed[entry])
               for error, calls, *ways in CALLS for entry, expected in zip(ENTRIES, ways)]
    results += [lacks_other(*row) for row in OTHERS]
    for name, wrong in results:
        print(f'not ok - {name}: {wrong}' if wrong else f'ok - {name}')
    failed = sum(bool(wrong) for _, wrong in results)
    return len(results) - failed, failed
