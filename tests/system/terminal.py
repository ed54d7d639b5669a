#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of test-terminal.sh that owns a terminal: terminal.py SANDBOX-RUN.

Every case gets a pseudo-terminal and a shell of alice's on it, in a session of its own, and types what a person would type.
A command's end is told by a line the shell prints, put together so that its echo does not look like it.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

RUN = sys.argv[1]
NEW = f"{RUN} -s TTY=new"
BOUND = 10.0


class Terminal:
    """A bash of alice's with job control on a terminal of its own."""

    def __init__(self):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir("/home/alice/work")
            os.setgroups([3001, 3101, 3102, 3103])
            os.setresgid(3001, 3001, 3001)
            os.setresuid(3001, 3001, 3001)
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"],
                      {"PATH": "/usr/bin:/bin", "TERM": "dumb", "HOME": "/home/alice", "PS1": "outside> ", "HISTFILE": ""})
        self.see("outside> ")

    def read(self, seconds):
        """Reads what comes within the time; False at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace").replace("\r", "")
        return bool(data)

    def see(self, pattern, seconds=BOUND):
        """Waits for a pattern in what was not seen yet and takes all up to it; None in time's absence."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.text)
            if found:
                before = self.text[:found.end()]
                self.text = self.text[found.end():]
                return before
            left = end - time.monotonic()
            if left <= 0 or not self.read(left):
                return None

    def type(self, text):
        os.write(self.fd, text.encode())

    def ask(self, line, seconds=BOUND):
        """Types a line; what it printed until the shell's next prompt, without the echo."""
        self.text = ""
        self.type(line + "\n")
        seen = self.see(r"outside> $", seconds)
        return None if seen is None else seen.split("\n", 1)[-1].rsplit("outside> ", 1)[0]

    def foreground(self):
        return os.tcgetpgrp(self.fd)

    def status(self):
        answer = self.ask("echo st''atus $?")
        found = re.search(r"status (\d+)", answer or "")
        return int(found.group(1)) if found else None

    def close(self):
        """Ends our own shell; the kernel hangs up on what it had (SIGHUP, setsid(2))."""
        os.close(self.fd)
        end = time.monotonic() + BOUND
        while time.monotonic() < end:
            if os.waitpid(self.pid, os.WNOHANG)[0] == self.pid:
                return
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def check(name, good, actual=""):
    print(f"ok - {name}" if good else f"not ok - {name}: got [{str(actual)!r}]", flush=True)


def children(pid):
    """All processes below one of ours."""
    parents = {}
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit():
                with open(f"/proc/{entry}/stat") as file:
                    parents[int(entry)] = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass
    found, more = set(), {pid}
    while more:
        found |= more
        more = {child for child, parent in parents.items() if parent in more} - found
    return found - {pid}


def wait_for(condition, seconds=BOUND):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def names(terminal):
    found = set()
    for pid in children(terminal.pid):
        try:
            with open(f"/proc/{pid}/comm") as file:
                found.add(file.read().strip())
        except OSError:
            pass
    return found


def interrupt_ends_everything(terminal):
    terminal.type(f"{RUN} sleep 9\n")
    wait_for(lambda: "sleep" in names(terminal))
    terminal.type("\x03")
    terminal.see("outside> $")
    check("Ctrl-C ends sandbox-run with 130", (status := terminal.status()) == 130, status)
    check("Ctrl-C leaves no process", wait_for(lambda: not children(terminal.pid)), names(terminal))


def quit_ends_everything(terminal):
    terminal.type(f"{RUN} sleep 9\n")
    wait_for(lambda: "sleep" in names(terminal))
    terminal.type("\x1c")
    terminal.see("outside> $")
    check("Ctrl-\\ ends sandbox-run with 131", (status := terminal.status()) == 131, status)


def stop_and_resume(terminal):
    terminal.text = ""
    terminal.type(f"{RUN} sh -c 'sleep 2; exit 7'\n")
    wait_for(lambda: "sleep" in names(terminal))
    terminal.type("\x1a")
    check("Ctrl-Z stops the job", (seen := terminal.see(r"Stopped.*\n(.*\n)*outside> $")) is not None, terminal.text or seen)
    check("a stopped job is listed", "Stopped" in ((jobs := terminal.ask("jobs")) or ""), jobs)
    time.sleep(2.2)
    check("a stopped job does not go on", "sleep" in names(terminal), names(terminal))
    terminal.type("fg\n")
    terminal.see("outside> $")
    check("fg resumes it to its end", (status := terminal.status()) == 7, status)
    check("the terminal is the shell's again", terminal.foreground() == os.getpgid(terminal.pid), terminal.foreground())


