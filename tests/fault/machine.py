# SPDX-License-Identifier: LGPL-2.1-or-later
"""The private machine that tests/fault/run made: the ways in, one run of them, and what must not be left afterwards."""
import os
import re
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../system/login'))
from world import make_devices  # noqa: E402

from world import make_devices  # noqa: E402

LIBEXEC = '/usr/libexec/sandbox-run'
HELPER, INJECT, LOGIN = f'{LIBEXEC}/sandbox-helper', f'{LIBEXEC}/fault-inject', f'{LIBEXEC}/fault-login'
WORK, IDS = os.environ['FAULT_WORK'], os.environ['FAULT_IDS'].split()
HIERARCHIES = os.environ['FAULT_HIERARCHIES'].split()
DIRECTORY, RAN = '/home/alice/work', '/home/alice/work/ran'
BOUND = 15       # seconds of one run
LEAVING = 3.0    # seconds in which what was killed must be gone

ALICE = ['setpriv', *IDS]
LOOK = ['/bin/sh', '/home/alice/look']
ENTRIES = {
    'command': ALICE + [HELPER, 'run', '--quiet', '--set=MemoryMax=64M', '--set=TasksMax=1%', '--set=CPUQuota=50%', '--'] + LOOK,
    'rootless': ALICE + [HELPER, 'run', '--quiet', '--rootless', '--'] + LOOK,
    'login': [LOGIN, 'fault', 'alice', 'exec /bin/sh /home/alice/look'],
}
ENVIRONMENT = {'PATH': '/usr/local/bin:/usr/bin:/bin:/usr/sbin', 'TERM': 'dumb'}
# --- what is there ------------------------------------------------------------------------------------------------------

def own_cgroups():
    """The suite's own cgroup in every hierarchy; nothing above can be named."""
    return sorted(os.path.join(WORK, 'own', number) for number in os.listdir(os.path.join(WORK, 'own')))


def processes():
    """Pids in the suite's cgroups, but for the ones that were there before."""
    found = set()
    for top in own_cgroups():
        for directory, _, files in os.walk(top):
            if 'cgroup.procs' in files:
                try:
                    with open(os.path.join(directory, 'cgroup.procs')) as file:
                        found |= {int(line) for line in file}
                except OSError:
                    pass
    return found - {0, os.getpid()} - before


def leftovers():
    left = []
    for top in own_cgroups():
        place = os.path.join(top, 'sandbox-run')
        if os.path.isdir(place):
            left += [f'cgroup {place}/{name}' for name in os.listdir(place) if os.path.isdir(os.path.join(place, name))]
    if os.path.isdir('/run/sandbox-run'):
        left += [f'/run/sandbox-run/{name}' for name in os.listdir('/run/sandbox-run')]
    left += [f'process {pid}' for pid in processes()]
    with open('/proc/self/mountinfo') as file:
        if file.read() != mounts:
            left.append('a mount')
    return sorted(set(left) - known)


def wait_until(nothing):
    """Looks until there is nothing, for a while. Returns what is left."""
    end = time.monotonic() + LEAVING
    while (left := nothing()) and time.monotonic() < end:
        time.sleep(0.005)
    return left


def collect_garbage():
    """Only where every hierarchy that gc can see is the suite's own: it ends what it takes for leftovers."""
    shown = sorted((os.stat(path).st_dev, os.stat(path).st_ino) for path in HIERARCHIES)
    if shown != sorted((os.stat(path).st_dev, os.stat(path).st_ino) for path in own_cgroups()):
        raise SystemExit('not our own cgroups')
    subprocess.run([HELPER, 'gc'], stdout=subprocess.DEVNULL, check=False)


class Log(threading.Thread):
    """Stands for syslogd: the line that a refused login leaves."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind('/dev/log')
        self.lines = []
        self.start()

    def run(self):
        while True:
            self.lines.append(self.socket.recv(65536).decode('utf-8', 'replace'))


def begin_anew():
    """As on a machine where no sandbox was started yet."""
    if os.path.exists(RAN):
        os.unlink(RAN)
    for place in ['/run/sandbox-run', *(f'{top}/sandbox-run' for top in own_cgroups())]:
        try:
            os.rmdir(place)
        except OSError:
            pass
    del log.lines[:]


# --- one run ------------------------------------------------------------------------------------------------------------

class Run:
    """A command under inject; fault: what goes wrong, see inject.c."""

    def __init__(self, command, fault=()):
        begin_anew()
        path = f'{WORK}/record'
        self.late = False
        with open(f'{WORK}/out', 'w+') as out, open(f'{WORK}/err', 'w+') as err:
            process = subprocess.Popen([INJECT, path, *(str(word) for word in fault), '--', *command], cwd=DIRECTORY,
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=ENVIRONMENT, start_new_session=True)
            try:
                self.status = process.wait(BOUND)
            except subprocess.TimeoutExpired:
                self.late = True
                process.kill()  # what it follows ends with it
                self.status = process.wait()
            out.seek(0)
            err.seek(0)
            self.out, self.err = out.read(), err.read()
        with open(path) as file:
            self.record = file.read().splitlines()
        self.out += '\n'.join(line for line in self.record if line.startswith('cgroup '))
        self.hit = 'hit' in self.record
        self.ran = 'began' in self.record or os.path.exists(RAN)

    def view(self):
        """What the payload told, so that it can be compared."""
        return self.status, normal(self.out), self.lines()

    def lines(self):
        """What was said: on standard error, in the log."""
        end = time.monotonic() + 0.2
        while re.match(r'open [1-9]', self.out) and not log.lines and time.monotonic() < end:
            time.sleep(0.005)
        said = [line for line in self.err.splitlines() if not line.startswith('hint: ')]
        return said + [line for line in log.lines if 'debug' not in line]


def difference(one, other):
    first, second = one.splitlines(), other.splitlines()
    return f'less {[line for line in first if line not in second][:6]} more {[line for line in second if line not in first][:6]}'


def normal(text):
    """Without what differs from run to run: ids of sandboxes, inode numbers of pipes, pids, mount ids."""
    text = text.replace(WORK, 'WORK')
    text = re.sub(r'\b[0-9a-f]{12}\b', 'ID', text)
    for link, name in host_namespaces.items():
        text = text.replace(link, name)
    text = re.sub(r'((?:mnt|pid|ipc|uts|net|user|cgroup|time)):\[\d+\]', r'\1:own', text)
    text = re.sub(r'^\d+ \d+ \d+:\d+ ', 'mount ', text, flags=re.M)
    text = re.sub(r'(shared|master|propagate_from|unbindable):\d+ ', '', text)
    text = re.sub(r'(socket|pipe):\[\d+\]', r'\1:', text)
    text = re.sub(r'/proc/\d+|/proc/self/fd/\d+', lambda m: '/proc/N' if m[0][6] != 's' else m[0], text)
    text = re.sub(r'(NSpid|NSpgid|NSsid):.*', r'\1', text)
    return text


make_devices()  # /dev/log must not be the host's
log = Log()
before, known = set(), set()
before = processes()
with open('/proc/self/mountinfo') as mountinfo:
    mounts = mountinfo.read()
host_namespaces = {os.readlink(f'/proc/self/ns/{name}'): f'{name.split("_")[0]}:host' for name in os.listdir('/proc/self/ns')}
