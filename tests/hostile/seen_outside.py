# SPDX-License-Identifier: LGPL-2.1-or-later
"""What of B only its surroundings can tell, and G: found by trying the design out. Arguments as of calling.py."""
import os
import re
import signal
import subprocess
import time

from calling import DIRECTORY, GID, HELPER, UID, become, call, report, skip

PERSON = ["setpriv", f"--reuid={UID}", f"--regid={GID}", "--clear-groups"]


def start(words, **options):
    return subprocess.Popen([HELPER, "run", "--quiet", *words], env={}, stdin=subprocess.DEVNULL, cwd=DIRECTORY, preexec_fn=become,
                            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def out_of_memory():
    status, out, err = call(["run", "--set", "MemoryMax=32M", "--", "sh", "-c", "tail /dev/zero; echo lived on"])
    report("B3.2", "out of memory: 137, one line, and no more of it", status == 137 and out == b"" and b"out of memory" in err,
           (status, out, err))


def flood():
    """Whoever reads has stopped: nothing is kept for him, and the end is not held up."""
    process = start(["--", "sh", "-c", "echo up; exec yes"])
    process.stdout.read(1)
    before = resident(process.pid)
    time.sleep(1)
    after = resident(process.pid)
    begin = time.monotonic()
    process.terminate()
    status = process.wait(10)
    report("B3.3", "a flood without a reader stays with the command", after <= before + 64, (before, after))
    report("B3.3", "and ends when it is told to", status == 143 and time.monotonic() - begin < 3, (status, time.monotonic() - begin))
    process.stdout.close()
    process.stderr.close()


def stops_itself():
    """B3.5: there is no terminal, so no shell that could see it stopped and continue it."""
    for claim, command in (("stops itself", "kill -STOP $$"), ("stops its group", "kill -TSTP 0; kill -STOP 0")):
        process = start(["--set", "RuntimeMaxSec=500ms", "--set", "TimeoutStopSec=200ms", "--", "sh", "-c", command])
        try:
            status = process.wait(5)
        except subprocess.TimeoutExpired:
            status = "hangs"
            process.kill()
            process.wait()
        report("B3.5", f"a command that {claim} ends at its time limit", status == 124, status)
        process.stdout.close()
        process.stderr.close()


def accounts():
    """B4.2: the limits of one are not another's to use up."""
    twenty = "for i in $(seq 20); do sleep 1 & done; "
    words = ["--set", "TasksMax=30", "--", "sh", "-c", twenty + "wait; echo all"]
    both = [start(words) for _ in range(2)]
    said = [process.communicate(timeout=20) for process in both]
    report("B4.2", "two with a limit of 30 tasks have 20 each", [out for out, _ in said] == [b"all\n"] * 2, said)
    one = start([*words[:-1], twenty + words[-1]])
    said = one.communicate(timeout=20)
    report("B4.2", "one alone has not 40", b"all" not in said[0] or said[1] != b"", said)
    skip("B4.2", "a total per person", "no slices in this version (SECURITY.md, Known limits)")


# --- G ---

PATHS = re.compile(r"^(open|openat|openat2|creat|stat|lstat|newfstatat|statx|access|faccessat|faccessat2|readlink|readlinkat|mkdir|mkdirat|"
                   r"mknod|mknodat|unlink|unlinkat|rename|renameat|renameat2|link|linkat|symlink|symlinkat|chmod|fchmodat|chown|fchownat|"
                   r"mount|umount2|move_mount|open_tree|fsopen|fsmount|fsconfig|pivot_root|chdir|chroot|execve|execveat|truncate|utimensat|"
                   r"getxattr|setxattr|statfs|name_to_handle_at|connect|bind|kill|ptrace)\(")


def before_the_switch():
    """G1: what the child of clone3 does while it still is not the person."""
    log = "/run/switch.trace"
    done = subprocess.run(["strace", "-f", "-u", "alice", "-o", log, HELPER, "run", "--quiet", "--", "true"], stdin=subprocess.DEVNULL,
                          capture_output=True, cwd=DIRECTORY, check=False)
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = [line.split(None, 1) for line in file.read().splitlines()]
    children, switched, touched, seen = set(), set(), [], 0
    for pid, text in lines:
        made = re.search(r"clone3?\(.*(?:CLONE_NEWUSER.*|CLONE_THREAD.*)= (\d+)$", text) or re.search(r"clone3? resumed.*= (\d+)$", text)
        if made:
            children.add(made.group(1))
        if re.match(rf"setresuid\({UID}, {UID}, {UID}\b", text):
            switched.add(pid)
            if pid in children:
                children -= {pid}  # its thread may still be at its one task, which is the network's
        elif pid in children and pid not in switched:
            seen += 1
            if PATHS.match(text):
                touched.append((pid, text))
    report("G1", "before it is the person, the child touches no path", done.returncode == 0 and seen >= 3 and touched == [],
           (done, seen, touched[:3]))
    report("G1", "and it does become the person", len(switched) >= 1, switched)


LIMITER = r"""
import ctypes, os, resource, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def is_below(pid, ancestor):
    while pid not in ("0", "1", ancestor):
        pid = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1]
    return pid == ancestor
kinds = [resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_AS, resource.RLIMIT_STACK]
end, tried, turn = time.time() + float(sys.argv[1]), 0, 0
while time.time() < end:
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and open(f"/proc/{entry}/comm").read() == "sandbox-helper\n" and is_below(entry, sys.argv[2]):
                turn += 1
                os.sched_setaffinity(int(entry), {turn % os.cpu_count()})
                resource.prlimit(int(entry), kinds[turn % len(kinds)], (0, 0))
                tried += 1
        except (OSError, ValueError):
            pass
print(tried)
"""


def limited_meanwhile():
    """G4: the person lowers limits of everything that is being built."""
    with open("/run/limiter.py", "w", encoding="utf-8") as file:
        file.write(LIMITER)
    limiter = subprocess.Popen(["/usr/bin/python3", "/run/limiter.py", "6", str(os.getpid())], stdout=subprocess.PIPE, preexec_fn=become)
    wrong, ran, end = [], 0, time.monotonic() + 6
    while time.monotonic() < end:
        status, out, err = call(["run", "--quiet", "--", "sh", "-c", "cut -d: -f1 /etc/passwd | sort | tr '\\n' ' '; "
                                 "grep -c '^Cap...:.*[1-9a-f]' /proc/self/status; grep Seccomp: /proc/self/status"])
        ran += status == 0
        whole = out.startswith(b"alice nobody root 0\nSeccomp:\t2")
        if status == 0 and not whole:  # any other end is the person's own doing
            wrong.append((status, out, err))
    tried = int(limiter.communicate()[0])
    report("G4", "limits and processors set from outside meanwhile: whole or not at all", wrong == [] and tried > 20 and ran > 0,
           (tried, ran, wrong[:2]))


def stopped_supervisor():
    """G4: time goes on without the supervisor."""
    beat = f"{DIRECTORY}/beat"
    process = start(["--set", "RuntimeMaxSec=300ms", "--set", "TimeoutStopSec=200ms", "--", "sh", "-c",
                     f"trap '' TERM; cd {DIRECTORY}; while :; do echo >>beat; sleep 0.02; done"])
    for _ in range(200):
        if os.path.exists(beat):
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)
    time.sleep(3)  # PID 1 lets the supervisor go first
    first = os.path.getsize(beat)
    time.sleep(0.3)
    report("G4", "a stopped supervisor does not stop the clock", os.path.getsize(beat) == first, (first, os.path.getsize(beat)))
    process.send_signal(signal.SIGCONT)
    status = process.wait(10)
    report("G4", "and tells of it afterwards", status in (124, 137), status)
    process.stdout.close()
    process.stderr.close()
    os.unlink(beat)


