# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a login must be like under the policy of world.py. Every claim of confinement has its twin: bob, named by nothing."""
import os
import signal
import subprocess
import sys
import time
import traceback

from tools import (FULL_MAP, SSH_OPTIONS, Background, Results, Terminal, field, first_process, id_map, namespace, of_person,
                   own_map, processes, run, ssh, ssh_command, uid_of, wait_for, zombie)
from world import (CONFINED_GROUPS, EXTERNAL, INTERNAL, LIBEXECDIR, PEOPLE, POLICY, POLICY_TEXT, World, findings, write)

results = Results()
MAP = 'echo $(cat /proc/self/uid_map)'
HOST_MOUNTS = namespace('self', 'mnt')
HOST_PIDS = namespace('self', 'pid')
HOST_NET = namespace('self', 'net')


def expected_map(who):
    return own_map(who) if who in ('alice', 'erin', 'frank') else FULL_MAP


def settled(*people):
    """No process of these people is left."""
    return wait_for(lambda: not any(of_person(who) for who in people), 20)


# --- exec ---

def exec_is_confined(_):
    for who in ('alice', 'bob'):
        results.equal(f'{who}: ssh host cmd shows the right id map', ssh(who, MAP), (0, expected_map(who) + '\n', ''))
    status, output, _ = ssh('alice', 'grep -E "^(NoNewPrivs|Seccomp|Cap...):" /proc/self/status')
    lines = dict(line.split() for line in output.replace(':', '').splitlines())
    results.check('alice: no new privileges, a filter, no capability in any set',
                  status == 0 and lines.get('NoNewPrivs') == '1' and lines.get('Seccomp') == '2' and
                  all(int(lines.get(name, '1'), 16) == 0 for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')),
                  output)
    status, output, _ = ssh('bob', 'grep ^NoNewPrivs: /proc/self/status')
    results.equal('bob: none of that', output.split(), ['NoNewPrivs:', '0'])
    for who in ('alice', 'bob'):
        status, output, errors = ssh(who, 'id -un; id -Gn')
        groups = CONFINED_GROUPS if who == 'alice' else 'bob red green blue'
        results.equal(f'{who}: name and all groups by name', (output.split('\n')[0], sorted(output.split()[1:]), errors),
                      (who, sorted(groups.split()), ''))


def exec_sees_only_itself(world):
    sshd = world.servers[EXTERNAL].pid
    for who, seen in (('alice', False), ('bob', True)):
        status, output, _ = ssh(who, f'ls /proc | grep -x {sshd} || echo none; cat /etc/passwd; ls /home; hostname')
        results.check(f'{who}: the server, other accounts, other homes and the host name are {"" if seen else "not "}seen',
                      status == 0 and (f'{sshd}\n' in output, 'carol:' in output, '\ncarol\n' in output,
                                       'login-host' in output) == (seen,) * 4, output)


def exit_status_and_quoting(_):
    for who in ('alice', 'bob'):
        results.equal(f"{who}: ssh host 'exit 9' is 9 and says nothing", ssh(who, 'exit 9'), (9, '', ''))
        results.equal(f'{who}: blanks and && arrive as typed', ssh(who, 'echo "a  b" && echo c'), (0, 'a  b\nc\n', ''))
        results.equal(f'{who}: nothing but the output on stdout, nothing on stderr', ssh(who, 'true'), (0, '', ''))
        results.equal(f'{who}: a signal is told', ssh(who, 'kill -TERM $$')[0], 255)
        status, output, errors = run(ssh_command(who, 'cat | wc -c'), stdin=open('/bin/bash', 'rb'))
        results.equal(f'{who}: stdin arrives whole', (status, output.strip(), errors),
                      (0, str(os.path.getsize('/bin/bash')), ''))


# --- terminal ---

def terminal(_):
    for who in ('alice', 'bob'):
        with Terminal(ssh_command(who)) as shell:
            if not results.equal(f'{who}: a terminal shows the right id map', shell.ask(MAP, r'(.*)\r\n'),
                                 expected_map(who)):
                continue  # the rest would wait for answers that cannot come
            results.check(f'{who}: tty names a terminal', (shell.ask('tty', r'(.*)\r\n') or '').startswith('/dev/pts/'))
            results.equal(f'{who}: and it belongs to the person',
                          shell.ask('stat -c %U $(tty)', r'(.*)\r\n'), who)
            results.equal(f'{who}: its size is the client\'s', shell.ask('stty size', r'(.*)\r\n'), '30 100')
            shell.resize(50, 132)
            results.check(f'{who}: a resize arrives',
                          wait_for(lambda: shell.ask('stty size', r'(.*)\r\n') == '50 132', 5))
            job_control(who, shell)
            shell.type('exit 7\n')
            results.equal(f'{who}: the exit status of a terminal session', shell.end(), 7)
    results.check('nobody is left behind', settled('alice', 'bob'), of_person('alice') + of_person('bob'))


def job_control(who, shell):
    shell.type('sleep 1000\n')
    sleeping = wait_for(lambda: of_person(who, 'sleep'))
    shell.type('\x1a')
    results.check(f'{who}: Ctrl-Z stops the job', shell.expect('Stopped'), shell.seen)
    results.equal(f'{who}: jobs lists it', shell.ask('jobs', r'([^>]*)\r\n') and 'ok', 'ok')
    shell.type('fg\n')
    results.check(f'{who}: fg continues it', shell.expect('sleep 1000') and
                  wait_for(lambda: sleeping and field(sleeping[0], 'State').startswith('S')), shell.seen)
    shell.type('\x03')
    shell.type('ended=$?\n')
    results.equal(f'{who}: Ctrl-C ends it and not the shell', shell.ask('echo $ended', r'(.*)\r\n'), '130')
    results.check(f'{who}: and it is gone', wait_for(lambda: not of_person(who, 'sleep')))


def logins_are_recorded(_):
    for who in ('alice', 'bob'):
        with Terminal(ssh_command(who, options=('-tt',))) as shell:
            shell.ask('true', '()')
            results.check(f'{who}: a login on a terminal is recorded in utmp and wtmp',
                          all(who.encode() in open(path, 'rb').read() for path in ('/run/utmp', '/var/log/wtmp')))
            shell.type('exit\n')
            shell.end()


# --- file transfer ---

def external_sftp(_):
    for who in ('alice', 'bob'):
        with Background(['sftp', *SSH_OPTIONS, '-P', str(EXTERNAL), f'{who}@127.0.0.1']) as client:
            client.say('ls /home\n')
            listing = client.expect(rf'/home/{who}\b[^\n]*\n')
            servers = of_person(who, 'sftp-server')
            results.equal(f'{who}: sftp-server runs with the right id map', [id_map(pid) for pid in servers],
                          [expected_map(who)])
            results.equal(f'{who}: it sees other homes: {who == "bob"}', bool(listing and '/home/carol' in listing),
                          who == 'bob')
        fetched = f'/run/login-test/fetched.{who}'
        batch = f'/run/login-test/batch.{who}'
        write(batch, f'put /bin/bash up\nget up {fetched}\nrm up\n')
        status, output, errors = run(['sftp', '-b', batch, *SSH_OPTIONS, '-P', str(EXTERNAL), f'{who}@127.0.0.1'])
        results.check(f'{who}: what goes up by sftp comes down the same',
                      status == 0 and subprocess.run(['cmp', '-s', '/bin/bash', fetched], check=False).returncode == 0,
                      output + errors)


def transfer(who, name, argv, target):
    """Runs a slowed transfer, looks at its far end meanwhile, and compares what arrived."""
    with Background(argv) as client:
        far_end = wait_for(lambda: of_person(who, name))
        maps = {id_map(pid) for pid in far_end}
        client.process.wait(60)
        status = client.process.returncode
    results.equal(f'{who}: the far end of {name} runs with the right id map', maps, {expected_map(who)})
    path = f'/home/{who}/{target}'
    results.check(f'{who}: {name} brings the file over', status == 0 and
                  subprocess.run(['cmp', '-s', '/bin/bash', path], check=False).returncode == 0, status)
    if os.path.exists(path):
        os.unlink(path)


def scp_and_rsync(_):
    for who in ('alice', 'bob'):
        transfer(who, 'scp', ['scp', '-O', '-l', '12000', *SSH_OPTIONS, '-P', str(EXTERNAL), '/bin/bash',
                              f'{who}@127.0.0.1:scp-file'], 'scp-file')
        transfer(who, 'sftp-server', ['scp', '-l', '12000', *SSH_OPTIONS, '-P', str(EXTERNAL), '/bin/bash',
                                      f'{who}@127.0.0.1:scp-sftp-file'], 'scp-sftp-file')
        transfer(who, 'rsync', ['rsync', '--bwlimit=1000', '-e', ' '.join(['ssh', *SSH_OPTIONS, '-p', str(EXTERNAL)]),
                                '/bin/bash', f'{who}@127.0.0.1:rsync-file'], 'rsync-file')


# --- what sshd does itself ---

def user_child(who):
    """sshd's process of the person, the one that forwards and serves internal-sftp."""
    found = wait_for(lambda: of_person(who, 'sshd'))
    return found[0] if found else None


def namespaces_of_child(what, who):
    pid = user_child(who)
    got = tuple(namespace(pid, name) for name in ('mnt', 'pid', 'net')) if pid else None
    if who == 'bob':
        results.equal(f'bob: {what} stands in the host\'s mount, pid and network namespaces', got,
                      (HOST_MOUNTS, HOST_PIDS, HOST_NET))
        return
    first = first_process(pid) if pid else None
    results.check(f'{who}: {what} stands in a mount and a pid namespace of the session',
                  got and got[0] not in ('', HOST_MOUNTS) and got[1] not in ('', HOST_PIDS) and first and
                  namespace(first, 'pid') == got[1], (got, first))
    results.check(f'{who}: {what} stands in the session\'s network namespace',
                  got and first and got[2] == namespace(first, 'net') and (got[2] != HOST_NET) == (who == 'erin'), got)
    results.equal(f'{who}: in the host\'s user namespace still, PID 1 in its own',
                  (id_map(pid), id_map(first)) if pid and first else None, (FULL_MAP, expected_map(who)))


def internal_sftp(_):
    for who in ('alice', 'erin', 'bob'):
        with Background(['sftp', *SSH_OPTIONS, '-P', str(INTERNAL), f'{who}@127.0.0.1']) as client:
            client.say('ls /home\n')
            listing = client.expect(rf'/home/{who}\b[^\n]*\n')
            namespaces_of_child('internal-sftp', who)
            results.equal(f'G6 {who}: internal-sftp sees other homes: {who == "bob"}',
                          bool(listing and '/home/carol' in listing), who == 'bob')
            results.check(f'G6 {who}: no sftp-server runs', not of_person(who, 'sftp-server'))
    results.check('G6 nobody is left behind by internal-sftp', settled('alice', 'bob', 'erin'))


def forwarding(_):
    for who, reaches in (('alice', True), ('erin', False), ('bob', True)):
        listen = '127.0.0.1:2300'
        with Background(ssh_command(who, '-N', options=('-L', f'{listen}:127.0.0.1:{EXTERNAL}'))):
            namespaces_of_child('-L', who)
            banner = wait_for(lambda: read_banner(2300), 3)
            results.equal(f'G6 {who}: -L reaches the host\'s loopback: {reaches}', banner.startswith(b'SSH-2.0'), reaches)
    results.check('G6 nobody is left behind by -L', settled('alice', 'bob', 'erin'))


def ports(_):
    """ConnectPorts= and BindPorts= hold behind the door, and in sshd's own process."""
    connect = ("python3 -c 'import socket; s = socket.create_connection((\"127.0.0.1\", {})); print(s.recv(7).decode())' "
               "2>&1 | tail -n 1")
    bind = "python3 -c 'import socket; socket.create_server((\"127.0.0.1\", 2301)); print(\"bound\")' 2>&1 | tail -n 1 | sed 's/ (.*//'"
    denied = 'PermissionError: [Errno 13] Permission denied\n'
    for who, refused, bound in (('iris', denied, denied), ('alice', 'SSH-2.0\n', 'bound\n')):
        answers = [ssh(who, command)[1] for command in (connect.format(EXTERNAL), connect.format(INTERNAL), bind)]
        results.equal(f'{who}: ports behind the door', answers, ['SSH-2.0\n', refused, bound])
        for target, reaches in ((EXTERNAL, True), (INTERNAL, who == 'alice')):
            with Background(ssh_command(who, '-N', options=('-L', f'127.0.0.1:2300:127.0.0.1:{target}'))):
                banner = wait_for(lambda: read_banner(2300), 3)
                results.equal(f'{who}: -L reaches port {target}: {reaches}', bool(banner), reaches)
        with Background(ssh_command(who, '-N', options=('-R', f'127.0.0.1:2301:127.0.0.1:{EXTERNAL}'))):
            banner = wait_for(lambda: read_banner(2301), 3)
            results.equal(f'{who}: -R listens: {who == "alice"}', bool(banner), who == 'alice')
    results.equal('iris: the map is right under both', ssh('iris', MAP)[1], own_map('iris') + '\n')
    results.check('nobody is left behind by ports', settled('alice', 'iris'))


def door_gives_what_the_policy_says(_):
    command = ("cat /proc/self/oom_score_adj; sed -n 's/^Cpus_allowed_list:.//p' /proc/self/status; ionice; "
               "chrt -p $$ | sed -n 's/.* policy: //p'; sed -n 's/^Cap...:.0*\\(.\\)/\\1/p; s/^Seccomp_filters:.//p' /proc/self/status")
    results.equal('iris: score, processors, I/O class, policy, capabilities, two filters', ssh('iris', command)[1].split('\n'),
                  ['500', '0', 'idle', 'SCHED_BATCH', '20', '20', '20', '2020', '20', '2', ''])
    answer = ssh('bob', command)[1].split('\n')
    results.check('bob: none of that', answer[0] == '0' and answer[2:9] == ['none: prio 0', 'SCHED_OTHER', '0', '0', '0',
                                                                           answer[7], '0'] and answer[9] == '0', answer)


def read_banner(port):
    import socket
    with socket.socket() as client:
        client.settimeout(2)
        try:
            client.connect(('127.0.0.1', port))
            return client.recv(64)
        except OSError:
            return b''


# --- who is confined ---

def twenty_at_once(_):
    clients = [subprocess.Popen(ssh_command('alice', MAP + '; sleep 1'), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(20)]
    answers = []
    for client in clients:
        try:
            output, errors = client.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            client.kill()
            output, errors = client.communicate()
        answers.append((client.returncode, output.decode(), errors.decode()))
    results.equal('alice: 20 logins at once, all confined', answers, [(0, expected_map('alice') + '\n', '')] * 20)
    results.check('alice: and none leaves a process', settled('alice'), of_person('alice'))


def exempt_people(_):
    for who, why in (('bob', 'no member'), ('root', 'uid 0'), ('carol', 'sandbox-exempt'), ('dave', 'ExemptGroups')):
        wanted = f'{FULL_MAP}\n{HOST_MOUNTS}\n'
        results.equal(f'{who} ({why}) is not confined', ssh(who, MAP + '; readlink /proc/self/ns/mnt'), (0, wanted, ''))


# --- su ---

def su(who, *argv):
    return run(['su', *argv[:-1], who, '-c', argv[-1]])


def confined_or_refused(name, answer, who):
    """The command printed the person's own map, or nothing of it ran."""
    status, output, errors = answer
    results.check(name, (status == 0 and output.split('\n')[0] == own_map(who)) or (status not in (0, None) and output == ''),
                  (status, output, errors))


def su_and_other_shells(_):
    python = 'print(" ".join(open("/proc/self/uid_map").read().split()))'
    for who in ('alice', 'bob'):
        results.equal(f'G2 {who}: su shows the right id map', su(who, MAP), (0, expected_map(who) + '\n', ''))
        results.equal(f'G2 {who}: su tells the exit status', su(who, 'exit 9')[0], 9)
    confined_or_refused('G2 alice: su -s /bin/dash is confined or refused', su('alice', '-s', '/bin/dash', MAP), 'alice')
    confined_or_refused('G2 alice: su -s /usr/bin/python3 is confined or refused',
                        su('alice', '-s', '/usr/bin/python3', python), 'alice')
    confined_or_refused('G2 alice: su -s of a script in the home is confined or refused',
                        su('alice', '-s', script_in_home('alice'), MAP), 'alice')
    results.equal('G2 bob: su -s /bin/dash runs free', su('bob', '-s', '/bin/dash', MAP)[1], FULL_MAP + '\n')
    results.equal('G2 bob: su -s /usr/bin/python3 runs free', su('bob', '-s', '/usr/bin/python3', python)[1], FULL_MAP + '\n')
    results.equal('G2 bob: su -s of a script in the home runs free', su('bob', '-s', script_in_home('bob'), MAP)[1],
                  FULL_MAP + '\n')
    results.check('G2 nobody is left behind by su', settled('alice', 'bob'))


def runtime_limit(world):
    """RuntimeMaxSec= ends a login too; without it the same command runs to its end."""
    path = '/etc/sandbox-run/policy.d/60-time.conf'
    results.equal('erin: without a limit the command ends by itself', ssh('erin', 'sleep 3; echo end')[:2], (0, 'end\n'))
    write(path, '[user erin]\nRuntimeMaxSec=1s\n')
    status, output, _ = ssh('erin', 'sleep 30; echo end')
    os.unlink(path)
    results.check('erin: RuntimeMaxSec=1s ends her login', status not in (0, None) and output == '', (status, output))
    results.check('erin: nobody is left behind by it', settled('erin'))


def groups_clock_and_home(_):
    """Keys that a login applies at both doors: RemoveGroups=, BootTimeOffset=, Home=overlay. IDMap=root is not for logins."""
    path = '/etc/sandbox-run/policy.d/60-view.conf'
    probe = 'id -Gn; cut -d. -f1 /proc/uptime; echo 1 >~/vanishes && echo written'
    with open('/proc/uptime', encoding='ascii') as file:
        uptime = float(file.read().split()[0])
    for settings, groups, ahead, kept in (('RemoveGroups=green\nBootTimeOffset=100000s\nHome=overlay\n', 'alice blue red students', 10, False),
                                          ('', 'alice blue green red students', 0, True)):
        write(path, f'[user alice]\nProfile=shell\n{settings}')
        status, output, errors = ssh('alice', probe)
        os.unlink(path)
        lines = output.splitlines() + [''] * 3
        home = '/home/alice/vanishes'
        results.equal(f'alice: groups, clock and home with [{settings.strip()}]',
                      (status, ' '.join(sorted(lines[0].split())), round((float(lines[1] or 0) - uptime) / 10000), lines[2],
                       os.path.exists(home), errors), (0, groups, ahead, 'written', kept, ''))
        if os.path.exists(home):
            os.unlink(home)
    write(path, '[user alice]\nProfile=shell\nIDMap=root\n')
    results.check('alice: IDMap=root is refused for a login', ssh('alice', 'echo ran')[1] == '', '')
    os.unlink(path)
    results.check('nobody is left behind by these', settled('alice'))


def outbound(_):
    """PrivateNetwork=outbound: an interface that leads out, at both doors, gone with the session."""
    path = '/etc/sandbox-run/policy.d/60-network.conf'
    if 'tun\n' not in open('/proc/misc', encoding='ascii').read():
        results.skip('outbound', 'this kernel has no tun device')
        return
    os.makedirs('/dev/net', exist_ok=True)
    os.mknod('/dev/net/tun', 0o20666, os.makedev(10, 200))
    os.chmod('/dev/net/tun', 0o666)
    for words, seen in (('outbound', 'lo: tap0:'), ('yes', 'lo:')):
        write(path, f'[user erin]\nProfile=shell\nPrivateNetwork={words}\n')
        results.equal(f'erin: interfaces with PrivateNetwork={words}',
                      ssh('erin', "echo $(sed -n 's/^ *\\([a-z0-9]*:\\).*/\\1/p' /proc/net/dev)"), (0, seen + '\n', ''))
    os.unlink(path)
    results.check('nobody is left behind by it', settled('erin'))


def su_from_a_person(_):
    """su opens the session with its caller's real uid, which the helper must not inherit."""
    as_bob = ['setpriv', '--reuid=3002', '--regid=3002', '--clear-groups']
    results.equal('alice: su by bob shows the right id map', run([*as_bob, 'su', 'alice', '-c', MAP]),
                  (0, own_map('alice') + '\n', ''))
    results.equal('carol: su by bob is not confined', run([*as_bob, 'su', 'carol', '-c', MAP]), (0, FULL_MAP + '\n', ''))
    results.check('nobody is left behind by su from a person', settled('alice', 'carol'))


def script_in_home(who):
    path = f'/home/{who}/script'
    write(path, '#!/bin/sh\n' + MAP + '\n', 0o755)
    return path


def su_on_a_terminal(_):
    for who in ('alice', 'bob'):
        for options in ([], ['--pty']):
            with Terminal(['su', *options, who]) as shell:
                name = ' '.join(['su', *options])
                if not results.equal(f'{who}: {name} on a terminal shows the right id map',
                                     shell.ask(MAP, r'(.*)\r\n'), expected_map(who)):
                    continue
                shell.type('exit 5\n')
                results.equal(f'{who}: {name} tells the exit status', shell.end(), 5)
    results.check('nobody is left behind by su on a terminal', settled('alice', 'bob'))


def shell_changed_after_the_look_up(_):
    """su -l looks the shell up, then the stack changes it, then the module looks it up."""
    with open('/etc/passwd', encoding='utf-8') as file:
        passwd = file.read()
    results.equal('G2 frank: a shell of no list, unchanged, is confined', su('frank', MAP), (0, own_map('frank') + '\n', ''))
    for who in ('frank', 'henry'):
        answer = su(who, '-l', MAP)
        with open('/etc/passwd', encoding='utf-8') as file:
            results.check(f'G2 {who}: the stack did change his shell', PEOPLE[who][3] not in file.read())
        write('/etc/passwd', passwd)
        if who == 'frank':
            confined_or_refused('G2 frank: a shell changed after the look-up is confined or refused', answer, 'frank')
        else:
            results.equal('G2 henry: his runs free', answer[1], FULL_MAP + '\n')


# --- ends ---

def killed_monitor(_):
    for who in ('alice', 'bob'):
        with Background(ssh_command(who, 'setsid sleep 1000 & sleep 1001')):
            wait_for(lambda: len(of_person(who, 'sleep')) == 2)
            child = user_child(who)
            monitor = int(field(child, 'PPid')) if child else 0
            results.check(f'G3 {who}: the session runs and its monitor is root\'s',
                          monitor > 1 and uid_of(monitor) == 0 and len(of_person(who, 'sleep')) == 2, monitor)
            if monitor > 1:
                os.kill(monitor, signal.SIGKILL)
            if who == 'alice':
                results.check('G3 alice: SIGKILL to the monitor ends all her processes', settled('alice'),
                              [(pid, field(pid, 'Name')) for pid in of_person('alice')])
            else:
                time.sleep(1)
                results.check('G3 bob: his stay', of_person('bob', 'sleep'))
                for pid in of_person('bob'):
                    os.kill(pid, signal.SIGKILL)
    settled('alice', 'bob')


def killed_supervisor(_):
    with Background(ssh_command('alice', 'setsid sleep 1000 & sleep 1001')):
        wait_for(lambda: len(of_person('alice', 'sleep')) == 2)
        supervisors = [pid for pid in processes() if field(pid, 'Name') == 'sandbox-helper' and uid_of(pid) == 0]
        results.check('alice: one process of root supervises her', len(supervisors) == 1, supervisors)
        for pid in supervisors:
            os.kill(pid, signal.SIGKILL)
        results.check('alice: SIGKILL to it ends all her processes', settled('alice'), of_person('alice'))
    results.equal('alice: the next login works', ssh('alice', MAP), (0, expected_map('alice') + '\n', ''))


def monitor_keeps_one_descriptor(_):
    kinds = {}
    for who in ('alice', 'bob'):
        with Background(ssh_command(who, 'sleep 1000')):
            wait_for(lambda: of_person(who, 'sleep'))
            monitor = int(field(user_child(who), 'PPid'))
            kinds[who] = sorted(os.readlink(f'/proc/{monitor}/fd/{fd}').split(':')[0]
                                for fd in os.listdir(f'/proc/{monitor}/fd'))
            for pid in of_person(who):
                os.kill(pid, signal.SIGKILL)
    results.equal('alice: her monitor holds one socket more than bob\'s and nothing else', kinds['alice'],
                  sorted(kinds['bob'] + ['socket']))
    settled('alice', 'bob')


def logout_ends_what_was_left_running(_):
    for who, stays in (('alice', False), ('bob', True)):
        status, _, _ = ssh(who, 'setsid sleep 1000 >/dev/null 2>&1 </dev/null & exit 0')
        gone = wait_for(lambda: not of_person(who), 3)  # of any name: what was left may not have come to its exec yet
        results.equal(f'{who}: a process left running outlives the logout: {stays}', (status, bool(gone)), (0, not stays))
        for pid in of_person(who):
            os.kill(pid, signal.SIGKILL)
    settled('alice', 'bob')


def broken_policy(world):
    write(POLICY, POLICY_TEXT + 'NoSuchKey=yes\n')
    try:
        mark = len(world.log.lines)
        status, output, _ = ssh('alice', f'echo {own_map("alice")}')
        results.check('broken policy: a confined person is refused', status not in (0, None) and output == '',
                      (status, output))
        place = f'{POLICY}:{len((POLICY_TEXT + "x").splitlines())}:'
        lines = world.log.since(mark, place)
        results.check('broken policy: the log got one line with file and line', len(lines) == 1,
                      '\n'.join(world.log.lines[mark:]))
        for who in ('root', 'carol'):
            results.equal(f'broken policy: {who} gets in, unconfined', ssh(who, MAP), (0, FULL_MAP + '\n', ''))
        status, output, _ = run(['su', 'alice', '-c', 'echo in'])
        results.check('broken policy: su is refused too', status not in (0, None) and output == '', (status, output))
    finally:
        write(POLICY, POLICY_TEXT)
    results.equal('mended policy: she gets in again', ssh('alice', MAP), (0, expected_map('alice') + '\n', ''))


def failing_helper(world):
    """Whatever becomes of the helper: the person is refused in bounded time with one line, root gets in."""
    helper, kept = f'{LIBEXECDIR}/sandbox-helper', f'{LIBEXECDIR}/kept'
    os.rename(helper, kept)
    try:
        for what, text, mode, seconds in (('missing', None, 0, 5), ('not executable', '#!/bin/sh\n', 0o644, 5),
                                          ('ends at once', '#!/bin/sh\n', 0o755, 5),
                                          ('dies', '#!/bin/sh\nkill -ABRT $$\n', 0o755, 5),
                                          ('talks nonsense', '#!/bin/sh\necho nonsense >&3\n', 0o755, 5),
                                          ('hangs', '#!/bin/sh\nexec sleep 20\n', 0o755, 20)):
            if text is not None:
                write(helper, text, mode)
            mark, start = len(world.log.lines), time.monotonic()
            status, output, _ = ssh('alice', 'echo in')
            results.check(f'helper {what}: refused within {seconds} seconds', status not in (0, None) and output == '' and
                          time.monotonic() - start < seconds, (status, output, time.monotonic() - start))
            lines = [line for line in world.log.since(mark, 'pam_sandbox') if not line.startswith('<87>')]
            results.check(f'helper {what}: one line in the log', len(lines) == 1, '\n'.join(lines))
            results.equal(f'helper {what}: root gets in', ssh('root', 'echo in')[:2], (0, 'in\n'))
            if text is not None:
                os.unlink(helper)
    finally:
        os.rename(kept, helper)
    settled('alice')
    results.check('helper hangs: it is gone in the end',  # or it would be missed among what later tests list
                  wait_for(lambda: not any(field(pid, 'Name') == 'sleep' for pid in processes()), 20))


# --- the module's answers ---

def module_answers(world):
    permit = 'session required pam_permit.so\n'  # a stack in which everything is ignored denies
    write('/etc/pam.d/answers', 'session required pam_sandbox.so\n')
    write('/etc/pam.d/unknown-argument', 'session required pam_sandbox.so debug frobnicate\n' + permit)
    write('/etc/pam.d/bad-time', 'session required pam_sandbox.so try_until=tomorrow\n')
    write('/etc/pam.d/tried', 'session required pam_sandbox.so try_until=1\n' + permit)
    write('/etc/pam.d/trying', f'session required pam_sandbox.so try_until={int(time.time()) + 3600}\n')
    write('/etc/pam.d/systemd-user', 'session required pam_sandbox.so\n' + permit)
    table = (
        ('answers', 'nosuch', 'User not known'), ('answers', '../root', 'User not known'),
        ('answers', 'a:b', 'User not known'), ('answers', 'alice\nroot', 'User not known'),
        ('answers', '%n%n%n', 'User not known'), ('answers', 'x' * 300, 'User not known'),
        ('answers', '', 'User not known'), ('answers', '\xe4\xf6', 'User not known'),
        ('unknown-argument', 'bob', 'Error in service module'), ('bad-time', 'bob', 'Error in service module'),
        ('tried', 'alice', 'success'), ('trying', 'gina', 'success'), ('unknown-argument', 'root', 'success'),
        ('unknown-argument', 'carol', 'success'), ('systemd-user', 'alice', 'Permission denied'),
        ('systemd-user', 'bob', 'success'),
    )
    for service, who, wanted in table:
        mark = len(world.log.lines)
        status, output, errors = run(['pamtester', service, who, 'open_session'], 30)
        text = output + errors
        good = ('successfully opened' if wanted == 'success' else wanted) in text
        results.check(f'module: service {service}, person {who[:20]!r}: {wanted}', good, (status, text))
        if wanted.startswith('User not'):
            lines = world.log.since(mark, 'no such person', 0.1)
            results.check(f'module: and one line without raw bytes for {who[:20]!r}',
                          len(lines) == 1 and '\n' not in lines[0].strip('\0\n') and lines[0].isascii(), lines)
    status, output, errors = run(['setpriv', '--reuid', '3002', '--regid', '3002', '--clear-groups', 'pamtester', 'answers',
                                  'bob', 'open_session'], 30)
    results.check('module: a client without root gets a system error', 'System error' in output + errors, output + errors)
    status, output, errors = run(['pamtester', 'answers', 'alice', 'close_session'], 30)
    results.check('module: close without open succeeds', status == 0, output + errors)
    status, output, errors = run(['pamtester', 'trying', 'gina', 'open_session', 'close_session'], 30)
    results.check('module: open and close of a confined person', status == 0, (status, output, errors))
    results.check('module: close ends everything', settled('gina'))


def odd_clients(world):
    """What login programs may have done to themselves before they call (threats E3, E6)."""
    opener = 'pamtester trying gina open_session close_session'
    table = (
        ('SIGCHLD ignored', True, f"trap '' CHLD; {opener}"),
        ('descriptors 0 to 2 closed', True, f'{opener} <&- >&- 2>&-'),
        ('few descriptors', False, f'ulimit -n 12; {opener}'),
        ('a file size limit of 0', False, f'ulimit -f 0; {opener}'),
        ('a small stack', True, f'ulimit -s 128; {opener}'),
        ('descriptors up to 200 open', True, 'for n in $(seq 10 200); do eval "exec $n</dev/null"; done; ' + opener),
    )
    for name, works, command in table:
        mark = len(world.log.lines)
        status, output, errors = run(['bash', '-c', command], 40)
        refused = status == 1 and len(world.log.since(mark, 'no sandbox for "gina"')) == 1
        results.check(f'module: a client with {name}{"" if works else " works or is refused"}',
                      status == 0 or (not works and refused), (status, output, errors))
    results.check('module: odd clients leave nobody', settled('gina'))


# --- leaks ---

def listing(world):
    found = []
    for root in ('/run', '/tmp', '/dev/shm', '/var/tmp'):
        for path, directories, files in os.walk(root):
            found += [f'file {path}/{name}' for name in directories + files if not path.startswith('/run/login-test')]
    with open('/proc/self/mountinfo', encoding='utf-8') as file:
        found += [f'mount {line.split(" ", 3)[3]}' for line in file]
    for path, directories, _ in os.walk('/sys/fs/cgroup'):
        found += [f'cgroup {path}/{name}' for name in directories]
    found += [f'process {field(pid, "Name")} {uid_of(pid)}' for pid in processes() if not zombie(pid) and
              read_cmdline(pid)]
    for port, server in world.servers.items():
        for fd in os.listdir(f'/proc/{server.pid}/fd'):
            found.append(f'sshd {port} fd {fd} {os.readlink(f"/proc/{server.pid}/fd/{fd}").split(":")[0]}')
    return sorted(found)


def read_cmdline(pid):
    """Kernel threads have none."""
    try:
        with open(f'/proc/{pid}/cmdline', 'rb') as file:
            return file.read()
    except OSError:
        return b''


def fifty_logins_leave_nothing(world):
    settled('alice', 'bob')
    ssh('alice', 'true')  # what is made once and stays, stays from here on
    settled('alice')
    time.sleep(1)
    before = listing(world)
    failures = [answer for answer in (ssh('alice', MAP) for _ in range(50))
                if answer != (0, expected_map('alice') + '\n', '')]
    results.equal('leaks: 50 logins work', failures, [])
    same = wait_for(lambda: listing(world) == before, 30)
    after = listing(world)
    results.check('leaks: mounts, cgroups, /run, /tmp, /dev/shm, processes, descriptors are as before', same,
                  '\n'.join([f'- {line}' for line in before if line not in after] +
                            [f'+ {line}' for line in after if line not in before] + [f'{len(before)} {len(after)}']))


TESTS = (exec_is_confined, exec_sees_only_itself, exit_status_and_quoting, terminal, external_sftp, scp_and_rsync,
         internal_sftp, forwarding, ports, door_gives_what_the_policy_says, logins_are_recorded, exempt_people, su_and_other_shells, su_from_a_person, runtime_limit, groups_clock_and_home, outbound, su_on_a_terminal, shell_changed_after_the_look_up, killed_monitor,
         killed_supervisor, monitor_keeps_one_descriptor, logout_ends_what_was_left_running, broken_policy, failing_helper, module_answers, odd_clients, twenty_at_once,
         fifty_logins_leave_nothing)


def main():
    wanted = os.environ.get('LOGIN_TESTS', '').split()
    world = World(sys.argv[1])
    try:
        for test in TESTS:
            if wanted and test.__name__ not in wanted:
                continue
            try:
                test(world)
            except Exception:  # one broken test must not hide the others
                results.check(f'{test.__name__} runs to its end', False, traceback.format_exc())
    finally:
        world.stop()
        found = findings()
        if found:
            results.check('sanitizers watched what ran', found[0] > 0, found)
            results.check('sanitizers find nothing', found[1] == 0, found[2])
        if results.failed and os.environ.get('LOGIN_LOGS'):
            for name in ('log', f'sshd.{EXTERNAL}', f'sshd.{INTERNAL}'):
                print(f'# --- {name}')
                with open(f'/run/login-test/{name}', encoding='utf-8', errors='replace') as file:
                    print(file.read())
    return results.end()


if __name__ == '__main__':
    sys.exit(main())
