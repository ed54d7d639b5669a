# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls the set-uid helper with what execve(2) lets a caller choose. Usage: callers.py HELPER UID GID GROUPS, as root."""
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time

HELPER, UID, GID = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
GROUPS = [int(group) for group in sys.argv[4].split(",")]
DIRECTORY = "/home/alice/work"
MARKER = DIRECTORY + "/marker"
LIMIT_SECONDS = 15
# Limits with which a build with sanitizers does not reach main: its library needs a descriptor, space, a stack.
SANITIZED = os.path.exists(os.path.dirname(HELPER) + "/findings")
STARVED = {("NOFILE", 3), ("AS", 1 << 24), ("DATA", 1 << 20), ("STACK", 1 << 16)} if SANITIZED else set()


def report(number, claim, good, detail=""):
    print(("ok - " if good else "not ok - ") + number + " " + claim + ("" if good else ": " + repr(detail)))


def call(arguments, environment=None, prepare=None, argv0="sandbox-helper", stdin=None, output=None, program=HELPER):
    """Runs the helper as the ordinary user; returns (status, output, error). status: exit status or -signal."""
    def child():
        os.chdir(DIRECTORY)
        os.setgroups(GROUPS)
        os.setresgid(GID, GID, GID)
        os.setresuid(UID, UID, UID)
        if prepare:
            prepare()
    process = subprocess.Popen([argv0] + arguments, executable=program, env=environment or {}, preexec_fn=child,
                               stdin=stdin or subprocess.DEVNULL, stdout=output or subprocess.PIPE,
                               stderr=subprocess.PIPE, close_fds=False)
    try:
        out, err = process.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return "hangs", b"", b""
    return process.returncode, out or b"", err


RUN_ID = ["run", "--quiet", "--", "id", "-un"]


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


def arguments():
    libc_empty = subprocess.run([sys.executable, "-c", "import ctypes,os\n"
                                 "l=ctypes.CDLL(None)\nn=(ctypes.c_char_p*1)(None)\n"
                                 "l.execve(%r,n,n)\nos._exit(1)" % HELPER.encode()], capture_output=True)
    report("A1.1", "argc 0 is refused", libc_empty.returncode in (125,), libc_empty)
    for name in ("-sh", "", "x" * 100000, "a\nb", "/no/such/path", "\x1b[31m"):
        works("A1.2", "argv[0] %r changes nothing" % name[:12], RUN_ID, argv0=name)
    odd = "a\nb\x1b[0m\udcff"
    status, out, err = call(["run", "--quiet", "--", "printf", "%s", odd])
    report("A1.3", "odd bytes reach the command unchanged", status == 0 and out == os.fsencode(odd), (status, out, err))
    closed("A1.3", "odd bytes are quoted in messages", ["run", "--profile", odd, "--", "true"])
    closed("A1.3", "odd bytes in an option are quoted", ["run", "--set", odd, "--", "true"])
    status, out, err = call(["run", "--quiet", "--", "sh", "-c", "echo $#"] + ["x"] * 20000)
    report("A1.4", "20000 arguments", status == 0 and out == b"19999\n", (status, out[:80], err[:200]))
    status, out, err = call(["run", "--quiet", "--", "sh", "-c", "echo ${#0}", "y" * 131000])
    report("A1.4", "one argument of 131000 bytes", status == 0 and out == b"131000\n", (status, out[:80], err[:200]))
    closed("A1.4", "a setting of 100 kB", ["run", "--set", "Environment=A=" + "z" * 100000, "--", "true"],
           statuses=(125, 0))
    for bad in (["run", "--prof", "default", "--", "true"], ["run", "--profile"], ["run", "--quiet=1", "--", "true"],
                ["run", "--profile", "default", "--profile", "default", "--", "true"],
                ["run", "--status-fd", "-1", "--", "true"], ["run", "--status-fd", "0x3", "--", "true"],
                ["run", "--status-fd", "99999999999999999999", "--", "true"], ["run", "--status-fd", " 3", "--", "true"],
                ["run", "true"], ["junk"], [], ["session"], ["policy"], ["policy", "nosuch"], ["list", "--quiet"],
                ["run", "--user", "root", "--", "true"], ["run", "--name", "../x", "--", "true"],
                ["run", "--name", "", "--", "true"], ["run", "--name", "x" * 65, "--", "true"]):
        closed("A1.5", "usage %r is refused" % (bad,), bad)
    for command in ("", ".", "/", "/etc/passwd", "./cut"):
        closed("A1.5", "command %r is 126 or 127" % command, ["run", "--quiet", "--", command], statuses=(126, 127))
    read, write = os.pipe()
    os.write(write, b"junk\0" * 100)
    closed("A1.6", "session by an ordinary user with junk on 3", ["session"],
           prepare=lambda: os.dup2(read, 3, inheritable=True))
    os.close(read)
    os.close(write)
    link = DIRECTORY + "/link"
    os.symlink(HELPER, link)
    works("A1.7", "through a symbolic link", RUN_ID, program=link)
    os.unlink(link)


