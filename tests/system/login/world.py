# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine the login tests run on: private mounts, people, PAM stacks, two sshd, a listener on /dev/log."""
import os
import socket
import stat
import struct
import subprocess
import threading
import time

LIBEXECDIR = '/usr/libexec/sandbox-run'
EXTERNAL, INTERNAL = 2201, 2202  # ports: sftp-server, internal-sftp
POLICY = '/etc/sandbox-run/policy.conf'
POLICY_TEXT = '[group students]\nProfile=shell\n[login]\nExemptGroups=trusted\n'
# The compiled-in profile keeps the network; one person has none, so that network namespaces can be told apart.
# Gina is confined through a service of pamtester.
# Iris may connect to one port, and listen on none, and begins with what the keys of process and privilege give.
POLICY_MORE = (f'[user iris]\nProfile=shell\nConnectPorts={EXTERNAL}\nBindPorts=none\nOOMScoreAdjust=500\nCPUAffinity=0\n'
               'CPUSchedulingPolicy=batch\nIOSchedulingClass=idle\nSystemCallLog=settimeofday\n'
               'CapabilityBoundingSet=CAP_KILL CAP_NET_RAW\nAmbientCapabilities=CAP_KILL\n'
               '[user erin]\nProfile=shell\nPrivateNetwork=yes\n'
               '[user gina]\nProfile=shell\nServices=trying sshd\n')
FINDINGS = f'{LIBEXECDIR}/findings'
KEY = '/run/login-test/key'

PEOPLE = {
    'root': (0, 0, '/root', '/bin/bash'),
    'alice': (3001, 3001, '/home/alice', '/bin/bash'),  # confined by her group
    'bob': (3002, 3002, '/home/bob', '/bin/bash'),      # named by nothing
    'carol': (3003, 3003, '/home/carol', '/bin/bash'),  # sandbox-exempt
    'dave': (3004, 3004, '/home/dave', '/bin/bash'),    # ExemptGroups
    'erin': (3005, 3005, '/home/erin', '/bin/bash'),    # no network
    'frank': (3006, 3006, '/home/frank', '/opt/oddshell'),  # as alice
    'gina': (3007, 3007, '/home/gina', '/bin/bash'),
    'henry': (3008, 3008, '/home/henry', '/opt/oddshell'),  # as bob
    'iris': (3009, 3009, '/home/iris', '/bin/bash'),
    'daemon': (1, 1, '/usr/sbin', '/usr/sbin/nologin'),
    'sshd': (102, 65534, '/run/sshd', '/usr/sbin/nologin'),
    'nobody': (65534, 65534, '/nonexistent', '/usr/sbin/nologin'),
}
GROUPS = {
    'root': (0, ''), 'daemon': (1, ''), 'tty': (5, ''), 'utmp': (43, ''), 'nogroup': (65534, ''),
    'alice': (3001, ''), 'bob': (3002, ''), 'carol': (3003, ''), 'dave': (3004, ''), 'erin': (3005, ''),
    'frank': (3006, ''), 'gina': (3007, ''), 'henry': (3008, ''), 'iris': (3009, ''),
    'students': (4001, 'alice,carol,dave,frank'), 'red': (4002, 'alice,bob'), 'green': (4003, 'alice,bob'),
    'blue': (4010, 'alice,bob'), 'sandbox-exempt': (4100, 'carol'), 'trusted': (4101, 'dave'),
}
CONFINED_GROUPS = 'alice students red green blue'

GENERIC_OPTIONS = ('rw', 'ro', 'nosuid', 'nodev', 'noexec', 'relatime', 'noatime', 'xattr', 'clone_children',
                   'nsdelegate', 'memory_recursiveprot')

SSHD_CONFIG = '''
ListenAddress 127.0.0.1
Port {port}
HostKey /run/login-test/host_key
PidFile none
AuthorizedKeysFile /run/login-test/key.pub
StrictModes no
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PrintMotd no
PrintLastLog no
MaxStartups 100
UseDNS no
Subsystem sftp {sftp}
'''

# The module's place is last among what must see the host; pam_env after it stands for modules that follow in real stacks.
PAM_SSHD = '''
account required pam_permit.so
auth required pam_deny.so
session required pam_limits.so
session required pam_unix.so
session required pam_sandbox.so debug
session required pam_env.so
'''
PAM_SU = '''
auth sufficient pam_rootok.so
auth sufficient pam_permit.so
account required pam_permit.so
session required pam_limits.so
session required pam_sandbox.so
'''
PAM_SU_L = PAM_SU.replace('session required pam_sandbox.so',
                          'session required pam_exec.so /run/login-test/change-shell\nsession required pam_sandbox.so')


