# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starting the attempts of inside/, each number in what it needs around it, and hearing what came of it."""
import os
import socket
import subprocess
import time

from table import parse

SECONDS = 60


class Caller:
    """Who starts the program inside, from which directory; outside: it is the twin without a sandbox."""

    def __init__(self, host, directory, outside):
        self.host, self.directory, self.outside = host, directory, outside

    def command(self, words, limited, wrap):
        """The words to execute. limited: with small limits. wrap: what is put before the way in."""
        raise NotImplementedError

    def popen(self, words, limited=False, wrap=(), **options):
        options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "start_new_session": True, **options}
        return subprocess.Popen(self.command(words, limited, wrap), cwd=self.directory, stdout=subprocess.PIPE,
                                env={"PATH": "/usr/bin:/bin:/usr/sbin", "TERM": "dumb"}, **options)

    def run(self, words, limited=False, **options):
        return finish(self.popen(words, limited, **options))

    def facts(self, **more):
        self.host.write_facts(self.directory, outside="yes" if self.outside else "", **more)

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


def with_bystander(caller, words, limited):
    return caller.run(words, limited, wrap=[f"{caller.directory}/inside", "bystander"])


def with_descriptors(caller, words, limited):
    """A directory and a socket, from which another directory can be had, left open at 5 and 6."""
    ours, theirs = socket.socketpair()
    directory = os.open("/", os.O_RDONLY)
    socket.send_fds(ours, [b"x"], [directory])

    def leave_open():
        os.dup2(theirs.fileno(), 66, inheritable=True)
        os.dup2(directory, 5, inheritable=True)
        os.dup2(66, 6, inheritable=True)
        os.close(66)
    result = caller.run(words, limited, preexec_fn=leave_open, close_fds=False)
    for end in (ours, theirs):
        end.close()
    os.close(directory)
    return result


def with_late_mount(caller, words, limited):
    process = caller.popen(words, limited)
    caller.host.mount_late(caller.directory)
    result = finish(process)
    subprocess.run(["umount", "/srv/late"], check=True)
    return result


def with_core(caller, words, limited):
    return caller.run(words, limited, wrap=["sh", "-c", 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"', "sh"])


def with_neighbour(caller, words, limited):
    """Another of the same kind and person, started before and ended after."""
    result = beside(caller, caller, words, limited)
    if not os.path.exists(f"{caller.directory}/shared-by-neighbour"):
        print("not ok - B4.1 the shared directory is the channel that is meant to be")
    return result


def beside(neighbours, caller, words, limited):
    neighbour = neighbours.popen(["neighbour"], stdin=subprocess.PIPE)
    said = neighbour.stdout.readline().decode().split()
    if said[:1] != ["ready"]:
        print(f"not ok - B4.1 the neighbour is whole: {said}")
    outside = by_name("neighbour-mark")
    caller.facts(neighbour=outside, **{"neighbour-cgroup": cgroup_of(outside)})
    if caller.outside:  # who has no sandbox has no name, but can see those of others
        os.makedirs("/run/sandbox-run/0123456789ab")
    result = caller.run(words, limited)
    if caller.outside:
        os.rmdir("/run/sandbox-run/0123456789ab")
    neighbour.stdin.close()
    neighbour.wait(10)
    return result


def with_a_look_after(caller, words, limited):
    """Whether what it left behind still does something; there is a word for each, since only from here it can be seen."""
    start = time.monotonic()
    status, output = caller.run(words, limited)
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


def by_name(name):
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/comm", encoding="utf-8", errors="replace") as file:
                if entry.isdigit() and file.read().strip() == name:
                    return int(entry)
        except OSError:
            pass
    return 0


def cgroup_of(pid):
    """A directory of it that can be seen from here; tests' own subtrees stand where a hierarchy was (cgroups.sh)."""
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
        lines = [line.rstrip("\n").split(":", 2) for line in file]
    for _, controllers, path in lines:
        for mount in (f"/sys/fs/cgroup/{controllers.removeprefix('name=')}", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
            for tail in (path, "/" + path.split("sandbox-test.")[-1].partition("/")[2]):
                if tail != "/" and os.path.exists(f"{mount}{tail}/cgroup.procs"):
                    return mount + tail
    return ""


ENDED = (137, 255)  # by the memory limit; 255 is what ssh says of it
SPECIAL = {"B1.2": with_bystander, "B1.14": with_descriptors, "B1.16": with_late_mount, "B1.17": with_core,
           "B3.5": with_a_look_after, "B4.1": with_neighbour}


def attempt(number, names, caller, special=SPECIAL):
    """What parse() makes of it. Those of B3 one by one, with limits."""
    found = {}
    exhausting = number.startswith("B3.")
    for words in [[number, name] for name in names] if exhausting else [[number]]:
        caller.clean()
        caller.facts()
        if number in special:
            status, output = special[number](caller, words, exhausting)
        else:
            status, output = caller.run(words, exhausting)
        some = parse(output)
        if status in ENDED and exhausting and not some:
            some = {tuple(words): f"the sandbox was ended, {status}"}
        elif status not in (0, 1):
            print(f"# {' '.join(words)} ended with {status}: {output[-300:]!r}")
        found.update(some)
    caller.clean()
    return found
