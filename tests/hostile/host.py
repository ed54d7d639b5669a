# SPDX-License-Identifier: LGPL-2.1-or-later
"""What there is on a machine for the attempts of inside/ to get. The machine is a private one; /opt, /srv and /run are its own."""
import ctypes
import os
import platform
import socket
import stat
import subprocess
import threading
import time

KEY = f"hostile-{os.getpid()}"


def add_key():
    """To a new session keyring, which everything started from here inherits (keyctl(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    join, session = 1, -3
    numbers = {"x86_64": (250, 248), "aarch64": (219, 217)}[platform.machine()]
    libc.syscall(numbers[0], join, None)
    return libc.syscall(numbers[1], b"user", KEY.encode(), b"secret", 6, session) > 0


class Host:
    """What there is outside to be got."""

    def __init__(self, program, person, other, barring):
        """program: inside/, built. person, other: (name, uid, gid, home) of who tries and of somebody else. barring: a group of
        the person's that keeps its members from something."""
        self.program, self.person, self.other, self.barring = program, person, other, barring
        self.facts = {}
        self.lacking = {}  # name of an attempt to why it is impossible on this machine for everybody
        self.run = "/run/hostile"
        os.makedirs(self.run, exist_ok=True)
        for name, mode in (("secret", 0o644), ("lock", 0o644)):
            self.file(f"{self.run}/{name}", mode)
        self.facts.update(covered=f"{self.run}/secret", lock=f"{self.run}/lock")
        self.programs()
        self.sockets()
        self.others()
        self.names()
        self.interface()
        self.late()
        self.powers()

    @staticmethod
    def file(path, mode, text="content\n"):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, mode)

    def programs(self):
        os.makedirs("/opt/hostile", exist_ok=True)
        for name, mode in (("setuid", 0o4755), ("setgid", 0o2755), ("capable", 0o755)):
            path = f"/opt/hostile/{name}"
            subprocess.run(["cp", self.program, path], check=True)
            os.chown(path, 0, self.other[2] if name == "setgid" else 0)
            os.chmod(path, mode)
            self.facts[name] = path
        # struct vfs_cap_data, revision 2 with the effective bit: CAP_NET_RAW (linux/capability.h)
        os.setxattr("/opt/hostile/capable", "security.capability",
                    bytes([1, 0, 0, 2]) + (1 << 13).to_bytes(4, "little") + bytes(12))
        self.file("/opt/hostile/root-file", 0o600)
        self.facts.update({"root-file": "/opt/hostile/root-file", "other-group": self.other[2]})

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
        name, uid, gid, home = self.person
        mark = f"hostile-victim-{os.getpid()}"
        image = f"{home}/victim"
        subprocess.run(["cp", "/usr/bin/sleep", image], check=True)
        os.chown(image, uid, gid)
        os.symlink(image, f"{home}/{mark}")
        self.victim = subprocess.Popen(["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", f"{home}/{mark}", "900"],
                                       stdin=subprocess.DEVNULL)
        for _ in range(100):
            if os.readlink(f"/proc/{self.victim.pid}/exe") == image:
                break
            time.sleep(0.02)
        self.terminal = os.openpty()
        os.chown(os.ttyname(self.terminal[1]), uid, gid)
        shm = f"/dev/shm/hostile-{os.getpid()}"
        self.file(shm, 0o644)
        if not os.path.exists("/dev/kmsg"):
            os.mknod("/dev/hostile", 0o666 | stat.S_IFCHR, os.makedev(1, 3))  # a /dev of our own has none of another kind
        disks = [f"/dev/{entry}" for entry in sorted(os.listdir("/sys/class/block")) if not entry.startswith(("loop", "zram", "ram"))]
        self.facts.update({
            "victim": self.victim.pid, "mark": mark, "terminal": os.ttyname(self.terminal[1]), "shm": shm,
            "disk": next((disk for disk in disks if os.path.exists(disk)), "/dev/vda"), "other-person": self.other[0],
            "other-home": self.other[3], "other-file": f"{self.other[3]}/file", "other-uid": self.other[1], "own-uid": uid})

    def names(self):
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        machine = "00112233445566778899aabbccddeeff"
        self.file("/etc/machine-id", 0o444, machine + "\n")
        if os.path.isdir("/var/lib/dbus"):
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/var/lib/dbus"], check=True)
            self.file("/var/lib/dbus/machine-id", 0o444, machine + "\n")
        self.file("/run/utmp", 0o664, "\0" * 384)
        root = os.stat("/")
        os.makedirs(f"{self.run}/mount")
        subprocess.run(["mount", "-t", "tmpfs", "hostile-mount", f"{self.run}/mount"], check=True)
        self.facts.update({"key": KEY, "boot-id": boot, "machine-id": machine, "hostname": socket.gethostname(),
                           "root": f"{root.st_dev}:{root.st_ino}", "mount": "hostile-mount"})

    def interface(self):
        """One that is not the loopback: of the machine, else made for this."""
        def others():
            with open("/proc/net/dev", encoding="ascii") as file:
                return [name for name in (line.split(":")[0].strip() for line in file if ":" in line) if name != "lo"]
        for kind in (["dummy"], ["veth", "peer", "name", "hostile1"], ["bridge"]):
            if not others():
                subprocess.run(["ip", "link", "add", "hostile0", "type", *kind], stderr=subprocess.DEVNULL, check=False)
        self.facts["interface"] = (others() or ["none"])[0]
        if not others():
            self.lacking.update(dict.fromkeys(("interfaces", "an interface of the host"), "no interface can be made"))

    def powers(self):
        """What even root cannot do here."""
        with open("/proc/self/status", encoding="ascii") as file:
            effective = int(next(line for line in file if line.startswith("CapEff")).split()[1], 16)
        if not effective >> 24 & 1:
            self.lacking.update(dict.fromkeys(("a higher hard limit", "oom_score_adj", "oom_score_adj of others"),
                                              "root lacks CAP_SYS_RESOURCE"))
        try:
            with open(self.facts["disk"], "rb") as disk:
                if not disk.read(1):
                    self.lacking["a disk"] = "there is none with anything on it"
        except OSError as error:
            self.lacking["a disk"] = f"root may not read one ({error.strerror})"
        if not os.path.exists("/dev/tty0"):
            self.lacking.update(dict.fromkeys(("TIOCLINUX", "TIOCLINUX with high bits"), "there is no virtual console"))
        if subprocess.run(["chrt", "--fifo", "1", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
            self.lacking.update(dict.fromkeys(("SCHED_FIFO", "SCHED_RR with high bits", "sched_setattr"),
                                              "root gets no real-time here"))
        if platform.machine() != "x86_64":
            self.lacking.update(dict.fromkeys(("unshare by int 0x80", "int 0x80"), "another architecture"))

    def late(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "hostile-srv", "/srv"], check=True)
        subprocess.run(["mount", "--make-shared", "/srv"], check=True)
        os.mkdir("/srv/late")
        self.file("/srv/barred", 0o704)
        os.chown("/srv/barred", 0, self.barring)
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

    def end(self):
        self.victim.kill()
        self.victim.wait()
        os.unlink(self.facts["shm"])
