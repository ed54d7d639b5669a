# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calling the set-uid helper as an ordinary user with odd surroundings, and judging what came of it.
Arguments of the program: HELPER UID GID GROUPS, as root."""
import os
import subprocess
import sys

HELPER, UID, GID = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
GROUPS = [int(group) for group in sys.argv[4].split(",")]
DIRECTORY = "/home/alice/work"
MARKER = DIRECTORY + "/marker"
LIMIT_SECONDS = 20
RUN_ID = ["run", "--quiet", "--", "id", "-un"]


def report(number, claim, good, detail=""):
    print(("ok - " if good else "not ok - ") + number + " " + claim + ("" if good else ": " + repr(detail)), flush=True)


def skip(number, claim, why):
    print(f"skip - {number} {claim}: {why}", flush=True)


def become():
    os.setgroups(GROUPS)
    os.setresgid(GID, GID, GID)
    os.setresuid(UID, UID, UID)


def call(arguments, environment=None, prepare=None, argv0="sandbox-helper", stdin=None, output=None, program=HELPER,
         directory=DIRECTORY, as_root=None, person=become):
    """Runs the helper as the ordinary user; returns (status, output, error). status: exit status or -signal. prepare: called
    before it as the user, as_root before that."""
    def child():
        if as_root:
            as_root()
        os.chdir(directory)
        person()
        if prepare:
            prepare()
    process = subprocess.Popen([argv0] + arguments, executable=program, env=environment or {}, preexec_fn=child,
                               stdin=stdin or subprocess.DEVNULL, stdout=output or subprocess.PIPE,
                               stderr=subprocess.PIPE, close_fds=False)
    try:
        out, err = process.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "hangs", b"", b""
    return process.returncode, out or b"", err


def works(number, claim, *args, expect=b"alice\n", **kwargs):
    status, out, err = call(*args, **kwargs)
    report(number, claim, status == 0 and out == expect, (status, out, err))


def closed(number, claim, *args, statuses=(125, 126, 127), **kwargs):
    """Refused: the right status, one printable line, and the payload not run."""
    status, out, err = call(*args, **kwargs)
    lines = err.rstrip(b"\n").split(b"\n")
    printable = all(byte >= 0x20 or byte == 0x0a for byte in err)
    report(number, claim, status in statuses and out == b"" and len(lines) <= 2 and printable, (status, out, err))


def works_or_closed(number, claim, *args, **kwargs):
    status, out, err = call(*args, **kwargs)
    good = (status == 0 and out == b"alice\n") or (status in (125, 126) and out == b"" and err.count(b"\n") in (0, 1, 2))
    report(number, claim, good, (status, out, err))