def background(terminal):
    terminal.ask(f"{RUN} sh -c 'sleep 0.3; exit 9' &")
    answer = terminal.ask("wait $!; echo en''ded $?")
    check("a job in the background runs to its end", "ended 9" in (answer or ""), answer)


def cat_reads(terminal):
    terminal.type(f"{RUN} cat\n")
    wait_for(lambda: "cat" in names(terminal))
    time.sleep(0.3)
    terminal.text = ""
    terminal.type("a line\n")
    check("cat reads the terminal and answers", terminal.see("a line\n(.*\n)?a line\n") is not None, terminal.text)
    terminal.type("\x04")
    terminal.see("outside> $")
    check("Ctrl-D ends cat with 0", (status := terminal.status()) == 0, status)
    check("after cat the terminal is the shell's", terminal.foreground() == os.getpgid(terminal.pid), terminal.foreground())


def pipe_from_terminal(terminal):
    terminal.type(f"{RUN} cat | wc -l\n")
    wait_for(lambda: "cat" in names(terminal))
    time.sleep(0.3)
    terminal.type("one\ntwo\n")
    time.sleep(0.2)
    terminal.type("\x04")
    check("sandbox-run cat | wc reads the terminal", (seen := terminal.see(r"\n2\n(.*\n)*outside> $")) is not None,
          terminal.text or seen)


def pipe_to_sandbox(terminal):
    answer = terminal.ask(f"echo here | {RUN} wc -c")
    check("echo | sandbox-run wc", re.search(r"^5$", answer or "", re.M) is not None, answer)


def interactive_shell(terminal):
    terminal.type(f"{RUN} -E PS1='inside# ' bash --norc --noprofile -i\n")
    seen = terminal.see("inside# $")
    check("an interactive bash inside has job control", seen is not None and "no job control" not in seen and
          "cannot set" not in seen, seen or terminal.text)
    terminal.type("sleep 5\n")
    wait_for(lambda: "sleep" in names(terminal))
    terminal.type("\x1a")
    check("Ctrl-Z inside stops the inner job", terminal.see(r"Stopped.*\n(.*\n)*inside# $") is not None, terminal.text)
    terminal.type("fg\n")
    time.sleep(0.3)
    terminal.type("\x03")
    check("Ctrl-C inside ends the inner job alone", terminal.see("inside# $") is not None, terminal.text)
    terminal.type("echo co''de $?\n")
    check("it ended with 130", terminal.see("code 130\n") is not None, terminal.text)
    terminal.see("inside# $")
    terminal.type("trap 'echo res''ized $(stty size)' WINCH\n")
    terminal.see("inside# $")
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    terminal.type("\n")
    check("a resize of the window reaches the shell inside", terminal.see("resized 33 77") is not None, terminal.text)
    terminal.type("exit 5\n")
    terminal.see("outside> $")
    check("it ends with its status", (status := terminal.status()) == 5, status)
    check("after it the terminal is the shell's", terminal.foreground() == os.getpgid(terminal.pid), terminal.foreground())


def resize_reaches_payload(terminal):
    terminal.type(f"{RUN} bash -c 'trap \"echo res''ized \\$(stty size </dev/tty); exit 4\" WINCH; echo re''ady; "
                  "for i in $(seq 80); do sleep 0.1; done'\n")
    check("a payload begins", terminal.see("ready\n") is not None, terminal.text)
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 41, 99, 0, 0))
    check("a resize reaches a payload that has not the terminal", terminal.see("resized 41 99") is not None, terminal.text)
    terminal.see("outside> $")


def group_signal(terminal):
    answer = terminal.ask(f"sh -c '{RUN} sh -c \"kill -TERM 0; sleep 1\"; echo cal''ler lives $?'")
    check("B1.2 kill(0, TERM) inside does not reach the caller's group", "caller lives 143" in (answer or ""), answer)
    answer = terminal.ask("bash -c 'kill -TERM 0; sleep 1; echo cal''ler lives'; echo st''atus $?")
    check("B1.2 twin: outside it ends the caller too", "caller lives" not in (answer or "") and "status 143" in (answer or ""), answer)


OWNER = ("import fcntl, os, signal, socket; a, b = socket.socketpair(); signal.signal(signal.SIGIO, signal.SIG_IGN); "
         "fcntl.fcntl(a, fcntl.F_SETOWN, -os.getpgrp()); fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC); b.send(b'x')")