def environment():
    hostile = {name: "/tmp/evil" for name in (
        "LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT LD_DEBUG GCONV_PATH LOCPATH NLSPATH MALLOC_CHECK_ RES_OPTIONS HOSTALIASES TZ "
        "TZDIR TMPDIR IFS BASH_ENV ENV CDPATH LANGUAGE PS4 SHELLOPTS").split()}
    hostile["GLIBC_TUNABLES"] = "glibc.malloc.check=3:" + "A" * 4000
    status, out, err = call(["run", "--quiet", "--", "env"], environment=hostile)
    names = {line.split(b"=")[0].decode() for line in out.splitlines()}
    report("A2.1", "nothing dangerous reaches the command", status == 0 and not (names - {"LANGUAGE"}) & set(hostile), (status, names))
    works("A2.2", "no variables", RUN_ID, environment={})
    works("A2.2", "1 MB of variables", RUN_ID, environment={"V%d" % i: "x" * 10000 for i in range(100)})
    lies = dict.fromkeys("USER LOGNAME HOME SHELL SUDO_UID PKEXEC_UID XDG_RUNTIME_DIR".split(), "root")
    status, out, err = call(["run", "--quiet", "--", "sh", "-c", "echo $USER $HOME $SHELL $SUDO_UID"], environment=lies)
    report("A2.3", "HOME, USER, SHELL come from the account", out == b"alice /home/alice /bin/bash\n", (status, out, err))


def descriptors():
    for closed_set in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
        def prepare(which=closed_set):
            for fd in which:
                os.close(fd)
        rest = [sys.executable, "-c", ""]
        status, out, err = call(["run", "--quiet", "--", "sh", "-c", "echo x >%s" % MARKER], prepare=prepare)
        written = os.path.exists(MARKER)
        if written:
            os.unlink(MARKER)
        report("A3.1", "descriptors %r closed" % (closed_set,), status == 0 and written, (status, out, err))
    def many():
        for _ in range(900):
            os.set_inheritable(os.open("/etc", os.O_RDONLY), True)
    status, out, err = call(["run", "--quiet", "--", "sh", "-c", "ls /proc/self/fd | wc -l"], prepare=many)
    report("A3.2", "900 open directories do not reach the command", status == 0 and int(out or b"99") <= 4, (status, out, err))
    def leak():
        os.dup2(os.open("/", os.O_RDONLY), 7, inheritable=True)
    status, out, err = call(["run", "--quiet", "--", "sh", "-c", "ls /proc/self/fd/7/root >/dev/null 2>&1 && echo out"], prepare=leak)
    report("A3.3", "a directory at 7 does not reach the command", out == b"", (status, out, err))
    for fd in (0, 1, 2):
        def directory(which=fd):
            os.dup2(os.open("/", os.O_RDONLY), which, inheritable=True)
        status, out, err = call(["run", "--quiet", "--", "sh", "-c", ": >" + MARKER], prepare=directory)
        report("A3.4", "a directory as descriptor %d is refused" % fd, status == 125 and not os.path.exists(MARKER), (status, out, err))
        def handle(which=fd):
            os.dup2(os.open("/etc/passwd", os.O_PATH), which, inheritable=True)
        status, out, err = call(["run", "--quiet", "--", "sh", "-c", ": >" + MARKER], prepare=handle)
        report("A3.4", "an O_PATH handle as descriptor %d is refused" % fd, status == 125 and not os.path.exists(MARKER), (status, out, err))
    with open("/dev/full", "wb") as full:
        status, out, err = call(["run", "--quiet", "--", "true"], output=full)
        report("A3.5", "stdout is full", status == 0, (status, out, err))