def masked_proc():
    """G5, as in a container."""
    script = f'mount --bind /dev/null /proc/kallsyms && cd {DIRECTORY} && exec {" ".join(PERSON)} "$1" run --quiet -- id -un'
    done = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", HELPER], stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    report("G5", "with a masked /proc: another way, or refused", (done.returncode, done.stdout) == (0, b"alice\n") or
           (done.returncode == 125 and b"/proc" in done.stderr and done.stdout == b""), done)


def many_groups():
    """G8."""
    for claim, groups, statuses in (("800 scattered groups", range(100001, 101601, 2), (125,)),
                                    ("800 adjacent groups", range(100000, 100800), (0,)),
                                    ("30 scattered groups", range(100000, 100060, 2), (0,))):
        def person(wanted=groups):
            os.setgroups(list(wanted))
            os.setresgid(GID, GID, GID)
            os.setresuid(UID, UID, UID)
        status, out, err = call(["run", "--quiet", "--", "sh", "-c", "grep ^Groups: /proc/self/status | wc -w"], person=person)
        count = str(len(groups) + 1).encode() + b"\n"
        report("G8", f"{claim}: {'refused' if statuses == (125,) else 'all of them inside'}", status in statuses and
               (out == b"" if status else out == count), (status, out, err))


def later_outside():
    """G9: what would run later outside."""
    git = f"{DIRECTORY}/repository"
    os.makedirs(f"{git}/.git/hooks")
    os.mkdir(f"{git}/.vscode")
    guarded = (".git/config", ".git/hooks/post-checkout", ".envrc", ".vscode/tasks.json")
    for name in guarded:
        with open(f"{git}/{name}", "w", encoding="ascii") as file:
            file.write("# as it was\n")
    for path, directories, files in os.walk(git):
        for name in ["", *directories, *files]:
            os.chown(os.path.join(path, name), UID, GID)
    tries = ["echo 1 >.git/config", "echo 1 >.git/hooks/post-checkout", "echo 1 >.git/hooks/new", "rm .git/config", "mv .git other",
             "mv .git/hooks x", "rmdir .git/hooks", "echo 1 >.envrc", "mv .envrc x", "rm -f .envrc", "echo 1 >.vscode/tasks.json",
             "mv .vscode x", "ln -f /etc/passwd .envrc", "echo 1 >y && mv -f y .envrc", "cd .. && mv repository elsewhere"]
    for line in tries:
        status, out, err = call(["run", "--quiet", "--", "sh", "-c", f"({line}) 2>/dev/null && echo done"], directory=git)
        report("G9", f"refused inside: {line}", out == b"" and status in (1, 2), (status, out, err))
    whole = []
    for name in guarded:
        with open(f"{git}/{name}", encoding="ascii") as file:
            whole.append(file.read() == "# as it was\n")
    report("G9", "nothing of it was changed", all(whole) and os.listdir(f"{git}/.git/hooks") == ["post-checkout"], whole)
    status, out, err = call(["-c", "echo 1 >.envrc && mv .git other && mv other .git && echo done"], program="/bin/sh", argv0="sh",
                            directory=git)
    report("G9", "twin: outside it can be changed", out == b"done\n", (status, out, err))


