#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts a sandbox again and again and ends one of its processes at a moment given, then tells what is left.

kill_moments.py WHO MOMENTS SECONDS MEMBERS BEAT COMMAND...
WHO: supervisor, stopped (SIGSTOP some time before SIGKILL) or init. MEMBERS: a cgroup that holds every process of the suite.
BEAT: the file the payload writes to. One line for each moment that went wrong, then "killed N reached N". Only processes
started here are killed: the supervisor as our child, PID 1 as the supervisor's.
"""
import os
import json
import signal
import subprocess
import sys
import time

who, moments, span, members, beat = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4], sys.argv[5]
command = sys.argv[6:]
BOUND = 3.0


def processes():
    """Pids in the suite's cgroup, besides those that were there at the start."""
    found = set()
    for directory, _, files in os.walk(members):
        if "cgroup.procs" in files:
            try:
                with open(os.path.join(directory, "cgroup.procs")) as file:
                    found |= {int(line) for line in file}
            except OSError:
                pass
    return found - {0} - before


def free_payloads():
    """Payload processes that are in no mount namespace of a sandbox."""
    free = []
    for pid in processes():
        try:
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "heartbeat" and \
                    os.readlink(f"/proc/{pid}/ns/mnt") == own_namespace:
                free.append(pid)
        except OSError:
            pass
    return free


def sleep_until(moment):
    while (left := moment - time.monotonic()) > 0:
        if left > 0.0005:
            time.sleep(left - 0.0003)


def size():
    try:
        return os.stat(beat).st_size
    except FileNotFoundError:
        return 0


def first_process(reader, supervisor):
    """The sandbox's PID 1 as the status stream names it, if it is a child of the supervisor."""
    event = json.loads(reader.readline() or "{}")
    with open(f"/proc/{event['pid']}/status") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    if int(fields["PPid"]) != supervisor or fields["NSpid"].split()[-1] != "1":
        raise SystemExit("not PID 1 of this sandbox")
    return event["pid"]


def one(delay):
    """Returns what is wrong, or None, and whether the payload had begun."""
    if os.path.exists(beat):
        os.unlink(beat)
    reading, writing = os.pipe()
    arguments = command[:command.index("--")] + ["--status-fd", str(writing)] + command[command.index("--"):]
    start = time.monotonic()
    supervisor = subprocess.Popen(arguments, pass_fds=[writing], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    wrong = None
    with open(reading) as reader:
        if who == "init":
            init = first_process(reader, supervisor.pid)
            sleep_until(time.monotonic() + delay)
            os.kill(init, signal.SIGKILL)
            try:
                if (status := supervisor.wait(BOUND)) not in (137, 125):
                    wrong = f"the supervisor ended with {status}"
            except subprocess.TimeoutExpired:
                wrong = "the supervisor outlives PID 1"
                supervisor.kill()
        else:
            sleep_until(start + delay)
            if who == "stopped":
                supervisor.send_signal(signal.SIGSTOP)
                time.sleep(0.01)
            supervisor.kill()
    supervisor.wait()
    reached = size() > 0
    end = time.monotonic() + BOUND
    while processes() and time.monotonic() < end:
        if free_payloads():
            wrong = "a payload is outside a sandbox"
        time.sleep(0.002)
    if left := processes():
        wrong = f"alive after {BOUND} s: {sorted(left)}"
    last = size()
    time.sleep(0.02)
    if size() != last:
        wrong = "the payload still writes"
    return wrong, reached


before = set()
before = processes()
own_namespace = os.readlink("/proc/self/ns/mnt")
reached_count = 0
for number in range(moments):
    delay = span * number / max(1, moments - 1)
    problem, payload_ran = one(delay)
    reached_count += payload_ran
    if problem:
        print(f"{delay * 1000:.1f} ms: {problem}")
print(f"killed {moments} reached {reached_count}")
