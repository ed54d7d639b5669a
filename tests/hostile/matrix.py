# SPDX-License-Identifier: LGPL-2.1-or-later
"""B1 to B4 of threats.md: the attempts of inside/, outside and in each kind of sandbox. As root, in the private machine of run.

matrix.py HELPER PROGRAM: PROGRAM stands in the directory from which everything is started."""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time

from table import Table, order, parse

HELPER, PROGRAM = sys.argv[1:3]
WORK = os.path.dirname(PROGRAM)
ROOT_WORK = "/root/work"
PERSON = ["setpriv", "--reuid=3001", "--regid=3001", "--groups=3001,3101,3102,3103"]
ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin", "TERM": "dumb"}
LIMITS = ["--set", "MemoryMax=64M", "--set", "TasksMax=40", "--set", "CPUQuota=30%", "--set", "TmpSize=32M", "--set", "TmpInodes=500"]
SECONDS = 60
libc = ctypes.CDLL(None, use_errno=True)

SANITIZED = os.path.exists(os.path.dirname(HELPER) + "/findings")
NO_CGROUP = "without privilege and delegation there is no limit to set"
# How each kind of sandbox is started, from where, and what it does not contain, by name.
WAYS = {
    "set-uid": (PERSON, [], WORK, {}),
    "no Landlock": (PERSON, ["--profile", "bare"], WORK, {}),
    "unprivileged": (PERSON, ["--rootless"], WORK, {
        "fork bomb": NO_CGROUP, "memory bomb": NO_CGROUP, "filling a memfd": NO_CGROUP, "filling a shared segment": NO_CGROUP,
        "filling sockets": NO_CGROUP, "a spinning processor": NO_CGROUP,
    }),
    "root": ([], [], ROOT_WORK, {
        "a file of root": "root's own", "become root": "is root", "more than the own id": "the own id is 0",
        "give a file away": "to itself",
    }),
}