def group_signals_and_job_control(terminal):
    """An interactive shell inside, started by a script whose group is the caller's: jobs come and go, and no signal of theirs is
    heard outside (B1.2)."""
    terminal.type(f"bash -c 'trap \"hit=USR1\" USR1; trap \"hit=IO\" IO; {RUN} -E \"PS1=inside# \" bash --norc --noprofile -i; "
                  "echo cal''ler $? heard=$hit.'\n")
    check("B1.2 an interactive shell inside begins", terminal.see("inside# $") is not None, terminal.text)
    terminal.type("sleep 7\n")
    wait_for(lambda: "sleep" in names(terminal))
    terminal.type("\x1a")
    check("B1.2 Ctrl-Z stops a job of it", terminal.see(r"Stopped.*\n(.*\n)*inside# $") is not None, terminal.text)
    for signal_name in ("USR1", "IO"):
        terminal.type(f"sh -c 'kill -{signal_name} 0'; echo en''ded $?\n")
        check(f"B1.2 kill(0, {signal_name}) ends the job that sends it", terminal.see(r"ended (138|157)\n") is not None, terminal.text)
        terminal.see("inside# $")
    terminal.type(f'/usr/bin/python3 -c "{OWNER}"; echo ow''ned $?\n')
    check("B1.2 F_SETOWN of the own group", terminal.see(r"owned 0\n") is not None, terminal.text)
    terminal.see("inside# $")
    terminal.type("fg\n")
    time.sleep(0.3)
    terminal.type("\x03")
    check("B1.2 the stopped job comes back and Ctrl-C ends it alone", terminal.see("inside# $") is not None, terminal.text)
    terminal.type("kill -USR1 0; exit 5\n")
    seen = terminal.see("outside> $") or terminal.text
    check("B1.2 the caller heard nothing", re.search(r"caller (5|138) heard=\.", seen) is not None, seen)
    answer = terminal.ask("bash -c 'trap \"hit=USR1\" USR1; bash -c \"kill -USR1 0\"; echo cal''ler heard=$hit.'")
    check("B1.2 twin: outside it hears such a signal", "caller heard=USR1." in (answer or ""), answer)


def typing_for_others(terminal):
    for width in ("", " high"):
        answer = terminal.ask(f"{RUN} ./type{width}")
        check(f"TIOCSTI is refused inside{width}", re.search("TIOCSTI (Operation not permitted|Permission denied)", answer or ""),
              answer)
    terminal.text = ""
    terminal.type("./type\n")
    outside = terminal.see(r"TIOCSTI .*\n")  # not up to the prompt: what was typed stands behind that
    if outside and "typed" in outside:
        check("twin: outside TIOCSTI types", True)
    else:
        print("skip - twin of TIOCSTI: this kernel refuses it to everybody (dev.tty.legacy_tiocsti)", flush=True)


def terminate_from_outside(terminal):
    terminal.type(f"{RUN} sleep 9\n")
    wait_for(lambda: "sleep" in names(terminal))
    group = terminal.foreground()
    check("the caller's job is in the foreground, or its payload", group != os.getpgid(terminal.pid), group)
    terminal.close()
    terminal.closed = True
    check("hanging up leaves no process", wait_for(lambda: not any(in_session(pid, terminal.pid) for pid in everyone())))


def own_terminal(terminal):
    answer = terminal.ask(f"{NEW} sh -c 'tty; ls /dev'")
    check("TTY=new: the terminal is one of the sandbox's own", re.search(r"^/dev/pts/0$", answer or "", re.M), answer)
    check("TTY=new: the caller's is not there", "console" not in (answer or "console"), answer)
    answer = terminal.ask(f"{RUN} ls /dev")
    check("twin: TTY=share shows it", "console" in (answer or ""), answer)
    answer = terminal.ask(f"{NEW} sh -c 'seq 20000; exit 3'")
    check("TTY=new: all output arrives", (answer or "").split() == [str(i) for i in range(1, 20001)], (answer or "")[-40:])
    check("TTY=new: the status is the command's", (status := terminal.status()) == 3, status)
    answer = terminal.ask(f"echo here | {NEW} wc -c")
    check("TTY=new: what is no terminal stays what it is", re.search(r"^5$", answer or "", re.M), answer)
    terminal.type(f"{NEW} cat\n")
    wait_for(lambda: "cat" in names(terminal))
    time.sleep(0.3)
    terminal.text = ""
    terminal.type("a line\n\x04")
    check("TTY=new: cat reads, answers, and Ctrl-D ends it", (seen := terminal.see("a line\na line\n(.*\n)*outside> $")), seen)
    check("TTY=new: cat ended with 0", (status := terminal.status()) == 0, status)
    check("TTY=new: modes are put back", cooked(terminal), terminal.text)


def cooked(terminal):
    words = (terminal.ask("stty -a") or "").split()
    return {"icanon", "echo", "opost", "isig"} <= set(words)