def sh(*argv, **options):
    """Runs a command of the set-up; a failure ends the tests."""
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, **options)


def write(path, text, mode=0o644):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    os.chmod(path, mode)


def tmpfs(path, mode='755'):
    sh('mount', '-t', 'tmpfs', '-o', f'mode={mode}', 'login-test', path)


def copied(path):
    """A private copy of a directory of the host, over itself."""
    tmpfs('/mnt')
    sh('cp', '-a', f'{path}/.', '/mnt/')
    sh('mount', '--move', '/mnt', path)


class Log(threading.Thread):
    """Stands for syslogd."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind('/dev/log')
        os.chmod('/dev/log', 0o666)
        self.lines = []
        self.start()

    def run(self):
        while True:
            line = self.socket.recv(65536).decode('utf-8', 'replace')
            self.lines.append(line)
            with open('/run/login-test/log', 'a', encoding='utf-8') as file:
                file.write(line + '\n')

    def since(self, mark, text, wait=0.5):
        """The lines after a mark that hold a text."""
        time.sleep(wait)
        return [line for line in self.lines[mark:] if text in line]


def make_devices():
    """A /dev of our own: /dev/log must not appear on the host."""
    tmpfs('/mnt')
    for name in ('null', 'zero', 'full', 'random', 'urandom', 'tty'):
        status = os.stat(f'/dev/{name}')
        os.mknod(f'/mnt/{name}', 0o666 | stat.S_IFCHR, status.st_rdev)
        os.chmod(f'/mnt/{name}', 0o666)
    for name in ('pts', 'shm', 'mqueue'):
        os.mkdir(f'/mnt/{name}')
    os.symlink('pts/ptmx', '/mnt/ptmx')
    os.symlink('/proc/self/fd', '/mnt/fd')
    for number, name in enumerate(('stdin', 'stdout', 'stderr')):
        os.symlink(f'/proc/self/fd/{number}', f'/mnt/{name}')
    sh('mount', '--move', '/mnt', '/dev')
    sh('mount', '-t', 'devpts', '-o', 'newinstance,gid=5,mode=620,ptmxmode=666', 'devpts', '/dev/pts')
    sh('mount', '-t', 'mqueue', 'mqueue', '/dev/mqueue')
    tmpfs('/dev/shm', '1777')


def own_cgroups():
    """Mounts every hierarchy anew: from inside the cgroup namespace each shows our own cgroup as its root."""
    with open('/proc/self/mounts', encoding='utf-8') as file:
        mounts = [line.split()[1:4] for line in file]
    for path, kind, options in mounts:
        if kind not in ('cgroup', 'cgroup2') or not path.startswith('/sys/fs/cgroup'):
            continue
        names = [word for word in options.split(',') if word not in GENERIC_OPTIONS]
        named = any(word.startswith('name=') for word in names)
        sh('umount', path)
        if kind == 'cgroup':
            sh('mount', '-t', kind, '-o', ','.join(['none'] * named + names), kind, path)
            continue
        sh('mount', '-t', kind, kind, path)
        # cgroups(7), "no internal processes": the root must be empty to give controllers on.
        os.mkdir(f'{path}/harness')
        for pid in (1, os.getpid()):
            write_control(f'{path}/harness/cgroup.procs', str(pid))


def write_control(path, text):
    with open(path, 'w', encoding='ascii') as file:
        file.write(text)


def make_people():
    write('/etc/passwd', ''.join(f'{name}:x:{uid}:{gid}:{name} of the tests:{home}:{shell}\n'
                                 for name, (uid, gid, home, shell) in PEOPLE.items()))
    write('/etc/shadow', ''.join(f'{name}:*:19000:0:99999:7:::\n' for name in PEOPLE), 0o640)
    write('/etc/group', ''.join(f'{name}:x:{gid}:{members}\n' for name, (gid, members) in GROUPS.items()))
    write('/etc/gshadow', ''.join(f'{name}:*::{members}\n' for name, (_, members) in GROUPS.items()), 0o640)
    write('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n')
    write('/etc/shells', '/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/dash\n/usr/bin/dash\n')
    for name, (uid, gid, home, _) in PEOPLE.items():
        if home.startswith('/home/'):
            os.mkdir(home, 0o700)
            write(f'{home}/hello', f'hello {name}\n')
            for path in (home, f'{home}/hello'):
                os.chown(path, uid, gid)


def install(build):
    os.makedirs(f'{LIBEXECDIR}/door', 0o755)
    os.chmod(f'{LIBEXECDIR}/door', 0o700)
    modules = next(path for path in ('/lib/x86_64-linux-gnu/security', '/lib/aarch64-linux-gnu/security',
                                     '/usr/lib64/security', '/lib/security') if os.path.exists(f'{path}/pam_unix.so'))
    copied(modules)
    for source, target, mode in (('sandbox-helper', f'{LIBEXECDIR}/sandbox-helper', '4755'),
                                 ('sandbox-door', f'{LIBEXECDIR}/door/sandbox-door', '4755'),
                                 ('pam_sandbox.so', f'{modules}/pam_sandbox.so', '644')):
        sh('install', '-m', mode, f'{build}/{source}', target)
    os.makedirs('/etc/sandbox-run/policy.d', exist_ok=True)
    write(POLICY, POLICY_TEXT)
    write('/etc/sandbox-run/policy.d/50-more.conf', POLICY_MORE)
    write('/etc/pam.d/sshd', PAM_SSHD)
    write('/etc/pam.d/su', PAM_SU)
    write('/etc/pam.d/su-l', PAM_SU_L)


def prepare_sanitizers(build):
    """A module built with the address sanitizer works only in a program that has loaded its library first: all do, set-uid
    ones too (ld.so(8)). Findings go to a file that every process has mapped: tests/sanitizer/findings.c."""
    if not os.path.exists(f'{build}/findings.so'):
        return
    with open(FINDINGS, 'wb') as file:
        file.truncate(131072)
    os.chmod(FINDINGS, 0o666)
    library = subprocess.run(['gcc', '-print-file-name=libasan.so'], check=True,
                             stdout=subprocess.PIPE).stdout.decode().strip()
    write('/etc/ld.so.preload', f'{build}/findings.so\n{os.path.realpath(library)}\n')


def findings():
    """How many programs were watched and what was found in them; None without sanitizers."""
    if not os.path.exists(FINDINGS):
        return None
    with open(FINDINGS, 'rb') as file:
        starts, length = struct.unpack('II', file.read(8))
        return starts, length, file.read().rstrip(b'\0').decode(errors='replace')


def start_sshd(port, sftp):
    config = f'/run/login-test/sshd_config.{port}'
    write(config, SSHD_CONFIG.format(port=port, sftp=sftp))
    log = open(f'/run/login-test/sshd.{port}', 'w', encoding='utf-8')
    server = subprocess.Popen(['/usr/sbin/sshd', '-D', '-e', '-f', config], stdin=subprocess.DEVNULL, stdout=log,
                              stderr=log)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(('127.0.0.1', port)) == 0:
                return server
        time.sleep(0.05)
    raise RuntimeError(f'sshd does not listen on port {port}')


class World:
    def __init__(self, build):
        build = os.path.abspath(build)
        kept = {}
        for name in ('sandbox-helper', 'sandbox-door', 'pam_sandbox.so', 'findings.so'):
            if name == 'findings.so' and not os.path.exists(f'{build}/{name}'):
                continue  # no build with sanitizers
            with open(f'{build}/{name}', 'rb') as file:
                kept[name] = file.read()
        copied('/etc')
        copied('/usr/libexec')
        for path, mode in (('/home', '755'), ('/run', '755'), ('/var/log', '755'), ('/tmp', '1777'),
                           ('/var/tmp', '1777'), ('/root', '700'), ('/opt', '755')):
            tmpfs(path, mode)
        for path in ('/run/sshd', '/run/login-test', '/run/login-test/build'):
            os.mkdir(path, 0o755)
        for name, content in kept.items():
            with open(f'/run/login-test/build/{name}', 'wb') as file:
                file.write(content)
        own_cgroups()
        make_devices()
        make_people()
        sh('cp', '/bin/bash', '/opt/oddshell')
        write('/run/login-test/change-shell',
              '#!/bin/sh\nsed -i s,/opt/oddshell,/bin/bash, /etc/passwd\n', 0o755)
        for path in ('/var/log/wtmp', '/var/log/lastlog', '/run/utmp'):
            write(path, '')
        install('/run/login-test/build')
        sh('hostname', 'login-host')
        sh('ip', 'link', 'set', 'lo', 'up')
        for path in (KEY, '/run/login-test/host_key'):
            sh('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path)
        self.log = Log()
        prepare_sanitizers('/run/login-test/build')
        self.servers = {EXTERNAL: start_sshd(EXTERNAL, '/usr/lib/openssh/sftp-server'),
                        INTERNAL: start_sshd(INTERNAL, 'internal-sftp')}

    def stop(self):
        for server in self.servers.values():
            server.terminate()
            server.wait(10)