class Host:
    """What there is outside to be got."""

    def __init__(self):
        self.facts = {}
        self.run = "/run/hostile"
        os.makedirs(self.run, exist_ok=True)
        for name, mode in (("secret", 0o644), ("lock", 0o644)):
            self.file(f"{self.run}/{name}", mode)
        self.facts.update(covered=f"{self.run}/secret", lock=f"{self.run}/lock")
        self.programs()
        self.sockets()
        self.others()
        self.names()
        self.late()

    @staticmethod
    def file(path, mode, text="content\n"):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, mode)

    def programs(self):
        os.makedirs("/usr/lib/hostile", exist_ok=True)
        for name, mode in (("setuid", 0o4755), ("setgid", 0o2755), ("capable", 0o755)):
            path = f"/usr/lib/hostile/{name}"
            subprocess.run(["cp", PROGRAM, path], check=True)
            os.chown(path, 0, 3002 if name == "setgid" else 0)
            os.chmod(path, mode)
            self.facts[name] = path
        # struct vfs_cap_data, revision 2 with the effective bit: CAP_NET_RAW (linux/capability.h)
        os.setxattr("/usr/lib/hostile/capable", "security.capability",
                    bytes([1, 0, 0, 2]) + (1 << 13).to_bytes(4, "little") + bytes(12))
        self.file("/usr/lib/hostile/root-file", 0o600)
        self.facts.update({"root-file": "/usr/lib/hostile/root-file", "other-group": "3002"})

    def sockets(self):
        self.listeners = []
        tcp = socket.create_server(("127.0.0.1", 0))
        port = tcp.getsockname()[1]
        six = socket.create_server(("::1", port), family=socket.AF_INET6)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", port))
        abstract, path = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        name = f"hostile-{os.getpid()}"
        abstract.bind("\0" + name)
        path.bind(f"{self.run}/socket")
        os.chmod(f"{self.run}/socket", 0o666)
        for listener in (abstract, path):
            listener.listen(100)
        self.listeners = [tcp, six, udp, abstract, path]
        for listener in (tcp, six, abstract, path):
            threading.Thread(target=self.accept, args=(listener,), daemon=True).start()
        threading.Thread(target=self.echo, args=(udp,), daemon=True).start()
        self.facts.update(port=port, abstract=name, socket=f"{self.run}/socket")

    @staticmethod
    def accept(listener):
        while True:
            listener.accept()[0].close()

    @staticmethod
    def echo(udp):
        while True:
            data, peer = udp.recvfrom(64)
            udp.sendto(data, peer)

    def others(self):
        mark = f"hostile-victim-{os.getpid()}"
        image = "/home/alice/victim"
        subprocess.run(["cp", "/usr/bin/sleep", image], check=True)
        os.chown(image, 3001, 3001)
        os.symlink(image, f"/home/alice/{mark}")
        self.victim = subprocess.Popen([*PERSON, f"/home/alice/{mark}", "900"], stdin=subprocess.DEVNULL)
        for _ in range(100):
            if os.readlink(f"/proc/{self.victim.pid}/exe") == image:
                break
            time.sleep(0.02)
        self.terminal = os.openpty()
        os.chown(os.ttyname(self.terminal[1]), 3001, 3001)
        shm = f"/dev/shm/hostile-{os.getpid()}"
        self.file(shm, 0o644)
        disks = [f"/dev/{entry}" for entry in sorted(os.listdir("/sys/class/block")) if os.path.exists(f"/dev/{entry}")]
        self.facts.update({
            "victim": self.victim.pid, "mark": mark, "terminal": os.ttyname(self.terminal[1]), "shm": shm,
            "disk": next((disk for disk in disks if not disk.startswith(("/dev/loop", "/dev/zram"))), disks[0] if disks else ""),
            "other-person": "bob", "other-home": "/home/bob", "other-file": "/home/bob/file", "other-uid": 3002})

    def names(self):
        key = f"hostile-{os.getpid()}"
        # A session keyring that everything started from here inherits (keyctl(2)).
        libc.syscall(250, 1, None)
        if libc.syscall(248, b"user", key.encode(), b"secret", 6, -3) < 0:
            print("# no key could be added")
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        machine = "00112233445566778899aabbccddeeff"
        self.file("/etc/machine-id", 0o444, machine + "\n")
        if os.path.isdir("/var/lib/dbus"):
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/var/lib/dbus"], check=True)
            self.file("/var/lib/dbus/machine-id", 0o444, machine + "\n")
        self.file("/run/utmp", 0o664)
        with open("/proc/net/dev", encoding="ascii") as file:
            interfaces = [line.split(":")[0].strip() for line in file if ":" in line]
        root = os.stat("/")
        os.makedirs(f"{self.run}/mount")
        subprocess.run(["mount", "-t", "tmpfs", "hostile-mount", f"{self.run}/mount"], check=True)
        self.facts.update({"key": key, "boot-id": boot, "machine-id": machine, "hostname": socket.gethostname(),
                           "interface": next((name for name in interfaces if name != "lo"), ""),
                           "root": f"{root.st_dev}:{root.st_ino}", "mount": "hostile-mount"})

    def late(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "hostile-srv", "/srv"], check=True)
        subprocess.run(["mount", "--make-shared", "/srv"], check=True)
        os.mkdir("/srv/late")
        self.file("/srv/barred", 0o704)
        os.chown("/srv/barred", 0, 3102)
        self.facts.update({"barred": "/srv/barred", "late": "/srv/late/mark"})

    def write_facts(self, directory, **more):
        self.file(f"{directory}/facts", 0o644, "".join(f"{name} {value}\n" for name, value in {**self.facts, **more}.items()))

    def mount_late(self, directory):
        """Waits for the program inside, then mounts and tells it."""
        for _ in range(500):
            if os.path.exists(f"{directory}/ready"):
                break
            time.sleep(0.01)
        subprocess.run(["mount", "-t", "tmpfs", "hostile-late", "/srv/late"], check=True)
        self.file("/srv/late/mark", 0o644)
        self.file(f"{directory}/mounted", 0o644)


