# SPDX-License-Identifier: LGPL-2.1-or-later
"""B1 to B4 of threats.md: the attempts of inside/, outside and in each kind of sandbox of a command. As root, in the private
machine of run. matrix.py HELPER PROGRAM: PROGRAM stands in the directory from which alice starts it."""
import os
import subprocess
import sys
import time

from host import Host, add_key
from table import Table
from tries import Caller, attempt, beside

HELPER, PROGRAM = sys.argv[1:3]
WORK = os.path.dirname(PROGRAM)
ROOT_WORK = "/root/work"
PERSON = ["setpriv", "--reuid=3001", "--regid=3001", "--groups=3001,3101,3102,3103"]
LIMITS = ["MemoryMax=64M", "TasksMax=40", "CPUQuota=30%", "TmpSize=32M", "TmpInodes=500"]
NO_CGROUP = "without privilege and delegation there is no limit to set"
NO_LIMITS = ("fork bomb", "memory bomb", "filling a memfd", "filling a shared segment", "filling sockets", "a spinning processor")

# How each kind of sandbox is started, from where, and what it does not contain, by name.
WAYS = {
    "set-uid": (PERSON, [], WORK, {}),
    "no Landlock": (PERSON, ["--profile", "bare"], WORK, {}),
    "unprivileged": (PERSON, ["--rootless"], WORK, dict.fromkeys(NO_LIMITS, NO_CGROUP)),
    "root": ([], [], ROOT_WORK, {"a file of root": "root's own", "become root": "is root",
                                 "more than the own id": "the own id is 0", "give a file away": "to itself"}),
}


class Commander(Caller):
    """prefix: becomes the person. sandbox: options; None without one."""

    def __init__(self, prefix, sandbox, directory):
        super().__init__(host, directory, sandbox is None)
        self.prefix, self.sandbox = prefix, sandbox

    def command(self, words, limited, wrap):
        way = []
        if self.sandbox is not None:
            way = [HELPER, "run", "--quiet", *self.sandbox, *(f"--set={limit}" for limit in LIMITS if limited), "--"]
        return [*self.prefix, *wrap, *way, f"{self.directory}/inside", *words]


def outside(number):
    """As the person, and as root what the person cannot do even without a sandbox."""
    names = table.names(number)
    person = attempt(number, names, Commander(PERSON, None, WORK))
    left = [name for name in names if person.get((number, name), "") is not None]
    table.twin(number, person, attempt(number, left, Commander([], None, WORK)) if left else {}, host.lacking)


def of_another_person():
    """B4.1: the neighbour is bob's."""
    bob = Commander(["setpriv", "--reuid=3002", "--regid=3002", "--clear-groups"], [], "/home/bob/work")
    subprocess.run(["cp", PROGRAM, bob.directory], check=True)
    found = attempt("B4.1", table.names("B4.1"), Commander(PERSON, [], WORK),
                    {"B4.1": lambda caller, words, limited: beside(bob, caller, words, limited)})
    table.inside("beside another", "B4.1", found, {})


def mountinfo():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return [line.split(" ", 2)[2] for line in file]


def outward():
    """B1.16: all is shared here, and nothing that is mounted inside is seen here."""
    subprocess.run(["mount", "--make-rshared", "/"], check=True)
    before = mountinfo()
    commands = {way: Commander(prefix, sandbox, directory) for way, (prefix, sandbox, directory, _) in WAYS.items()}
    for way, caller in commands.items():
        process = caller.popen(["B1.16"])  # which waits for us
        for _ in range(500):
            if os.path.exists(f"{caller.directory}/ready"):
                break
            time.sleep(0.01)
        seen = mountinfo() != before
        open(f"{caller.directory}/mounted", "w", encoding="ascii").close()
        process.communicate(timeout=20)
        caller.clean()
        print(f"{'not ok' if seen else 'ok'} - B1.16 {way}: its mounts do not appear outside")
    subprocess.run(["unshare", "-m", "--propagation", "unchanged", "mount", "-t", "tmpfs", "hostile-outward", "/mnt"], check=True)
    seen = mountinfo() != before
    subprocess.run(["umount", "/mnt"], check=False)
    print(f"{'ok' if seen else 'not ok'} - B1.16 twin: without a sandbox such a mount appears")


for directory in ("/opt", "/root"):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "hostile", directory], check=True)
os.mkdir(ROOT_WORK)
subprocess.run(["cp", PROGRAM, ROOT_WORK], check=True)
add_key()
host = Host(PROGRAM, ("alice", 3001, 3001, "/home/alice"), ("bob", 3002, 3002, "/home/bob"), 3102)
listed = subprocess.run([PROGRAM, "list"], check=True, stdout=subprocess.PIPE).stdout.decode().splitlines()
table = Table([tuple(line.split(" ", 1)) for line in listed])
try:
    for number in table.wanted():
        outside(number)
        for way, (prefix, sandbox, directory, excepted) in WAYS.items():
            table.inside(way, number, attempt(number, table.names(number), Commander(prefix, sandbox, directory)), excepted)
    if "B4.1" in table.wanted():
        of_another_person()
    if "B1.16" in table.wanted():
        outward()
finally:
    host.end()
table.show()
print("matrix done")