def limits():
    cases = [("FSIZE", 0), ("NOFILE", 3), ("NPROC", 1), ("AS", 16 << 20), ("DATA", 1 << 20), ("CPU", 1), ("STACK", 64 << 10),
             ("MEMLOCK", 0), ("SIGPENDING", 0), ("MSGQUEUE", 0), ("CORE", -1)]
    for name, value in cases:
        if (name, value) in STARVED:
            print("skip - A4.1 limit %s=%d: too little for a build with sanitizers" % (name, value))
            continue
        kind = getattr(resource, "RLIMIT_" + name)
        works_or_closed("A4.1", "limit %s=%d" % (name, value), RUN_ID,
                        prepare=lambda k=kind, v=value: resource.setrlimit(k, (v, min(v, resource.getrlimit(k)[1]) if v >= 0 else resource.getrlimit(k)[1])) if v >= 0 else resource.setrlimit(k, (resource.getrlimit(k)[1],) * 2))
    status, out, err = call(["run", "--quiet", "--", "sh", "-c", "ulimit -f; ulimit -c; cat /etc/passwd | wc -l"],
                            prepare=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
    report("A4.1", "FSIZE=0: passwd is whole, the limit still holds inside", status == 125 or out.split() == [b"0", b"0", b"3"], (status, out, err))
    def blocked():
        signal.pthread_sigmask(signal.SIG_BLOCK, set(range(1, 32)))
        for number in range(1, 32):
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(number, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0.02)
    status, out, err = call(["run", "--quiet", "--", "sh", "-c", "sleep 0.1; grep -E '^Sig(Blk|Ign)' /proc/self/status | cut -f2 | tr '\\n' ' '"], prepare=blocked)
    report("A4.2", "signals blocked, ignored, a timer armed: reset", (status, out) == (0, b"0000000000000000 0000000000000000 "), (status, out, err))
    status, out, err = call(["run", "--quiet", "--", "sh", "-c", "exit 9"], prepare=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    report("A4.2", "SIGCHLD ignored: the status is right", status == 9, (status, out, err))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        process = subprocess.Popen([HELPER, "run", "--quiet", "--", "sh", "-c", "echo up; exec sleep 9"], stdout=subprocess.PIPE,
                                   env={}, preexec_fn=lambda: (os.setgroups(GROUPS), os.setresgid(GID, GID, GID), os.setresuid(UID, UID, UID)))
        process.stdout.readline()
        start = time.monotonic()
        process.send_signal(number)
        status = process.wait(LIMIT_SECONDS)
        report("A4.3", "%s ends it with 128+N" % number.name, status == 128 + number and time.monotonic() - start < 3, status)
    for mask in (0o000, 0o777):
        status, out, err = call(["run", "--quiet", "--", "sh", "-c", "stat -c %a /etc/passwd /etc/group /tmp"], prepare=lambda m=mask: os.umask(m))
        report("A4.4", "umask %o does not change generated files" % mask, out == b"644\n644\n1777\n", (status, out, err))
    gone = DIRECTORY + "/gone"
    def vanish():
        os.mkdir(gone)
        os.chdir(gone)
        os.rmdir(gone)
    works("A4.5", "a deleted directory", RUN_ID, prepare=vanish)
    closed_directory = DIRECTORY + "/closed"
    def lock_out():
        os.mkdir(closed_directory)
        os.chdir(closed_directory)
        os.chmod(closed_directory, 0)
    works("A4.5", "a directory of mode 0", RUN_ID, prepare=lock_out)
    os.rmdir(closed_directory)
    works("A4.6", "nice 19", RUN_ID, prepare=lambda: os.nice(19))
    libc = ctypes.CDLL(None)
    def no_new_privileges():
        libc.prctl(38, 1, 0, 0, 0)
    status, out, err = call(["run", "--quiet", "--", "sh", "-c", "grep NoNewPrivs /proc/self/status | cut -f2; id -un"], prepare=no_new_privileges)
    report("A4.7", "under no_new_privs: the unprivileged way, still confined", (status, out) == (0, b"1\nalice\n") or status == 125, (status, out, err))


def standing():
    status, out, err = call(["-U", "-r", HELPER, "run", "--quiet", "--", "sh", "-c", "grep NoNewPrivs /proc/self/status | cut -f2"], program="/usr/bin/unshare", argv0="unshare")
    report("A5.1", "fake root of a user namespace claims no host privilege", status in (0, 125) and b"Permission denied" not in out, (status, out, err))
    status, out, err = call(["run", "--quiet", "--", HELPER, "run", "--quiet", "--", "true"])
    report("A5.3", "a sandbox in a sandbox is 125 and does not hang", status == 125, (status, out, err))


def starts_at_once():
    children = [subprocess.Popen([HELPER, "run", "--quiet", "--name", "same", "--", "true"], env={}, stderr=subprocess.PIPE,
                                 preexec_fn=lambda: (os.setgroups(GROUPS), os.setresgid(GID, GID, GID), os.setresuid(UID, UID, UID)))
                for _ in range(50)]
    results = [child.wait(60) for child in children]
    report("A7.1", "50 starts at once with one name", results == [0] * 50, results)


os.makedirs(DIRECTORY, exist_ok=True)
with open(DIRECTORY + "/cut", "wb") as cut:
    cut.write(b"\x7fELF\x02\x01\x01")
os.chmod(DIRECTORY + "/cut", 0o755)
for part in (arguments, environment, descriptors, limits, standing, starts_at_once):
    part()
print("callers done")