class Caller:
    """Who starts the program, where, and in which sandbox: None for the twin without one."""

    def __init__(self, prefix, sandbox, directory):
        self.prefix, self.sandbox, self.directory = prefix, sandbox, directory

    def command(self, words, limits=()):
        way = [] if self.sandbox is None else [HELPER, "run", "--quiet", *self.sandbox, *limits, "--"]
        return [*way, f"{self.directory}/inside", *words]

    def popen(self, words, limits=(), wrap=(), **options):
        """wrap: what is put before the command."""
        options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "start_new_session": True, **options}
        return subprocess.Popen([*self.prefix, *wrap, *self.command(words, limits)], cwd=self.directory, env=ENVIRONMENT,
                                stdout=subprocess.PIPE, **options)

    def run(self, words, limits=(), **options):
        return finish(self.popen(words, limits, **options))

    def facts(self, **more):
        host.write_facts(self.directory, outside="yes" if self.sandbox is None else "", **more)

    def clean(self):
        for name in ("ready", "mounted", "signals", "bystander", "beat", "jail", "shared-by-neighbour"):
            path = f"{self.directory}/{name}"
            if os.path.isdir(path):
                os.rmdir(path)
            elif os.path.exists(path):
                os.unlink(path)


def finish(process):
    """Status and output."""
    try:
        output, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "hangs", ""
    return process.returncode, output.decode(errors="replace")


def with_bystander(caller, words, limits):
    return caller.run(words, limits, wrap=[f"{caller.directory}/inside", "bystander"])


def with_descriptors(caller, words, limits):
    """A directory and a socket, from which another directory can be had, left open at 5 and 6."""
    ours, theirs = socket.socketpair()
    directory = os.open("/", os.O_RDONLY)
    socket.send_fds(ours, [b"x"], [directory])

    def leave_open():
        os.dup2(theirs.fileno(), 66, inheritable=True)
        os.dup2(directory, 5, inheritable=True)
        os.dup2(66, 6, inheritable=True)
        os.close(66)
    result = caller.run(words, limits, preexec_fn=leave_open, close_fds=False)
    for end in (ours, theirs):
        end.close()
    os.close(directory)
    return result


def with_late_mount(caller, words, limits):
    process = caller.popen(words, limits)
    host.mount_late(caller.directory)
    result = finish(process)
    subprocess.run(["umount", "/srv/late"], check=True)
    return result


