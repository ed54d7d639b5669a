# SPDX-License-Identifier: LGPL-2.1-or-later
"""E of threats.md: login programs that do what none should (client.c), on the machine of tests/system/login/world.py."""
import os
import signal
import stat
import subprocess
import time

from fuse import Fuse
from tools import Background, field, of_person, processes, run, uid_of, wait_for
from world import LIBEXECDIR, write

CLIENT = "/opt/client"
SUCCESS, SYSTEM_ERR, PERM_DENIED, USER_UNKNOWN = 0, 4, 6, 10  # pam(3)
CONFINED = "[user erin]\nProfile=shell\nPrivateNetwork=yes\nServices=hostile hostile-permit hostile-die sshd su\n" \
    "[user norah]\nProfile=shell\nServices=hostile sshd\n"
POLICY = "/etc/sandbox-run/policy.d/50-more.conf"


def check(number, claim, good, detail=""):
    print(f"ok - {number} {claim}" if good else f"not ok - {number} {claim}: {detail!r}", flush=True)


def client(service, person, *steps, seconds=40):
    """Exit status and the lines it printed."""
    status, output, errors = run([CLIENT, service, person, *steps], seconds, cwd="/usr")
    return status, output.splitlines(), errors


def codes(lines, step="open"):
    return [int(line.split()[-1]) for line in lines if line.startswith(step + " ")]


def gone(person="erin"):
    return wait_for(lambda: not of_person(person) and not leftovers(), 20)


def leftovers():
    """Registry entries and cgroups of sessions."""
    found = [name for name in (os.listdir("/run/sandbox-run") if os.path.isdir("/run/sandbox-run") else [])]
    for path, directories, _ in os.walk("/sys/fs/cgroup"):
        found += [f"{path}/{name}" for name in directories if os.path.basename(path) == "sandbox-run"]
    return found


def names(world):
    """E1."""
    for person in ("root", "toor"):
        _, lines, _ = client("hostile-permit", person, "open", "run", "close")
        check("E1", f"{person}, of uid 0, is ignored", codes(lines) == [SUCCESS] and codes(lines, "run") == [7], lines)
    odd = ["@", "", "nosuch", "x" * 300, "../root", "..", "a/b", "a\nb", "a:b", "%n%n%s", "-rf", "\u00e4\u00f6", "erin ", "4294967295",
           "0", "minus"]
    for person in odd:
        mark = len(world.log.lines)
        _, lines, _ = client("hostile", person, "open")
        logged = [line for line in world.log.since(mark, "pam_sandbox", 0.1)]
        good = all(code in (USER_UNKNOWN, PERM_DENIED) for code in codes(lines)) and len(codes(lines)) == 1 and len(logged) == 1 and \
            all(line.isascii() and "\n" not in line.strip("\0\n") for line in logged)
        check("E1", f"{person[:12]!r} is no person: refused with one line", good, (lines, logged))
    _, lines, _ = client("hostile", "norah", "open", "run", "close")
    check("E1", "a nologin shell and a missing home: confined like any", codes(lines) == [SUCCESS] and codes(lines, "run") == [7], lines)


def orders(_):
    """E2: in any order; the session ends with who opened it, and nothing is left."""
    table = (
        ("opened twice", "open open run close", {"open": [0, 0], "close": [0], "run": [7]}),
        ("closed twice", "open close close", {"close": [0, 0]}),
        ("closed without open", "close", {"close": [0]}),
        ("opened after close", "open close open", {"close": [0]}),
        ("setcred only", "setcred end", {}),
        ("ended without close", "open end", {"open": [0], "end": [0]}),
        ("not even ended", "open", {"open": [0]}),
        ("closed in a child", "open child-close run close", {"open": [0], "run": [7], "in a child": [0], "close": [0]}),
        ("ended in a child", "open child-end run close end", {"open": [0], "run": [7], "close": [0]}),
        ("opened in a child too", "open child-open run close", {"open": [0], "run": [7], "close": [0]}),
        ("killed", "open kill", {"open": [0]}),
    )
    for claim, steps, wanted in table:
        _, lines, _ = client("hostile", "erin", *steps.split())
        got = {step: codes(lines, step) for step in wanted}
        check("E2", f"{claim}: as it should be", got == wanted, lines)
        check("E2", f"{claim}: nothing is left", gone(), (of_person("erin"), leftovers()))


