# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every call, in every process, made to fail; then the same with SIGKILL. What machine.py makes is where.

For each entry (command, rootless, login) one undisturbed run is recorded. Its calls up to the payload's execve are the
positions: role, call, how many of that call the role has made. Each is tried once (FULL=1: once for each errno), and must be

  closed    no payload ran, the status is 125 (login: a code that no login program goes on with), one line says why, and
            nothing is left: no cgroup, no registry entry, no mount, no process
  harmless  it stands in the table "harmless", and what the payload tells of its sandbox is what it tells undisturbed

Anything else fails, as does a row of the table that nothing needed. With SIGKILL nothing may run on, and nothing be left after
"sandbox-helper gc". What was seen goes to fault.tsv in the working directory of the machine, and what failed to stdout.
"""
import errno
import fnmatch
import os
import re
import time

from machine import (BOUND, ENTRIES, HERE, WORK, Run, collect_garbage, difference, known, leftovers, normal, wait_until)

FULL = bool(os.environ.get('FULL'))
# To look at one thing: ENTRY=..., KIND=errors|kill, ONLY="ENTRY:ROLE:CALL:N:ERRNO ..." with patterns
ONLY = os.environ.get('ONLY', '').split()
# PAM_SYSTEM_ERR, PAM_PERM_DENIED, PAM_USER_UNKNOWN: what every login program stops at
REFUSALS = ('4', '6', '10')

# What a call can fail with, the likeliest first. A missing thing (ENOENT) is no failure but an answer, and so is EINTR.
ERRORS = {
    'ENOMEM': (
        'brk clone clone3 execve fork fsconfig fsmount fstat fstatfs getdents64 keyctl landlock_add_rule '
        'landlock_create_ruleset mkdir mkdirat mknod mknodat mmap mount mount_setattr move_mount mprotect '
        'mremap munmap newfstatat open_tree pivot_root poll ppoll pread64 recvmsg seccomp setgroups setns '
        'signalfd4 socketpair statfs symlink unshare vfork'
    ).split(),
    'EMFILE': (
        'dup dup2 eventfd2 fcntl fsmount fsopen landlock_create_ruleset open open_tree openat openat2 '
        'pidfd_open pipe2 signalfd4 socket socketpair timerfd_create'
    ).split(),
    'EIO': (
        'access chdir close faccessat faccessat2 fchdir fstat getcwd getdents64 ioctl mkdir mkdirat '
        'newfstatat open openat openat2 pread64 read readlink readlinkat sendfile unlinkat write'
    ).split(),
    'ENOSPC': (
        'clone3 mkdir mkdirat mknod mknodat openat renameat sendfile symlink unshare write'
    ).split(),
    'EAGAIN': (
        'clone clone3 fcntl fork getrandom openat2 pipe2 seccomp sendmsg setresuid vfork'
    ).split(),
    'EACCES': (
        'chdir connect execve mkdir mknod mount move_mount newfstatat open openat openat2 readlink readlinkat '
        'setpriority statfs'
    ).split(),
    'EPERM': (
        'capset clone3 fchdir ioctl kill mount mount_setattr move_mount open_tree personality pivot_root '
        'prctl prlimit64 setgroups sethostname setns setpgid setresgid setresuid setrlimit setsid umount2 '
        'unlinkat unshare write'
    ).split(),
    'ENOSYS': (
        'clone3 close_range faccessat2 fsconfig fsmount fsopen getrandom keyctl landlock_add_rule '
        'landlock_create_ruleset landlock_restrict_self mount_setattr move_mount open_tree openat2 pidfd_open '
        'pidfd_send_signal prlimit64 seccomp statx'
    ).split(),
    'EINVAL': (
        'close_range landlock_restrict_self prctl rt_sigaction rt_sigprocmask seccomp setitimer'
    ).split(),
}
NUMBERS = {name: number for number, name in errno.errorcode.items()}
# Which cannot fail (their pages know no error; lseek: of a file), and those that end a process.
INFALLIBLE = {'exit', 'exit_group', 'getegid', 'geteuid', 'getgid', 'getpid', 'getppid', 'getpgrp', 'gettid', 'getuid',
              'restart_syscall', 'rt_sigreturn', 'sched_yield', 'umask', 'set_tid_address', 'set_robust_list', 'rseq',
              'arch_prctl', 'lseek', 'getresuid', 'getresgid', 'alarm', 'sigaltstack'}
# F_GETFD, F_GETFL: EBADF only, which is the answer.
ASKING = ('1', '3')
# The supervisor asks for the version of Landlock: whatever the error, there is none (landlock_create_ruleset(2) knows no other).
# degraded.py has that.
QUESTIONS = {('supervisor', 'landlock_create_ruleset')}


def errors_of(call):
    """Names of errnos for a call; the first is the one tried where only one is."""
    return [name for name, calls in ERRORS.items() if call in calls] or ['EPERM', 'ENOMEM']


# Where a role's part in building a sandbox begins (its program's own steps, after libc's) and ends: with the call that lets
# the payload, or the login program, go on. Others have all their calls until a payload was executed.
BEGINS = {'supervisor': 'fcntl', 'door': 'fcntl', 'login': 'sched_yield'}
ENDS = {
    'command': {'supervisor': ('write', 'pipe:', 2), 'init': ('vfork', '', 1)},
    'rootless': {'supervisor': ('write', 'pipe:', 2), 'init': ('vfork', '', 1)},
    'login': {'supervisor': ('sendmsg', 'socket:', 1), 'init': ('sendmsg', 'socket:', 2), 'offer': ('sendmsg', 'socket:', 1),
              'login': ('sched_yield', '', 2), 'person': ('', '', 0)},
}


def positions(entry, record):
    """(role, call, number, object) of the calls that are tried, in order."""
    found, begun, seen = [], set(), {}
    for line in record:
        if '\t' not in line:
            continue
        role, call, number, thing, when = line.split('\t')
        thing = normal(thing)
        if call == BEGINS.get(role, call):
            begun.add(role)
        last, on, times = ENDS[entry].get(role, (None, None, 1))
        is_over = seen.get(role, 0) >= times or when == 'after'
        if (call, thing) == (last, on):
            seen[role] = seen.get(role, 0) + 1
        cannot_fail = call in INFALLIBLE or (role, call) in QUESTIONS or (call == 'fcntl' and thing.split()[-1] in ASKING)
        if role not in begun or is_over or cannot_fail:
            continue
        found.append((role, call, int(number), thing))
    return found


# --- the table ----------------------------------------------------------------------------------------------------------

class Harmless:
    """Rows of "entry:role  call  object  reason"; the first three are patterns, columns at least two blanks apart."""

    def __init__(self):
        self.rows, self.used = [], set()
        with open(os.path.join(HERE, 'harmless')) as file:
            for number, line in enumerate(file, 1):
                if line.strip() and not line.startswith('#'):
                    row = re.split(r'\s{2,}', line.strip(), maxsplit=3)
                    if len(row) != 4:
                        raise SystemExit(f'harmless:{number}: four columns, at least two blanks apart')
                    self.rows.append((number, *row))

    def find(self, entry, role, call, thing):
        for number, who, calls, things, _ in self.rows:
            if fnmatch.fnmatchcase(f'{entry}:{role}', who) and any(fnmatch.fnmatchcase(call, word) for word in calls.split(',')) \
                    and fnmatch.fnmatchcase(thing, things):
                return number
        return None


# --- judging ------------------------------------------------------------------------------------------------------------

def is_closed(entry, position, run):
    """What is wrong with the end of a run whose payload must not have run; empty: nothing."""
    wrong = []
    if run.ran:
        return ['the payload ran']
    if entry == 'login':
        code = re.search(r'^open (\d+)$', run.out, re.M)
        shell = re.search(r'^shell (\d+)$', run.out, re.M)
        if not (code and (code[1] in REFUSALS or (code[1] == '0' and shell and shell[1] in ('125', '126', '127')))):
            wrong.append(f'it ended with {run.out.split()}')
    elif run.status not in ((126, 127) if position[:2] == ('payload', 'execve') else (125,)):
        wrong.append(f'status {run.status}')
    said = run.lines()
    if len(said) != 1:
        wrong.append(f'{len(said)} lines: {said}')
    return wrong


def judge(entry, position, run, expected):
    """(word, explanation): closed, harmless or failed."""
    role, call, _, thing = position
    row = harmless.find(entry, role, call, thing)
    left = wait_until(leftovers)
    if run.late:
        return 'failed', f'not over after {BOUND} s'
    if left:
        return 'failed', f'left: {left}; said {run.lines()}'
    wrong = is_closed(entry, position, run)
    if not wrong:
        return 'closed', run.lines()[0]
    if run.view() == expected:
        if row:
            harmless.used.add(row)
            return 'harmless', f'row {row}'
        return 'failed', 'harmless, but not in the table'
    if run.ran:
        wrong.append(f'status {run.status}, said {run.lines()}, {difference(expected[1], normal(run.out))}')
    return 'failed', '; '.join(wrong)


def judge_killed(position, run):
    """The supervisor's own end leaves what gc is for; any other is cleared up by it, or by the end of the login."""
    alive = wait_until(lambda: [thing for thing in leftovers() if thing.startswith('process') or thing == 'a mount'])
    if run.late or alive:
        return 'failed', f'not over after {BOUND} s' if run.late else f'left: {alive}'
    if position[0] == 'supervisor':
        collect_garbage()
    left = wait_until(leftovers)
    return ('failed', f'left: {left}') if left else ('closed', '')


