# SPDX-License-Identifier: LGPL-2.1-or-later
"""A5, A6: where the caller stands, what the machine lacks, and paths that are changed or lie. Arguments as of calling.py."""
import ctypes
import fcntl
import os
import platform
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from calling import DIRECTORY, GID, HELPER, MARKER, RUN_ID, UID, become, call, closed, report, skip, works, works_or_closed
from fuse import Fuse

libc = ctypes.CDLL(None, use_errno=True)
BOUND = 24  # set-up ends within 10 seconds (R5); what cannot be killed is left after 10 more, its cgroup after another 2


def in_namespaces(number, claim, options, script, statuses=(0, 125)):
    """A script of the caller's in namespaces of its own, which ends by starting the helper: confined or refused."""
    status, out, err = call([*options, "sh", "-c", script, "sh", HELPER], program="/usr/bin/unshare", argv0="unshare",
                            environment={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"})
    report(number, claim, status in statuses and b"escaped" not in out and (status == 0 or out == b""), (status, out, err))


ESCAPED = '[ -e /home/bob ] && echo escaped; [ -e /run/hostile ] && echo escaped; true'


def standing():
    run = f'exec "$1" run --quiet -- sh -c "{ESCAPED}"'
    in_namespaces("A5.1", "fake root of a user namespace claims no host privilege", ["-U", "-r"], run)
    in_namespaces("A5.1", "with pid, mount, net, ipc and uts namespaces of the caller's",
                  ["-U", "-r", "-m", "-n", "-p", "-i", "-u", "-f"], run)
    in_namespaces("A5.1", "with a policy of the caller's over /etc", ["-U", "-r", "-m"],
                  "mount -t tmpfs tmpfs /etc && mkdir /etc/sandbox-run && printf '[profile free]\\nInherit=default\\nProtectHome=no\\n"
                  "[run]\\nProfiles=free\\n' >/etc/sandbox-run/policy.conf && echo alice:x:3001:3001::/home/alice:/bin/sh >/etc/passwd && "
                  f'exec "$1" run --quiet -- sh -c "cat /home/bob/file && echo escaped; true"')
    in_namespaces("A5.1", "with a false /proc that says he is the host's root", ["-U", "-r", "-m"],
                  "mount -t tmpfs tmpfs /proc && mkdir -p /proc/self/fd && echo '0 0 4294967295' >/proc/self/uid_map && " + run, (125,))
    in_namespaces("A5.1", "with a read-only root", ["-U", "-r", "-m"], "mount -o remount,bind,ro / 2>/dev/null; " + run)
    in_namespaces("A5.1", "in a chroot", ["-U", "-r", "-m"],
                  'mkdir -p root && mount --rbind / root && exec chroot root "$1" run --quiet -- sh -c "' + ESCAPED + '"')
    status, out, err = call(["run", "--quiet", "--", HELPER, "run", "--quiet", "--", "true"])
    report("A5.3", "a sandbox in a sandbox is 125 and does not hang", status == 125, (status, out, err))
    status, out, err = call(["run", "--quiet", "--rootless", "--", HELPER, "run", "--quiet", "--rootless", "--", "true"])
    report("A5.3", "unprivileged too", status == 125, (status, out, err))


def cgroup(controller):
    """A cgroup of our own for the caller: of v1, or of v2 where that has the controller."""
    for mount in (f"/sys/fs/cgroup/{controller}", "/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        directory = f"{mount}/caller"
        if not os.path.exists(f"{mount}/cgroup.procs"):
            continue
        os.mkdir(directory)
        names = {"pids": ("pids.max",), "memory": ("memory.max", "memory.limit_in_bytes"), "freezer": ("freezer.state", "cgroup.freeze")}
        for name in names[controller]:
            if os.path.exists(f"{directory}/{name}"):
                return directory, f"{directory}/{name}"
        os.rmdir(directory)
    return None, None


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def cramped():
    """A5.2: what the caller's own cgroup forbids."""
    for controller, value in (("pids", "1"), ("memory", "1M")):
        directory, file = cgroup(controller)
        if not directory:
            skip("A5.2", controller, "no such controller here")
            continue
        def enter(place=directory):
            write(f"{place}/cgroup.procs", "0")
        enter_file = file
        status, out, err = call(["run", "--quiet", "--", "sh", "-c", "echo ran"],
                                as_root=lambda e=enter, f=enter_file, v=value: (e(), write(f, v)))
        report("A5.2", f"at {os.path.basename(file)} {value}: works, 125, or ended by the kernel", (status, out) == (0, b"ran\n") or
               (status in (125, -9) and out == b""), (status, out, err))
        end = time.monotonic() + 5
        while os.path.exists(directory) and time.monotonic() < end:
            try:
                os.rmdir(directory)
            except OSError:
                time.sleep(0.05)
    directory, file = cgroup("freezer")
    if not directory:
        skip("A5.2", "frozen", "no freezer here")
        return
    on, off = ("1", "0") if file.endswith("cgroup.freeze") else ("FROZEN", "THAWED")
    process = subprocess.Popen([HELPER, "run", "--quiet", "--", "sh", "-c", "echo ran; sleep 0.3"], env={}, stdout=subprocess.PIPE,
                               cwd=DIRECTORY, preexec_fn=lambda: (write(f"{directory}/cgroup.procs", "0"), become()))
    for _ in range(20):
        write(file, on)
        time.sleep(0.02)
        write(file, off)
        time.sleep(0.005)
    out = process.communicate(timeout=15)[0]
    report("A5.2", "frozen and thawed by turns it comes to its end", (process.returncode, out) == (0, b"ran\n"), (process.returncode, out))
    os.rmdir(directory)


def without_cgroups():
    """A5.4, each in mounts of its own."""
    options = ["--set", "TasksMax=50", "--set", "MemoryMax=500M"]
    remount = "for m in /sys/fs/cgroup/*; do mountpoint -q $m && mount -o remount,bind,ro $m; done; mount -o remount,bind,ro /sys/fs/cgroup"
    for claim, script in (("missing", "mount -t tmpfs tmpfs /sys/fs/cgroup"), ("read-only", remount)):
        for control, status in (("require", 125), ("prefer", 0)):
            words = " ".join([*options, "--set", f"ResourceControl={control}"])
            done = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", f'{script}; cd {DIRECTORY} && exec setpriv '
                                   f'--reuid={UID} --regid={GID} --clear-groups "$1" run {words} -- id -un', "sh", HELPER],
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False)
            lines = done.stderr.count(b"\n")
            good = done.returncode == status and (status == 125 or done.stdout == b"alice\n") and \
                b"MemoryMax" in done.stderr and 1 <= lines <= 2 and (status == 125 or b"TasksMax" in done.stderr)
            report("A5.4", f"cgroups {claim}, {control}: {'refused' if status else 'one warning names each limit'}", good,
                   (done.returncode, done.stdout, done.stderr))


NUMBERS = {"openat2": 437, "clone3": 435, "mount_setattr": 442, "open_tree": 428, "move_mount": 429, "fsopen": 430, "close_range": 436,
           "pidfd_open": 434, "landlock_create_ruleset": 444, "seccomp": 317 if platform.machine() == "x86_64" else 277}


def forbid(number):
    """As a kernel that has not got the call. By root, so that no_new_privs is not needed (seccomp(2))."""
    load, equal, answer, allow = 0x20, 0x15, 0x00050000 | 38, 0x7fff0000
    program = b"".join(struct.pack("HBBI", *line) for line in
                       ((load, 0, 0, 0), (equal, 0, 1, number), (0x06, 0, 0, answer), (0x06, 0, 0, allow)))
    buffer = ctypes.create_string_buffer(program)
    filter_program = struct.pack("HxxxxxxP", 4, ctypes.addressof(buffer))
    if libc.prctl(22, 2, ctypes.create_string_buffer(filter_program), 0, 0) != 0:
        os._exit(99)


def old_kernels():
    for name, number in NUMBERS.items():
        for way, options in (("set-uid", []), ("unprivileged", ["--rootless"])):
            status, out, err = call(["run", "--quiet", *options, "--", "id", "-un"], as_root=lambda n=number: forbid(n))
            good = (status, out) == (0, b"alice\n") or (status == 125 and out == b"" and 1 <= err.count(b"\n") <= 2)
            report("A5.5", f"without {name}, {way}: {'works' if status == 0 else 'refused'}", good, (status, out, err))
    in_namespaces("A5.5", "no user namespaces left", ["-U", "-r"], "echo 0 >/proc/sys/user/max_user_namespaces && "
                  'exec "$1" run --quiet -- true', (125,))


def full():
    """A5.6: no space and no inodes where state is kept. Every call in turn is tests/fault's."""
    for claim, options in (("no space", "size=4k,mode=0755"), ("no inodes", "nr_inodes=1,mode=0755")):
        os.makedirs("/run/sandbox-run", exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", "/run/sandbox-run"], check=True)
        if "size" in options:
            with open("/run/sandbox-run/.full", "wb") as file:
                file.write(bytes(4096))
        before = os.listdir("/run/sandbox-run")
        closed("A5.6", f"{claim} in /run: refused", ["run", "--quiet", "--", "id"], statuses=(125,))
        report("A5.6", f"{claim} in /run: nothing is left", os.listdir("/run/sandbox-run") == before, os.listdir("/run/sandbox-run"))
        subprocess.run(["umount", "/run/sandbox-run"], check=True)


def quickly(number, claim, arguments, directory=DIRECTORY, prefix=(), meanwhile=None):
    """Output goes to files: what cannot be killed keeps a pipe open. meanwhile: called when the first of prefix has stopped."""
    def person():
        become()
        os.chdir(directory)
    with tempfile.TemporaryFile() as out_file, tempfile.TemporaryFile() as err_file:
        process = subprocess.Popen([*prefix, HELPER, *arguments], env={}, cwd="/", stdin=subprocess.DEVNULL, stdout=out_file,
                                   stderr=err_file, preexec_fn=person)
        if meanwhile:
            os.waitpid(process.pid, os.WUNTRACED)
            meanwhile()
            process.send_signal(signal.SIGCONT)
        start = time.monotonic()
        try:
            status = process.wait(35)
        except subprocess.TimeoutExpired:
            process.kill()
            status = "hangs"
        seconds = time.monotonic() - start
        out_file.seek(0)
        err_file.seek(0)
        out, err = out_file.read(), err_file.read()
    good = seconds < BOUND and ((status, out) == (0, b"alice\n") or (status == 125 and out == b"" and 1 <= err.count(b"\n") <= 2))
    report(number, f"{claim}: {'works' if status == 0 else 'refused'} in time", good, (seconds, status, out, err))


def sources():
    """A6.1, A6.2: what a bind's source may turn out to be. Exchanged while it is looked at: tests/system/test-links.sh."""
    link, target = f"{DIRECTORY}/planted", f"{DIRECTORY}/target"
    os.mkdir(target)
    os.chown(target, UID, GID)
    for place in ("/proc/self/cwd", "/run", "/.hidden", "/home/bob", "/proc/1/root"):
        os.symlink(place, link)
        os.lchown(link, UID, GID)
        status, out, err = call(["run", "--quiet", "--set", f"BindPaths={link}:{target}", "--", "sh", "-c", f"ls -A {target}; true"])
        report("A6.1", f"a planted link to {place} as source shows nothing", out == b"" and status in (0, 125), (status, out, err))
        os.unlink(link)
    for kind in ("fifo", "socket", "device"):
        path = f"{DIRECTORY}/odd"
        if kind == "fifo":
            os.mkfifo(path, 0o666)
        elif kind == "device":
            os.mknod(path, 0o666 | 0o020000, os.makedev(1, 5))
        else:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.close()
        os.chown(path, UID, GID)
        for key in ("BindPaths", "BindReadOnlyPaths", "ReadOnlyPaths", "InaccessiblePaths"):
            value = f"{path}:{path}" if key.startswith("Bind") else path
            quickly("A6.2", f"{key} of a {kind}", ["run", "--quiet", "--set", f"{key}={value}", "--", "id", "-un"])
        if kind == "device":
            status, out, err = call(["run", "--quiet", "--set", f"BindPaths={path}:{path}", "--", "sh", "-c", f"head -c1 {path} | wc -c"])
            report("A6.2", "a device brought in so cannot be opened", out.strip() in (b"0", b""), (status, out, err))
        os.unlink(path)
    os.rmdir(target)


def homes():
    """A6.3. The caller stands in / meanwhile."""
    home, kept = "/home/alice", "/home/kept"
    os.rename(home, kept)
    os.mkdir("/home/other", 0o700)
    def case(claim, make, end):
        make()
        for way, options in (("set-uid", []), ("unprivileged", ["--rootless"])):
            quickly("A6.3", f"home {claim}, {way}", ["run", "--quiet", *options, "--", "id", "-un"], directory="/")
        end()
    case("missing", lambda: None, lambda: None)
    case("a symbolic link of root's", lambda: os.symlink(kept, home), lambda: os.unlink(home))
    case("a symbolic link of the person's", lambda: (os.symlink(kept, home), os.lchown(home, UID, GID)), lambda: os.unlink(home))
    case("a dangling link", lambda: os.symlink("/no/such", home), lambda: os.unlink(home))
    case("of mode 000", lambda: (os.mkdir(home, 0), os.chown(home, UID, GID)), lambda: os.rmdir(home))
    case("of another person", lambda: (os.mkdir(home, 0o700), os.chown(home, 3002, 3002)), lambda: os.rmdir(home))
    case("a file", lambda: os.close(os.open(home, os.O_CREAT | os.O_WRONLY)), lambda: os.unlink(home))
    case("a fifo", lambda: os.mkfifo(home), lambda: os.unlink(home))
    if not os.path.exists("/dev/fuse"):
        skip("A6.3", "home on a FUSE that hangs", "there is no /dev/fuse")
    else:
        os.mkdir(home, 0o700)
        os.chown(home, UID, GID)
        fuse = Fuse(home, UID, GID)
        quickly("A6.3", "home on a FUSE", RUN_ID, directory="/")
        fuse.answers = False
        both_ways(lambda way, options: quickly("A6.3", f"home on a FUSE that hangs, {way}",
                                               ["run", "--quiet", *options, "--", "id", "-un"], directory="/"))
        start = time.monotonic()
        status, out, err = call(["run", "--quiet", "--", "id", "-un"], directory="/", person=other_person)
        report("A6.3", "another person meanwhile notices nothing", (status, out) == (0, b"bob\n") and time.monotonic() - start < 3,
               (status, out, err))
        hanging_command(fuse, home)
        fuse.end()
        hanging_directory(home)
        os.rmdir(home)
    os.rename(kept, home)
    os.rmdir("/home/other")


def other_person():
    os.setgroups([3002])
    os.setresgid(3002, 3002, 3002)
    os.setresuid(3002, 3002, 3002)


def both_ways(test):
    """At the same time, since each waits."""
    threads = [threading.Thread(target=test, args=way) for way in (("set-uid", []), ("unprivileged", ["--rootless"]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def hanging_command(fuse, home):
    """B3.5: a command that cannot be killed, since it waits for a file system of the person's own. All at the same time."""
    cases = {"killed by the time limit": (["--set", "RuntimeMaxSec=3s", "--set", "TimeoutStopSec=0"], "wait", 124),
             "over, and another is stuck": ([], "sleep 1; exit 3", 3)}
    fuse.answers, started = True, []
    for way, options in (("set-uid", []), ("unprivileged", ["--rootless"])):
        for claim, (words, end, wanted) in cases.items():
            process = subprocess.Popen([HELPER, "run", "--quiet", *options, *words, "--", "sh", "-c", f"echo up; sleep 1; ls {home} & {end}"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/", preexec_fn=become)
            process.stdout.readline()
            started.append((f"{claim}, {way}", process, wanted))
    fuse.answers, start = False, time.monotonic()
    for claim, process, wanted in started:
        try:
            status = process.wait(30)
        except subprocess.TimeoutExpired:
            status = "hangs"
            process.kill()
        seconds = time.monotonic() - start
        report("B3.5", f"a command that cannot be killed, {claim}: told in time", status == wanted and seconds < 18, (status, seconds))
        process.stdout.close()


def hanging_directory(home):
    """A4.5: the present directory on a FUSE that answers no more."""
    fuse = Fuse(home, UID, GID)
    barrier = threading.Barrier(2, action=lambda: setattr(fuse, "answers", False))
    both_ways(lambda way, options: quickly("A4.5", f"the directory on a FUSE that hangs, {way}",
                                           ["run", "--quiet", *options, "--", "id", "-un"], directory=home,
                                           prefix=["sh", "-c", 'kill -STOP $$; exec "$@"', "sh"], meanwhile=barrier.wait))
    fuse.end()


def state():
    """A6.4, A6.5: nothing predictable in shared places; nothing of ours can be held by others."""
    log = "/run/places.trace"
    traced = subprocess.run(["strace", "-f", "-u", "alice", "-e", "trace=%file", "-o", log, HELPER, "run", "--quiet", "--", "true"],
                            stdin=subprocess.DEVNULL, capture_output=True, cwd=DIRECTORY, check=False)
    with open(log, encoding="utf-8", errors="replace") as file:
        names = re.findall(r'"(/(?:tmp|var/tmp|dev/shm)/[^"]*)"', file.read())
    report("A6.4", "no name below /tmp, /var/tmp or /dev/shm is used", traced.returncode == 0 and names == [], (traced, names))
    process = subprocess.Popen([HELPER, "run", "--quiet", "--", "sh", "-c", "echo up; exec sleep 9"], stdout=subprocess.PIPE, env={},
                               cwd=DIRECTORY, preexec_fn=become)
    process.stdout.readline()
    opened = subprocess.run(["setpriv", f"--reuid={UID}", f"--regid={GID}", "--clear-groups", "sh", "-c",
                             "cd /run/sandbox-run; for f in */* */; do ( : <$f ) 2>/dev/null && echo $f; done;"
                             "( : >mine ) 2>/dev/null && echo made; mkdir 0 2>/dev/null && echo made; true"],
                            capture_output=True, check=False)
    report("A6.5", "nothing of a running sandbox's state can be opened or added to", opened.stdout == b"", opened.stdout)
    process.terminate()
    process.wait()
    holder = subprocess.Popen(["/usr/bin/python3", "-c", "import fcntl,os,sys\nd = os.open('/run/sandbox-run', os.O_RDONLY)\n"
                               "fcntl.flock(d, fcntl.LOCK_EX)\nfcntl.lockf(d, fcntl.LOCK_SH)\nprint('held', flush=True)\nsys.stdin.read()"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=become)
    holder.stdout.readline()
    quickly("A6.5", "with its directory locked by a person", RUN_ID)
    holder.stdin.close()
    holder.wait()


def written_files():
    """A6.6: a false null device and a false procfs; by the caller's own mounts, since only these can be false."""
    in_namespaces("A6.6", "a file in the place of /dev/null hides nothing it should not", ["-U", "-r", "-m"],
                  'echo content >file && mount --bind file /dev/null && exec "$1" run --quiet -- sh -c '
                  '"grep -q content /proc/keys /proc/kallsyms /proc/config.gz && echo escaped; true"')
    in_namespaces("A6.6", "a file in the place of /proc/self/uid_map", ["-U", "-r", "-m"],
                  'echo "0 0 4294967295" >map && mount --bind map /proc/self/uid_map && exec "$1" run --quiet -- sh -c "' + ESCAPED + '"')
    in_namespaces("A6.6", "a directory bound over /proc/self", ["-U", "-r", "-m"],
                  'mkdir -p false/fd && echo "0 0 4294967295" >false/uid_map && mount --bind false /proc/self && '
                  'exec "$1" run --quiet -- sh -c "' + ESCAPED + '"')
    for name in ("file", "map"):
        if os.path.exists(f"{DIRECTORY}/{name}"):
            os.unlink(f"{DIRECTORY}/{name}")


def oracle():
    """A6.7: what is below a directory that the caller may not search, and what is not, look the same."""
    os.makedirs("/run/closed", 0o700)
    os.chmod("/run/closed", 0o700)
    os.mkdir("/run/closed/there")
    os.makedirs("/usr/lib/closed/there")
    os.chmod("/usr/lib/closed", 0o700)
    for key in ("BindPaths", "BindReadOnlyPaths", "InaccessiblePaths", "ReadOnlyPaths", "ReadWritePaths", "NoExecPaths", "SecretPaths",
                "TemporaryFileSystem", "WorkingDirectory"):
        for directory in ("/run/closed", "/usr/lib/closed"):
            answers = []
            for name in ("there", "gone!"):
                status, out, err = call(["run", "--quiet", "--set", f"{key}={directory}/{name}", "--", "id", "-un"])
                answers.append((status, out.replace(name.encode(), b"NAME"), err.replace(name.encode(), b"NAME")))
            report("A6.7", f"{key} tells nothing of {directory}", answers[0] == answers[1], answers)
    for words in (["run", "--quiet", "--", "PATH"], ["run", "--quiet", "--policy", "PATH", "--", "id"], ["policy", "check", "PATH"]):
        answers = []
        for name in ("there", "gone!"):
            status, out, err = call([word.replace("PATH", f"/run/closed/{name}") for word in words])
            answers.append((status, out.replace(name.encode(), b"NAME"), err.replace(name.encode(), b"NAME")))
        report("A6.7", f"{' '.join(words)} tells nothing", answers[0] == answers[1], answers)


for part in (standing, cramped, without_cgroups, old_kernels, full, sources, homes, state, written_files, oracle):
    part()
print("places done")
