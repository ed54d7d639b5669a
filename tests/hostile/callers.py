# SPDX-License-Identifier: LGPL-2.1-or-later
"""A1 to A4: what execve(2) lets a caller choose. Usage: callers.py HELPER UID GID GROUPS, as root."""
import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time

from calling import (DIRECTORY, HELPER, LIMIT_SECONDS, MARKER, RUN_ID, become, call, closed, report, works, works_or_closed)

# Limits with which a build with sanitizers does not reach main: its library needs a descriptor, space, a stack.
SANITIZED = os.path.exists(os.path.dirname(HELPER) + "/findings")
STARVED = {("NOFILE", 3), ("AS", 1 << 24), ("DATA", 1 << 20), ("STACK", 1 << 16)} if SANITIZED else set()
libc = ctypes.CDLL(None, use_errno=True)


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
                                   env={}, preexec_fn=become)
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
    def no_new_privileges():
        libc.prctl(38, 1, 0, 0, 0)
    status, out, err = call(["run", "--quiet", "--", "sh", "-c", "grep NoNewPrivs /proc/self/status | cut -f2; id -un"], prepare=no_new_privileges)
    report("A4.7", "under no_new_privs: the unprivileged way, still confined", (status, out) == (0, b"1\nalice\n") or status == 125, (status, out, err))


def names_of_descriptors():
    """A3.6: a link of the kernel's is no way to name what a path may not."""
    def hold():
        os.dup2(os.open("/home/alice", os.O_RDONLY), 7, inheritable=True)
    for name in ("/proc/self/fd/7", "/dev/fd/7", "/proc/self/cwd", "/proc/self/root", "/proc/thread-self/root", "/dev/stdin"):
        for key in ("BindPaths", "BindReadOnlyPaths"):
            closed("A3.6", f"{key}={name} is refused", ["run", "--quiet", "--set", f"{key}={name}:{DIRECTORY}/there", "--", "id"],
                   prepare=hold, statuses=(125,))
    for key in ("InaccessiblePaths", "ReadOnlyPaths", "WorkingDirectory"):
        closed("A3.6", f"{key}=/proc/self/fd/7 is refused", ["run", "--quiet", "--set", f"{key}=/proc/self/fd/7", "--", "id"],
               prepare=hold, statuses=(125,))


def timers():
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        works("A4.2", f"timer {timer} armed", ["run", "--quiet", "--", "sh", "-c", "sleep 0.3; id -un"],
              prepare=lambda t=timer: signal.setitimer(t, 0.1, 0.1))
    def pending():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
        os.kill(os.getpid(), signal.SIGTERM)
    status, out, err = call(RUN_ID, prepare=pending)
    report("A4.2", "a signal that was pending ends it, or nothing", status in (0, -signal.SIGTERM, 128 + signal.SIGTERM),
           (status, out, err))
    # Stopped and continued without end while it is built.
    process = subprocess.Popen([HELPER, *RUN_ID], env={}, stdout=subprocess.PIPE, preexec_fn=become)
    over = threading.Event()
    def storm():
        while not over.is_set():
            for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGTTIN, signal.SIGTTOU, signal.SIGTSTP, signal.SIGCONT):
                process.send_signal(number)
    thread = threading.Thread(target=storm)
    thread.start()
    try:
        out = process.communicate(timeout=LIMIT_SECONDS)[0]
    except subprocess.TimeoutExpired:
        out = b"hangs"
    over.set()
    thread.join()
    process.send_signal(signal.SIGCONT)
    process.wait()
    report("A4.2", "a storm of stops", (process.returncode, out) == (0, b"alice\n"), (process.returncode, out))


