#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""For test-why.sh: chooses what to ask and compares what `policy why` says with what happened.

why.py choose SEED COUNT FILE...   COUNT paths of each FILE (all, where it has fewer), the same for the same seed
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


COMMANDS = {"choose": choose, "paths": compare_paths, "calls": print_calls, "compare": compare_calls}

if __name__ == "__main__":
    sys.stdout.reconfigure(errors="surrogateescape")
    COMMANDS[sys.argv[1]](*sys.argv[2:])
