# SPDX-License-Identifier: LGPL-2.1-or-later
"""B1 to B4 and E of threats.md. B from inside a confined login: the attempts of inside/ behind the second door, over the real sshd and su,
next to the same login before any policy names the person. As root, started by tests/system/login/run. login.py BUILDDIR."""
import glob
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{os.path.dirname(HERE)}/system/login")

import pam_clients
from host import Host, add_key
from table import Table
from tools import ssh_command
from tries import SPECIAL, Caller, attempt
from world import World, write

POLICY = "/etc/sandbox-run/policy.d/50-more.conf"
CONFINED = "[user erin]\nProfile=shell\nPrivateNetwork=yes\n"
WAYS = {"login": CONFINED, "no Landlock": CONFINED + "Landlock=off\n"}
LIMITS = "MemoryMax=64M\nTasksMax=40\nCPUQuota=30%\nTmpSize=32M\nTmpInodes=500\n"
WORK = "/home/erin/work"
ERIN = ["setpriv", "--reuid=3005", "--regid=3005", "--groups=3005,4002"]
# sshd makes a session of its own and closes what it has: what su's caller shares with the command is tried through su.
BY_SU = ("B1.2", "B1.14")


class Login(Caller):
    """who: erin, or root for what she cannot do even unconfined."""

    def __init__(self, who, policy, su):
        super().__init__(host, WORK, not policy)
        self.who, self.policy, self.su = who, policy, su

    def command(self, words, limited, wrap):
        write(POLICY, self.policy + (LIMITS if limited and self.policy else ""))
        words = " ".join(f"'{word}'" for word in words)
        inner = f'ulimit -S -c "$(ulimit -H -c)"; cd {WORK} && exec ./inside {words}'
        if self.su:
            # -c would have su make a session first
            return [*ERIN, *wrap, "su", f"--session-command={inner}", self.who]
        return ssh_command(self.who, inner)


def built(*arguments):
    """A program as bytes, before the machine's /tmp is covered."""
    path = f"/run/hostile-{os.getpid()}"
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-o", path, *arguments], check=True)
    with open(path, "rb") as file:
        content = file.read()
    os.unlink(path)
    return content


def place(content, path):
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, 0o755)


def prepare():
    os.mkdir(WORK, 0o700)
    place(inside, f"{WORK}/inside")
    for path in (WORK, f"{WORK}/inside"):
        os.chown(path, 3005, 3005)
    with open("/etc/group", encoding="ascii") as file:
        groups = file.read()
    write("/etc/group", groups.replace("alice,bob", "alice,bob,erin", 1))  # red, which bars
    write("/home/carol/file", "carol's\n", 0o600)


def all_ways(number):
    names = table.names(number)
    su = number in BY_SU
    person = attempt(number, names, Login("erin", "", su), special)
    left = [name for name in names if person.get((number, name), "") is not None]
    table.twin(number, person, attempt(number, left, Login("root", "", su), special) if left else {}, host.lacking)
    for way, policy in WAYS.items():
        table.inside(way, number, attempt(number, names, Login("erin", policy, su), special), {})


inside = built("-static", *glob.glob(f"{HERE}/inside/*.c"))
client = built(f"{HERE}/client.c", "-lpam", "-lpthread")
add_key()
world = World(sys.argv[1])
prepare()
host = Host(f"{WORK}/inside", ("erin", 3005, 3005, "/home/erin"), ("carol", 3003, 3003, "/home/carol"), 4002)
host.lacking["kill(getppid())"] = "its parent is su"
listed = subprocess.run([f"{WORK}/inside", "list"], check=True, stdout=subprocess.PIPE).stdout.decode().splitlines()
table = Table([tuple(line.split(" ", 1)) for line in listed])
special = {number: way for number, way in SPECIAL.items() if number != "B1.17"}  # the shell's work here
try:
    for number in table.wanted():
        all_ways(number)
    host.end()
    pam_clients.prepare(lambda path: place(client, path))
    pam_clients.all_of_them(world)
finally:
    world.stop()
table.show()
print("login done")
