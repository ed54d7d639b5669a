#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""For test-why.sh: chooses what to ask and compares what `policy why` says with what happened.

why.py choose SEED COUNT FILE...   COUNT paths of each FILE (all, where it has fewer), the same for the same seed
why.py policy SEED                 a policy that restricts the planted trees at random
why.py paths ANSWERS SEEN          one line for each difference, then "N compared, N depend, N differ"
why.py calls ANSWERS               a line for why_probe for each call and each way of an answer
why.py compare ANSWERS SEEN        as paths, for calls
"""
import json
import random
import re
import sys

SIGSYS = 31
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
CONDITION = re.compile(r"(upper half of )?argument (\d)(?: & (0x[0-9a-f]+))? (is at least|has bits of|is) (0x[0-9a-f]+|0)")


def answers(name):
    with open(name, encoding="utf-8", errors="surrogateescape") as file:
        return [json.loads(line) for line in file]


def lines(name):
    with open(name, encoding="utf-8", errors="surrogateescape") as file:
        return [line.rstrip("\n") for line in file]


def choose(seed, count, *files):
    dice = random.Random(int(seed))
    chosen = set()
    for file in files:
        paths = sorted(set(lines(file)))
        chosen.update(paths if len(paths) <= int(count) else dice.sample(paths, int(count)))
    print("\n".join(sorted(chosen)))


TREES = ["/srv/tree", "/srv/read-only", "/srv/roots", "/home/alice/tree", "/home/alice/work/tree"]
PARTS = """ /deep /deep/deeper /deep/file /frozen /frozen/warm /closed /closed/in /secret /bin /bin/good /bin/tool /empty /private
    /into /into/deeper /to-secret /to-closed /to-proc /up /dangling /nested /nested/tree /nested/tree/deep /host-noexec
    /host-noexec/tree/deep /host-read-only/tree /new /new/er /relative /null /pipe /unreadable /to-bob /to-tmp""".split()
OTHERS = """/usr/games /etc/why.d /etc/os-release /usr/share/doc /var/log /tmp /var/tmp/x /usr/bin/env /home/alice
    /home/alice/.ssh /home/alice/.gnupg /home/alice/.aws /srv /srv/sticky/alices /srv/sticky /etc /etc/passwd /bin/true /home/bob
    /root""".split()
PATH_KEYS = {"BindPaths": 3, "BindReadOnlyPaths": 3, "TemporaryFileSystem": 1, "ReadOnlyPaths": 3, "ReadWritePaths": 2,
             "NoExecPaths": 2, "ExecPaths": 2, "InaccessiblePaths": 3, "SecretPaths": 3}
WORD_KEYS = {"Home": "host read-only tmpfs", "CallerDirectory": "read-write read-only hidden",
             "ProtectSystem": "no yes full strict", "ProtectHome": "yes no", "PrivateTmp": "yes no", "PrivateDevices": "yes no",
             "Landlock": "off prefer", "Etc": "generated host"}


def print_policy(seed):
    dice = random.Random(int(seed))

    def path():
        return dice.choice(TREES) + dice.choice(["", *PARTS]) if dice.random() < 0.8 else dice.choice(OTHERS)

    def word(key):
        target = ":" + path() if key.startswith("Bind") and dice.random() < 0.4 else ""
        return ("" if key == "TemporaryFileSystem" else "-") + path() + target

    print(f"[run]\nProfiles=x\n[profile x]\nInherit={dice.choice(['base', 'default', 'ci'])}")
    for key, most in PATH_KEYS.items():
        words = [word(key) for _ in range(dice.randint(0, most))]
        if words:
            print(f"{key}={' '.join(words)}")
    for key, words in WORD_KEYS.items():
        if dice.random() < 0.5:
            print(f"{key}={dice.choice(words.split())}")


def report(compared, depend, differences):
    for difference in differences:
        print(difference)
    print(f"{compared} compared, {depend} depend, {len(differences)} differ")


def compare_paths(answers_file, seen_file):
    compared, depend, differences = 0, 0, []
    said_of_all, seen_of_all = answers(answers_file), lines(seen_file)
    if len(said_of_all) != len(seen_of_all):
        differences.append(f"{len(said_of_all)} answers, {len(seen_of_all)} probes")
    for said, seen in zip(said_of_all, seen_of_all):
        *found, path = seen.split(" ", 3)
        told = [said["read"], said["write"], said["execute"]]
        if path != said["question"]:
            differences.append(f"{path}: the answer is about {said['question']}")
        elif told[0] == "depends":
            depend += 1
        else:
            compared += 1
            if told != [word.split(":")[0] for word in found]:
                differences.append(f"{path}: told {' '.join(told)}, found {' '.join(found)}: {said['text']}")
    report(compared, depend, differences)


def conditions(way):
    for upper, argument, mask, kind, value in CONDITION.findall(way["when"]):
        yield bool(upper), int(argument) - 1, int(mask or "0xffffffff", 16), kind, int(value, 16)


def holds(condition, arguments):
    upper, argument, mask, kind, value = condition
    half = arguments[argument] >> 32 if upper else arguments[argument]
    half &= mask & 0xFFFFFFFF
    return {"is": half == value, "has bits of": half & value != 0, "is at least": half >= value}[kind]


RESET_ON_FORK = 0x40000000  # a bit that some rules do not look at


def trials(said):
    """Argument lists for a call: nothing valid, nothing at all, and for each way something that fulfils its conditions, or
    nearly."""
    yield [2**64 - 1] * 6
    if len(said["ways"]) == 1:
        return
    yield [0] * 6
    for way in said["ways"]:
        for changed in (0, RESET_ON_FORK):
            arguments = [2**64 - 1] * 6
            for upper, argument, _, kind, value in conditions(way):
                value = (value & -value if kind == "has bits of" else value) ^ changed
                arguments[argument] = value << 32 if upper else value
            yield arguments


def all_trials(said_of_all):
    return [(said, arguments) for said in said_of_all if "ways" in said for arguments in trials(said)]


def signed(number):
    return number - 2**64 if number >= 2**63 else number


def print_calls(answers_file):
    for said, arguments in all_trials(answers(answers_file)):
        print(said["number"], *(signed(argument) for argument in arguments))


def call_agrees(action, word, number, refusal):
    """refusal: an errno that the filter alone returns here."""
    if action == KILL:
        return word == "signal" and number == SIGSYS
    if action & 0xFFFF0000 == ERRNO:
        return word == "errno" and number == action & 0xFFFF
    return action == ALLOW and (word, number) not in (("signal", SIGSYS), ("errno", refusal))


def compare_calls(answers_file, seen_file, refusal="0"):
    compared, differences = 0, []
    said_of_all, seen_of_all = all_trials(answers(answers_file)), lines(seen_file)
    if len(said_of_all) != len(seen_of_all):
        differences.append(f"{len(said_of_all)} trials, {len(seen_of_all)} probes")
    for (said, arguments), seen in zip(said_of_all, seen_of_all):
        word, number = seen.split()
        way = next(way for way in said["ways"] if all(holds(c, arguments) for c in conditions(way)))
        compared += 1
        if not call_agrees(way["action"], word, int(number), int(refusal)):
            shown = " ".join(hex(argument) for argument in arguments)
            differences.append(f"{said['question']}({shown}): told {way['verdict']}, found {seen}")
    report(compared, 0, differences)


COMMANDS = {"choose": choose, "policy": print_policy, "paths": compare_paths, "calls": print_calls, "compare": compare_calls}

if __name__ == "__main__":
    sys.stdout.reconfigure(errors="surrogateescape")
    COMMANDS[sys.argv[1]](*sys.argv[2:])
