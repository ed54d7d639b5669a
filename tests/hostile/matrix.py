# SPDX-License-Identifier: LGPL-2.1-or-later
"""B1 to B4 of threats.md: the attempts of inside/, outside and in each kind of sandbox of a command. As root, in the private
machine of run. matrix.py HELPER PROGRAM: PROGRAM stands in the directory from which alice starts it."""
import os
import subprocess
import sys

from host import Host, add_key
from table import Table
from tries import Caller, attempt

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
finally:
    host.end()
table.show()
print("matrix done")