def with_core(caller, words, limits):
    return caller.run(words, limits, wrap=["sh", "-c", 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"', "sh"])


def with_neighbour(caller, words, limits):
    """Another of the same kind, started before and ended after."""
    neighbour = caller.popen(["neighbour"], stdin=subprocess.PIPE)
    said = neighbour.stdout.readline().decode().split()
    if said[:1] != ["ready"]:
        print(f"not ok - B4.1 the neighbour is whole: {said}")
    outside = neighbour.pid if caller.sandbox is None else payload_of(neighbour.pid)
    caller.facts(neighbour=outside, **{"neighbour-cgroup": cgroup_of(outside)})
    result = caller.run(words, limits)
    neighbour.stdin.close()
    neighbour.wait(10)
    if not os.path.exists(f"{caller.directory}/shared-by-neighbour"):
        print("not ok - B4.1 the shared directory is the channel that is meant to be")
    return result


def with_a_look_after(caller, words, limits):
    """Whether what it left behind still does something; there is a word for each, since only from here it can be seen."""
    start = time.monotonic()
    status, output = caller.run(words, limits)
    seconds = time.monotonic() - start
    time.sleep(0.3)
    before = beats(caller)
    time.sleep(0.3)
    if seconds > 5:
        return "hangs", output
    if beats(caller) == before:
        return status, output.replace("it is the driver's to see", "nothing of it goes on")
    while beats(caller) != before:  # it ends by itself
        before = beats(caller)
        time.sleep(0.5)
    time.sleep(2)
    return 0, output.replace("contained: it is the driver's to see", "got")


def beats(caller):
    try:
        return os.stat(f"{caller.directory}/beat").st_size
    except FileNotFoundError:
        return 0


def payload_of(pid):
    """The process two below the supervisor."""
    for _ in range(2):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            pid = int(file.read().split()[0])
    return pid


def cgroup_of(pid):
    """Of the hierarchy in which run keeps its own: see cgroups.sh."""
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
        paths = [line.rstrip("\n").split(":", 2) for line in file]
    for _, controllers, path in paths:
        for mount in (f"/sys/fs/cgroup/{controllers}", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
            tail = path.split("sandbox-test.")[-1].partition("/")[2]
            if tail and os.path.exists(f"{mount}/{tail}/cgroup.procs"):
                return f"{mount}/{tail}"
    return ""


SPECIAL = {"B1.2": with_bystander, "B1.14": with_descriptors, "B1.16": with_late_mount, "B1.17": with_core,
           "B3.5": with_a_look_after, "B4.1": with_neighbour}


def attempt(number, names, caller):
    """What parse() makes of it. Those of B3 one by one, with limits."""
    found = {}
    exhausting = number.startswith("B3.")
    for words in [[number, name] for name in names] if exhausting else [[number]]:
        caller.clean()
        caller.facts()
        limits = LIMITS if exhausting and caller.sandbox is not None else []
        if number in SPECIAL:
            status, output = SPECIAL[number](caller, words, limits)
        else:
            status, output = caller.run(words, limits)
        some = parse(output)
        if status == 137 and exhausting and not some:
            some = {tuple(words): "the sandbox was ended, 137"}
        elif status not in (0, 1):
            print(f"# {' '.join(words)} ended with {status}: {output[-300:]!r}")
        found.update(some)
    caller.clean()
    return found


def twins(table, number):
    names = table.names(number)
    person = attempt(number, names, Caller(PERSON, None, WORK))
    left = [name for name in names if person.get((number, name), "") is not None]
    table.twin(number, person, attempt(number, left, Caller([], None, WORK)) if left else {}, LACKING)


def root_lacks():
    with open("/proc/self/status", encoding="ascii") as file:
        effective = int(next(line for line in file if line.startswith("CapEff")).split()[1], 16)
    lacking = {}
    if not effective >> 24 & 1:
        lacking = dict.fromkeys(("a higher hard limit", "oom_score_adj", "oom_score_adj of others"), "root lacks CAP_SYS_RESOURCE")
    try:
        os.close(os.open(host.facts["disk"], os.O_RDONLY))
    except OSError as error:
        lacking["a disk"] = f"root may not read one ({error.strerror})"
    return lacking


host = Host()
LACKING = root_lacks()
subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0700", "hostile-root", "/root"], check=True)
os.mkdir(ROOT_WORK)
subprocess.run(["cp", PROGRAM, ROOT_WORK], check=True)
listed = subprocess.run([PROGRAM, "list"], check=True, stdout=subprocess.PIPE).stdout.decode().splitlines()
table = Table([tuple(line.split(" ", 1)) for line in listed])
wanted = os.environ.get("HOSTILE_NUMBERS", "").split() or table.numbers
try:
    for number in table.numbers:
        if number not in wanted:
            continue
        twins(table, number)
        for way, (prefix, sandbox, directory, excepted) in WAYS.items():
            found = attempt(number, table.names(number), Caller(prefix, sandbox, directory))
            table.inside(way, number, found, excepted)
finally:
    host.victim.kill()
    host.victim.wait()
    os.unlink(host.facts["shm"])
table.show()
print("matrix done")