def told():
    """G9: what was missing and appears, whatever the end. A .git/commondir makes git read its configuration elsewhere."""
    git = f"{DIRECTORY}/told"
    for path in (git, f"{git}/.git", f"{git}/.git/hooks"):
        os.mkdir(path, 0o700)
        os.chown(path, UID, GID)
    cases = (
        ("nothing", "true", 0, b""),
        (".git/commondir", "echo ../evil >.git/commondir; exit 3", 3, b" .git/commondir\n"),
        ("one that is there already", "true", 0, b""),
        ("several", "mkdir .vscode; : >x; mv x .envrc; : >.git/config", 0, b" .envrc .git/config .vscode\n"),
        ("one made before it is out of memory", ": >.git/config.worktree; tail /dev/zero", 137, b" .git/config.worktree\n"),
        ("a link to nowhere", "ln -s /no/such .envrc", 0, b" .envrc\n"),
    )
    for claim, line, wanted, told_of in cases:
        if claim.startswith("a link"):
            os.unlink(f"{git}/.envrc")
        status, out, err = call(["run", "--set", "MemoryMax=32M", "--", "sh", "-c", line], directory=git)
        lines = [said for said in err.splitlines(keepends=True) if b"new in the caller's directory" in said]
        report("G9", f"told: {claim}", status == wanted and (lines == [] if not told_of else len(lines) == 1 and lines[0].endswith(told_of)),
               (status, err))


for part in (out_of_memory, flood, stops_itself, accounts, before_the_switch, limited_meanwhile, stopped_supervisor, masked_proc,
             many_groups, later_outside, told):
    part()
print("seen_outside done")
