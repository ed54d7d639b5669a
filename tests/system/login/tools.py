# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looking at processes from outside, talking to ssh, and counting results."""
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import time

from world import EXTERNAL, KEY, PEOPLE

FULL_MAP = '0 0 4294967295'
TIOCSWINSZ = 0x5414  # ioctl_tty(2); the module termios is not in python3-minimal
SSH_OPTIONS = ['-F', '/dev/null', '-i', KEY, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no',
               '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=20']


class Results:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, name, good, detail=''):
        number = self.passed + self.failed + self.skipped + 1
        if good:
            self.passed += 1
            print(f'ok {number} - {name}', flush=True)
        else:
            self.failed += 1
            print(f'not ok {number} - {name}', flush=True)
            for line in str(detail).splitlines()[:20]:
                print(f'#   {line}', flush=True)
        return good

    def equal(self, name, got, wanted):
        return self.check(name, got == wanted, f'got:    {got!r}\nwanted: {wanted!r}')

    def skip(self, name, why):
        self.skipped += 1
        print(f'skip: {name}: {why}', flush=True)

    def end(self):
        print(f'login: {self.passed} passed, {self.failed} failed, {self.skipped} skipped', flush=True)
        return 1 if self.failed else 0


# --- processes, as the host sees them ---

def processes():
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]


def read(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read()
    except OSError:
        return ''


def field(pid, name):
    match = re.search(rf'^{name}:\s*(.*)$', read(f'/proc/{pid}/status'), re.M)
    return match.group(1) if match else ''


def uid_of(pid):
    return int((field(pid, 'Uid') or '-1').split()[0])


def id_map(pid):
    return ' '.join(read(f'/proc/{pid}/uid_map').split())


def namespace(pid, name):
    try:
        return os.readlink(f'/proc/{pid}/ns/{name}')
    except OSError:
        return ''


def zombie(pid):
    return field(pid, 'State').startswith('Z')


def of_person(name, command=None):
    """The living processes of a person."""
    return [pid for pid in processes() if uid_of(pid) == PEOPLE[name][0] and not zombie(pid) and
            (command is None or field(pid, 'Name') == command)]


def own_map(name):
    uid = PEOPLE[name][0]
    return f'{uid} {uid} 1'


def first_process(pid):
    """PID 1 of the pid namespace a process lives in."""
    wanted = namespace(pid, 'pid')
    for other in processes():
        if namespace(other, 'pid') == wanted and field(other, 'NSpid').split()[-1:] == ['1']:
            return other
    return None


def wait_for(condition, seconds=10):
    """Polls until a condition holds; returns its last value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.05)


# --- clients ---

def ssh_command(who, *command, port=EXTERNAL, options=()):
    return ['ssh', *SSH_OPTIONS, *options, '-p', str(port), f'{who}@127.0.0.1', *command]


def run(argv, seconds=60, **options):
    """Returns exit status, output, errors; None as status after the time is over."""
    options.setdefault('stdin', subprocess.DEVNULL)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                          **options) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, errors = process.communicate()
            return None, output.decode(errors='replace'), errors.decode(errors='replace')
    return process.returncode, output.decode(errors='replace'), errors.decode(errors='replace')


def ssh(who, *command, seconds=60, **options):
    return run(ssh_command(who, *command, **options), seconds)


class Background:
    """A client that stays while its processes are looked at."""

    def __init__(self, argv):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)

    def __enter__(self):
        return self

    def say(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def expect(self, pattern, seconds=30):
        """Reads until a pattern is seen; returns all that was read, or None."""
        seen, end = '', time.monotonic() + seconds
        while not re.search(pattern, seen):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 65536) if ready else b''
            if not chunk:
                return None
            seen += chunk.decode(errors='replace')
        return seen

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


class Terminal:
    """A client on a pty of its own."""

    def __init__(self, argv, rows=30, columns=100):
        self.pid, self.master = os.forkpty()
        if self.pid == 0:
            os.environ['TERM'] = 'dumb'
            os.execvp(argv[0], argv)
        self.resize(rows, columns)
        self.seen = ''

    def __enter__(self):
        return self

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, pattern, seconds=20):
        """The match in what came since the last one, or None."""
        end = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            try:
                chunk = os.read(self.master, 65536) if ready else b''
            except OSError:
                chunk = b''
            if not chunk:
                return None
            self.seen += chunk.decode(errors='replace')

    def ask(self, command, pattern, seconds=20):
        """Types a command whose answer stands between marks that the echo of the command does not hold."""
        self.type(f"echo '<''<'; {command}; echo '>''>'\n")
        match = self.expect(r'<<\r?\n' + pattern + r'>>', seconds)
        return match.group(1).strip() if match else None

    def end(self, seconds=20):
        """Waits for the client's end and returns its exit status."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            ready, _, _ = select.select([self.master], [], [], 0.05)
            try:
                if ready:
                    os.read(self.master, 65536)
            except OSError:
                time.sleep(0.05)
        return None

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)
