# SPDX-License-Identifier: LGPL-2.1-or-later
"""A7: many at once, killed at any moment, numbers used again. Arguments as of calling.py."""
import os
import random
import re
import signal
import subprocess
import time

from calling import DIRECTORY, HELPER, become, call, closed, report

STARTS = 200


def start(words, person=become):
    return subprocess.Popen([HELPER, "run", "--quiet", *words], env={}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, cwd="/", preexec_fn=person)


def bob():
    os.setgroups([3002])
    os.setresgid(3002, 3002, 3002)
    os.setresuid(3002, 3002, 3002)


def many():
    children = [start(["--name", "same", "--", "id", "-un"], bob if number % 2 else become) for number in range(STARTS)]
    names = {False: b"alice\n", True: b"bob\n"}
    wrong = []
    for number, child in enumerate(children):
        out, err = child.communicate(timeout=90)
        if (child.returncode, out) != (0, names[bool(number % 2)]):
            wrong.append((child.returncode, out, err))
    report("A7.1", f"{STARTS} starts at once of two people with one name", wrong == [], wrong[:3])


def killed():
    """SIGKILL, SIGSEGV, or SIGSTOP and then SIGKILL to the supervisor at any moment; tests/system/test-kill.sh does it closer."""
    beat = f"{DIRECTORY}/beat"
    generator = random.Random(7)
    for number in range(30):
        process = start(["--", "sh", "-c", f"cd {DIRECTORY}; i=0; while [ $i -lt 300 ]; do echo >>beat; sleep 0.01; i=$((i+1)); done"])
        time.sleep(generator.uniform(0, 0.03))
        for number_of_signal in ([signal.SIGKILL], [signal.SIGSEGV, signal.SIGKILL], [signal.SIGSTOP, signal.SIGKILL])[number % 3]:
            process.send_signal(number_of_signal)
        process.wait()
        process.stdout.close()
        process.stderr.close()
    time.sleep(0.3)
    before = os.path.getsize(beat) if os.path.exists(beat) else 0
    time.sleep(0.3)
    after = os.path.getsize(beat) if os.path.exists(beat) else 0
    report("A7.2", "30 supervisors killed at any moment leave no payload", before == after, (before, after))
    if os.path.exists(beat):
        os.unlink(beat)


def joined():
    """A7.3: commands cannot be attached to; logins can by the door alone, which is of no use elsewhere."""
    for verb in ("exec", "join", "attach", "enter", "adopt"):
        closed("A7.3", f"there is no verb {verb}", [verb, "0123456789ab", "--", "id"], statuses=(125, 2))
    door = "/usr/libexec/sandbox-run/door/sandbox-door"
    status, out, err = call(["-c", f"exec {door}"], program="/bin/sh", argv0="sh")
    report("A7.3", "the door cannot be reached by a person", status == 126, (status, out, err))
    copy = "/usr/lib/door-copy"
    subprocess.run(["install", "-m", "4755", door, copy], check=True)
    for who in ("alice", "root"):
        prefix = ["setpriv", "--reuid=3001", "--regid=3001", "--clear-groups"] if who == "alice" else []
        tried = subprocess.run([*prefix, copy, "-c", "id"], capture_output=True, check=False)
        report("A7.3", f"a door that stands elsewhere refuses {who}", tried.returncode == 125 and tried.stdout == b"", tried)
    os.unlink(copy)


def other_peoples():
    """A7.3 from the outside: what one person may ask of the registry does nothing to another's sandbox and tells nothing of it."""
    process = start(["--name", "secret-name", "--", "sleep", "2"], bob)
    time.sleep(0.3)
    for arguments in (["list"], ["list", "--json"], ["list", "--stale"]):
        status, out, err = call(arguments)
        report("A7.3", f"{' '.join(arguments)} tells nothing of other people's", status in (0, 1) and b"secret-name" not in out + err and
               b"bob" not in out + err, (status, out, err))
    status, out, err = call(["gc"])
    out, err = process.communicate(timeout=20)
    report("A7.3", "gc by a person leaves another's alone", (status, process.returncode) == (0, 0), (status, process.returncode, err))


def numbers():
    """A7.4: a number is the kernel's to give again once it was waited for, so the supervisor kills its own child only, and before."""
    log = "/run/at-once.trace"
    done = subprocess.run(["strace", "-f", "-u", "alice", "-e", "trace=kill,tkill,tgkill,pidfd_send_signal,wait4,waitid", "-o", log, HELPER,
                           "run", "--quiet", "--set", "RuntimeMaxSec=200ms", "--set", "TimeoutStopSec=0", "--", "sleep", "9"], cwd=DIRECTORY,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    supervisor = lines[-1].split()[0] if lines else ""
    own = [line.split(maxsplit=1)[1] for line in lines if line.startswith(supervisor + " ")]
    signals = [re.match(r"(?:kill|tkill|tgkill)\((-?\d+), (\w+)", line) for line in own]
    targets = {found[1] for found in signals if found}
    reaped = [i for i, line in enumerate(own) if any(re.search(rf"wait4\(.*\) += {target}$", line) for target in targets)]
    last = max((i for i, found in enumerate(signals) if found), default=-1)
    report("A7.4", "the supervisor kills one process by its number, its child, and not after it was waited for",
           done.returncode == 124 and len(targets) == 1 and len(reaped) == 1 and reaped[0] > last, (done.returncode, lines))


for part in (many, killed, joined, other_peoples, numbers):
    part()
print("at_once done")