def attributes():
    """A4.6, A4.7: what else a process keeps over execve(2)."""
    works("A4.6", "SCHED_IDLE", RUN_ID, prepare=lambda: os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0)))
    works("A4.6", "one processor", ["run", "--quiet", "--", "nproc"], prepare=lambda: os.sched_setaffinity(0, {0}), expect=b"1\n")
    def sacrifice():
        with open("/proc/self/oom_score_adj", "w", encoding="utf-8") as file:
            file.write("1000")
    works("A4.6", "an OOM score of 1000", RUN_ID, as_root=sacrifice)
    works("A4.6", "a personality of READ_IMPLIES_EXEC and no randomness is reset",
          ["run", "--quiet", "--", "cat", "/proc/self/personality"], prepare=lambda: libc.personality(0x0440000),
          expect=b"00000000\n")
    works("A4.6", "a parent death signal, a subreaper, not dumpable", RUN_ID,
          prepare=lambda: [libc.prctl(*option) for option in ((1, 15, 0, 0, 0), (36, 1, 0, 0, 0), (4, 0, 0, 0, 0))])
    capabilities = ["run", "--quiet", "--", "sh", "-c", "grep ^Cap /proc/self/status | cut -f2 | sort -u"]
    for way, options in (("set-uid", []), ("unprivileged", ["--rootless"])):
        status, out, err = call(["--reuid=3001", "--regid=3001", "--clear-groups", "--inh-caps=+net_raw", "--ambient-caps=+net_raw",
                                 HELPER, "run", *options, *capabilities[1:]], program="/usr/bin/setpriv", argv0="setpriv",
                                person=lambda: None)
        report("A4.6", f"ambient capabilities do not reach the command, {way}", status == 125 or out == b"0" * 16 + b"\n",
               (status, out, err))
    noroot, locked = 1, 2
    status, out, err = call(RUN_ID, as_root=lambda: libc.prctl(28, noroot | locked, 0, 0, 0))
    report("A4.6", "with securebits that make root nobody: confined or refused", status == 125 or out == b"alice\n", (status, out, err))
    status, out, err = call(["-f", "-o", "/dev/null", "-e", "trace=none", HELPER, "run", "--quiet", "--", "sh", "-c",
                             "cut -f2 /proc/self/uid_map >/dev/null; grep NoNewPrivs /proc/self/status | cut -f2; id -un"],
                            program="/usr/bin/strace", argv0="strace")
    report("A4.7", "traced by the caller: confined or refused", status == 125 or (status, out) == (0, b"1\nalice\n"), (status, out, err))
    status, out, err = call(["run", "--quiet", "--set", "TasksMax=20", "--set", "ResourceControl=require", "--", "id", "-un"],
                            prepare=lambda: libc.prctl(38, 1, 0, 0, 0))
    report("A4.7", "under no_new_privs, what needs privilege is refused", status == 125 and out == b"", (status, out, err))


ATTACKER = r"""
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def is_below(pid, ancestor):
    while pid not in ("0", "1", ancestor):
        pid = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1]
    return pid == ancestor
def is_ours(pid): # and of this suite
    try:
        return open(f"/proc/{pid}/comm").read() == "sandbox-helper\n" and is_below(pid, sys.argv[2])
    except (OSError, IndexError):
        return False
def attacks(pid):
    for name in ("mem", "environ", "maps", "auxv", "io", "syscall", "stack"):
        try:
            fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
        except OSError:
            continue
        try:
            if os.read(fd, 1): # of one that has ended there is nothing
                yield name
        except OSError:
            yield name # allowed, but not at this address
        os.close(fd)
    for name in ("root", "cwd", "exe", "fd/0", "ns/user", "ns/mnt"):
        try:
            os.readlink(f"/proc/{pid}/{name}")
            yield name
        except OSError:
            pass
    if libc.ptrace(0x4206, pid, 0, 0) == 0: # PTRACE_SEIZE
        yield "ptrace"
    pidfd = libc.syscall(434, pid, 0)
    if pidfd >= 0:
        if libc.syscall(438, pidfd, 0, 0) >= 0:
            yield "pidfd_getfd"
        os.close(pidfd)
end, tried, got = time.time() + float(sys.argv[1]), 0, set()
while time.time() < end:
    for entry in os.listdir("/proc"):
        if entry.isdigit() and is_ours(entry):
            tried += 1
            found = set(attacks(int(entry)))
            if is_ours(entry): # not yet the command, which is the caller's to trace
                got |= found
print(tried, sorted(got))
"""


def traced_at_any_moment():
    """A4.8: another process of the caller's tries every helper, supervisor and PID 1 it can see, all the time."""
    with open("/run/attacker.py", "w", encoding="utf-8") as file:
        file.write(ATTACKER)
    attacker = subprocess.Popen(["/usr/bin/python3", "/run/attacker.py", "4", str(os.getpid())], stdout=subprocess.PIPE, preexec_fn=become)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        call(["run", "--quiet", "--", "sleep", "0.02"])
    tried, got = attacker.communicate()[0].decode().split(" ", 1)
    report("A4.8", "helper, supervisor and PID 1 cannot be looked into at any moment", int(tried) > 50 and got.strip() == "[]",
           (tried, got))


os.makedirs(DIRECTORY, exist_ok=True)
with open(DIRECTORY + "/cut", "wb") as cut:
    cut.write(b"\x7fELF\x02\x01\x01")
os.chmod(DIRECTORY + "/cut", 0o755)
for part in (arguments, environment, descriptors, names_of_descriptors, limits, timers, attributes, traced_at_any_moment):
    part()
print("callers done")