class Count:
    def __init__(self):
        self.words = {'closed': 0, 'harmless': 0, 'failed': 0}
        self.report = open(f'{WORK}/fault.tsv', 'w')

    def add(self, entry, position, error, word, why):
        self.words[word] += 1
        name = '\t'.join(str(part) for part in (word, entry, *position[:3], error, position[3], why))
        self.report.write(name + '\n')
        if word == 'failed':
            known.update(leftovers())  # told once
            print('not ok - ' + name.replace('\t', ' '), flush=True)


def attempt(entry, position, error):
    """A run in which the position was reached. What processes do at once may take turns differently, so a few times."""
    for _ in range(5):
        run = Run(ENTRIES[entry], (*position[:3], NUMBERS.get(error, 'KILL')))
        if run.hit:
            return run
        wait_until(leftovers)
    return None


def wanted(*words):
    return not ONLY or any(fnmatch.fnmatchcase(':'.join(str(word) for word in words), pattern) for pattern in ONLY)


def matrix(entry, kind):
    undisturbed = Run(ENTRIES[entry])
    expected, again = undisturbed.view(), Run(ENTRIES[entry]).view()
    if not undisturbed.ran or undisturbed.status != 0 or again != expected:
        print(f'not ok - {entry}: two undisturbed runs differ: {expected[0]} {expected[2]} {difference(expected[1], again[1])}')
        return 0, 0, 1
    count, start = Count(), time.monotonic()
    for position in positions(entry, undisturbed.record):
        names = ['KILL'] if kind == 'kill' else errors_of(position[1])[:None if FULL else 1]
        for name in names:
            if not wanted(entry, *position[:3], name):
                continue
            run = attempt(entry, position, name)
            if not run:
                count.add(entry, position, name, 'failed', 'was not reached')
            elif kind == 'kill':
                count.add(entry, position, name, *judge_killed(position, run))
            else:
                count.add(entry, position, name, *judge(entry, position, run, expected))
    words = count.words
    tried = sum(words.values())
    print(f'{"ok" if not words["failed"] else "not ok"} - {entry}, {kind}: {tried} tried, {words["closed"]} closed, '
          f'{words["harmless"]} harmless, {words["failed"]} left ({time.monotonic() - start:.0f} s)', flush=True)
    return words['closed'], words['harmless'], words['failed']


harmless = Harmless()


def every_call():
    """All matrices. Returns how many passed and failed."""
    passed = failed = 0
    for kind in ('errors', 'kill'):
        for entry in ENTRIES:
            if os.environ.get('KIND', kind) == kind and os.environ.get('ENTRY', entry) == entry:
                closed, safe, left = matrix(entry, kind)
                passed, failed = passed + closed + safe, failed + left
    if not ONLY and not os.environ.get('KIND') and not os.environ.get('ENTRY'):
        for number, *row in harmless.rows:
            if number not in harmless.used:
                print(f'not ok - harmless:{number} is not needed: {row}')
                failed += 1
    return passed, failed