def own_terminal_job_control(terminal):
    terminal.type(f"{NEW} sleep 9\n")
    wait_for(lambda: "sleep" in names(terminal))
    terminal.type("\x03")
    terminal.see("outside> $")
    check("TTY=new: Ctrl-C ends it with 130", (status := terminal.status()) == 130, status)
    terminal.type(f"{NEW} -E PS1='inside# ' bash --norc --noprofile -i\n")
    seen = terminal.see("inside# $")
    check("TTY=new: bash has job control", seen is not None and "no job control" not in seen, seen or terminal.text)
    terminal.type("sleep 5\n")
    wait_for(lambda: "sleep" in names(terminal))
    terminal.type("\x1a")
    check("TTY=new: Ctrl-Z stops the inner job", terminal.see(r"Stopped.*\n(.*\n)*inside# $"), terminal.text)
    terminal.type("kill -9 %1; trap 'echo res''ized $(stty size)' WINCH\n")
    terminal.see("inside# $")
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    time.sleep(0.2)
    terminal.type("\n")
    check("TTY=new: the window's size follows", terminal.see("resized 33 77"), terminal.text)
    terminal.type("kill -STOP $$\n")
    check("TTY=new: what stops itself stops the caller's job", terminal.see(r"Stopped.*\n(.*\n)*outside> $"), terminal.text)
    check("TTY=new: modes are put back for the time of a stop", cooked(terminal), terminal.text)
    terminal.type("fg\n")
    time.sleep(0.3)
    terminal.type("exit 5\n")
    terminal.see("outside> $")
    check("TTY=new: it goes on to its end", (status := terminal.status()) == 5, status)
    answer = terminal.ask(f"{NEW} sh -c 'exit 9' & sleep 0.5; jobs")
    check("TTY=new: a job in the background waits for the terminal", "Stopped" in (answer or ""), answer)
    terminal.ask("fg")
    check("TTY=new: and runs in the foreground", (status := terminal.status()) == 9, status)


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)


def cgroups_of(pids):
    """The directories of the sandbox these processes are in."""
    found = set()
    for pid in pids:
        for root, _, _ in (walk for top in os.scandir("/sys/fs/cgroup") if top.is_dir() for walk in os.walk(f"{top.path}/sandbox-run")):
            with open(f"{root}/cgroup.procs") as file:
                if str(pid) in file.read().split():
                    found.add(root)
    return found


def remove_group(path):
    try:
        while not path.endswith("/sandbox-run"):
            os.rmdir(path)
            path = os.path.dirname(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def relay_has_no_privilege(terminal):
    terminal.type(f"{NEW} sleep 9\n")
    wait_for(lambda: "sleep" in names(terminal))
    inside = [pid for pid in children(terminal.pid) if len(status_of(pid)["NSpid"].split()) > 1]
    helpers = {pid: status_of(pid) for pid in children(terminal.pid) if pid not in inside}
    relays = [each for each in helpers.values() if int(each["PPid"]) in helpers]
    check("TTY=new: one relay stands outside", len(relays) == 1, helpers)
    for relay in relays:
        check("the relay is the caller, without capabilities, new privileges or free system calls",
              relay["Uid"].split() == ["3001"] * 4 and int(relay["CapPrm"], 16) == 0 and relay["NoNewPrivs"] == "1" and
              relay["Seccomp"] == "2", relay)
    supervisor = next((pid for pid, each in helpers.items() if int(each["PPid"]) == terminal.pid), None)
    groups = cgroups_of(inside)
    if supervisor:
        os.kill(supervisor, signal.SIGKILL)
    terminal.see("outside> $")
    check("after the supervisor was killed the modes are put back", wait_for(lambda: cooked(terminal), 3), terminal.text)
    check("and nothing is left", wait_for(lambda: not children(terminal.pid)), names(terminal))
    check("but its control groups, which are for gc", wait_for(lambda: all(remove_group(group) for group in groups)), groups)
    terminal.type(f"{NEW} sleep 9\n")
    wait_for(lambda: "sleep" in names(terminal))
    terminal.close()
    terminal.closed = True
    check("TTY=new: hanging up leaves no process",
          wait_for(lambda: not any(in_session(pid, terminal.pid) for pid in everyone())))


def everyone():
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def in_session(pid, session):
    try:
        return os.getsid(pid) == session
    except OSError:
        return False


for case in (interrupt_ends_everything, quit_ends_everything, stop_and_resume, background, cat_reads, pipe_from_terminal,
             pipe_to_sandbox, interactive_shell, resize_reaches_payload, group_signal, group_signals_and_job_control, typing_for_others,
             own_terminal, own_terminal_job_control, relay_has_no_privilege, terminate_from_outside):
    it = Terminal()
    try:
        case(it)
    finally:
        if not getattr(it, "closed", False):
            it.close()