def manners(_):
    """E3: what the caller has set stays, and its children are its own."""
    for claim, before in (("plain", []), ("with a handler for children", ["handle-children"])):
        _, lines, _ = client("hostile", "erin", *before, "state", "open", "close", "state")
        states = [line for line in lines if line.startswith("state")]
        # of the namespaces' change: setns(2)
        moved = len(states) == 2 and states[0].replace(" in /usr,", " in /,") == states[1]
        check("E3", f"but for the directory, which is /, a client's state is as before, {claim}", moved and codes(lines) == [0], lines)
        # once before, since libc keeps the socket to the log
        _, lines, _ = client("hostile", "nosuch", *before, "open", "state", "open", "close", "state")
        states = [line for line in lines if line.startswith("state")]
        check("E3", f"after a refusal too, {claim}", len(states) == 2 and states[0] == states[1], lines)
    _, lines, _ = client("hostile", "erin", "thread", "open")
    check("E3", "a client with threads is refused", codes(lines) == [PERM_DENIED], lines)
    clients = [subprocess.Popen([CLIENT, "hostile", "erin", "open", "run", "close"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
               for _ in range(20)]
    answers = [process.communicate(timeout=90)[0].decode().split("\n")[:3] for process in clients]
    check("E3", "20 clients at once", answers == [["open 0", "run 7", "close 0"]] * 20, answers)
    check("E3", "and nothing is left of them", gone(), (of_person("erin"), leftovers()))


def talk(world):
    """E4, E5."""
    _, lines, errors = client("hostile", "erin", "silent", "open", "prompts", "close")
    check("E4", "no prompt, no word, with a conversation that fails", codes(lines) == [0] and codes(lines, "prompts") == [0] and not errors,
          (lines, errors))
    write(POLICY, "[user erin]\nProfile=shell\nNoSuchKey=1\n")
    for silent in ([], ["silent"]):
        _, lines, errors = client("hostile", "erin", *silent, "tty=/dev/pts/99", "open", "prompts")
        check("E4", f"a refusal says at most one thing{', and nothing when silent' if silent else ''}",
              codes(lines) and codes(lines)[0] in (SYSTEM_ERR, PERM_DENIED) and codes(lines, "prompts")[0] <= (not silent) and not errors,
              (lines, errors))
    write(POLICY, CONFINED)
    hostile = ("/../../etc/shadow", "a\nb\033[31m", "@64k", "%n%s", "/dev/mem", "")
    for item in ("tty", "rhost", "ruser"):
        for value in hostile:
            mark = len(world.log.lines)
            _, lines, errors = client("hostile", "erin", f"{item}={value}", "open", "run", "close")
            raw = [line for line in world.log.since(mark, "pam_sandbox", 0.02) if not line.strip("\0\n").isprintable()]
            good = codes(lines) == [SUCCESS] and codes(lines, "run") == [7] or \
                len(codes(lines)) == 1 and codes(lines)[0] in (SYSTEM_ERR, PERM_DENIED)
            check("E5", f"{item} {value[:12]!r} decides nothing", good and not raw and not errors, (lines, raw, errors))
    _, lines, _ = client("hostile", "erin", "variables", "open", "run", "close")
    check("E5", "a PAM environment of 64 kB with newlines and LD_PRELOAD", codes(lines) == [SUCCESS], lines)


def weak(_):
    """E6: clients without root; the rest of E6 is odd_clients of tests/system/login/suite.py."""
    for uid in (3002, 3005):
        status, output, errors = run(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", CLIENT, "hostile", "erin", "open",
                                      "close"], 30)
        check("E6", f"a client of uid {uid}, without root: PAM_SYSTEM_ERR", status == 0 and codes(output.splitlines()) == [SYSTEM_ERR], (output, errors))
    status, output, errors = run(["unshare", "-Ur", CLIENT, "hostile", "erin", "open", "close"], 30)
    check("E6", "root of a user namespace: refused", codes(output.splitlines()) not in ([], [SUCCESS]), (status, output, errors))


def stacks(_):
    """E7: a failure is an error to the stack, what is not confined is PAM_IGNORE."""
    helper, kept = f"{LIBEXECDIR}/sandbox-helper", f"{LIBEXECDIR}/kept"
    os.rename(helper, kept)
    try:
        for service in ("hostile", "hostile-permit", "hostile-die"):
            _, lines, _ = client(service, "erin", "open")
            check("E7", f"without the helper, {service}: an error, never PAM_IGNORE", codes(lines) == [SYSTEM_ERR], lines)
    finally:
        os.rename(kept, helper)
    for person in ("bob", "carol", "root"):
        _, lines, _ = client("hostile-die", person, "open", "run")
        check("E7", f"{person}, who is not confined: ignored", codes(lines) == [SUCCESS], lines)
    _, lines, _ = client("hostile-die", "erin", "open", "close")
    check("E7", "a confined one: success", codes(lines) == [SUCCESS], lines)


def killed(_):
    """E8."""
    with Background([CLIENT, "hostile", "erin", "open", "wait"]) as opener:
        opener.expect("open 0")
        supervisors = [pid for pid in processes() if field(pid, "Name") == "sandbox-helper"]
        os.kill(opener.process.pid, signal.SIGKILL)
        check("E8", "with its opener the session ends, and all its traces", len(supervisors) >= 1 and gone(), (supervisors, leftovers()))
    with Background([CLIENT, "hostile", "erin", "open", "wait"]) as opener:
        opener.expect("open 0")
        for pid in processes():
            if field(pid, "Name") == "sandbox-helper" and uid_of(pid) == 0 and field(pid, "NSpid").count("\t") == 0:
                os.kill(pid, signal.SIGKILL)
        os.kill(opener.process.pid, signal.SIGKILL)
    check("E8", "of a killed supervisor something is left", bool(leftovers()), leftovers())
    subprocess.run([f"{LIBEXECDIR}/sandbox-helper", "gc"], check=False)
    check("E8", "which gc takes", gone(), leftovers())


def slow_reaping(_):
    """G7: a child that nobody waits for keeps the session's first process; its end is waited for with a bound."""
    start = time.monotonic()
    with Background([CLIENT, "hostile", "erin", "open", "zombie", "run", "close", "wait"]) as opener:
        said = opener.expect("close 0", 30)
        seconds = time.monotonic() - start
        check("G7", "closing is bounded while a child is not waited for", said is not None and seconds < 12, (said, seconds))
        opener.process.kill()
    check("G7", "after that nothing is left", gone(), (of_person("erin"), leftovers()))


def hanging_home(_):
    """E6: nothing that a person has in hand holds up a login program: here a home on a FUSE that does not answer."""
    if not os.path.exists("/sys/class/misc/fuse"):
        print("skip - E6 a home on a FUSE that hangs: this kernel has none")
        return
    os.mknod("/dev/fuse", 0o666 | stat.S_IFCHR, os.makedev(10, 229))
    fuse = Fuse("/home/erin", 3005, 3005)
    fuse.answers = False
    start = time.monotonic()
    _, lines, _ = client("hostile", "erin", "open")
    seconds = time.monotonic() - start
    check("E6", "a home on a FUSE that hangs: refused in time", codes(lines) == [SYSTEM_ERR] and seconds < 20, (lines, seconds))
    start = time.monotonic()
    _, lines, _ = client("hostile", "norah", "open", "run", "close")
    check("E6", "another person meanwhile notices nothing", codes(lines) == [SUCCESS] and time.monotonic() - start < 5, lines)
    fuse.end()
    subprocess.run([f"{LIBEXECDIR}/sandbox-helper", "gc"], check=False)
    check("E6", "once it answers nothing is left", gone(), (of_person("erin"), leftovers()))
    os.unlink("/dev/fuse")


def later(_):
    """E9: modules after ours, and closing, still work; no user namespace is entered. What comes after ours in the stack closes
    after it, when nothing can be executed any more."""
    later_ones = ("pam_permit.so", "pam_env.so", "pam_unix.so", "pam_umask.so umask=027",
                  "pam_exec.so type=open_session quiet /bin/sh -c exit")
    write(POLICY, CONFINED.replace("hostile-permit", "hostile-permit hostile-later"))
    for module in later_ones:
        write("/etc/pam.d/hostile-later", f"session required pam_sandbox.so\nsession required {module}\n")
        _, lines, _ = client("hostile-later", "erin", "open", "state", "close")
        check("E9", f"{module.split()[0]} after it works, and so does closing", codes(lines) == [0] and codes(lines, "close") == [0], lines)
        check("E9", "the program still is root", any("ids 0 0 0 0" in line for line in lines), lines)
    write(POLICY, CONFINED)


def prepare(build_client):
    build_client(CLIENT)
    for service, stack in (
            ("hostile", "session required pam_sandbox.so\n"),
            ("hostile-permit", "session required pam_sandbox.so\nsession required pam_permit.so\n"),
            ("hostile-die", "session [default=die ignore=ignore success=ok] pam_sandbox.so\nsession required pam_permit.so\n")):
        write(f"/etc/pam.d/{service}", stack)
    with open("/etc/passwd", "a", encoding="ascii") as file:
        file.write("toor:x:0:0::/root:/bin/sh\nminus:x:4294967295:3009::/home/minus:/bin/sh\n"
                   "norah:x:3009:3009::/home/norah:/usr/sbin/nologin\n")
    write(POLICY, CONFINED)


def all_of_them(world):
    for part in (names, orders, manners, talk, weak, stacks, killed, slow_reaping, hanging_home, later):
        part(world)
