# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the attempts of inside/ came to, by number of threats.md: outside all must succeed, inside none."""
import os
import re

# What a kernel answers that does not have the thing at all.
MISSING = {"ENOSYS", "EAFNOSUPPORT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "ENOPROTOOPT", "ENODEV", "ENXIO", "ENOENT", "EOPNOTSUPP"}
LINE = re.compile(r"^(B\d\.\d+) (.*): (got|contained)(?:: (.*))?$")


def parse(output):
    """{(number, name): None where it was got, else why not}"""
    found = {}
    for line in output.splitlines():
        match = LINE.match(line)
        if match:
            number, name, verdict, why = match.groups()
            found[number, name] = None if verdict == "got" else why or "no"
    return found


def order(number):
    return [int(part) for part in number[1:].split(".")]


class Table:
    def __init__(self, attempts):
        self.attempts = attempts  # [(number, name)]
        self.numbers = sorted({number for number, _ in attempts}, key=order)
        self.ways = {}  # name of a way: {number: cell}
        self.missing = set()  # attempts that this machine cannot make succeed

    def names(self, number):
        return [name for other, name in self.attempts if other == number]

    def wanted(self):
        """All, or HOSTILE_NUMBERS of the environment."""
        chosen = os.environ.get("HOSTILE_NUMBERS", "").split()
        return [number for number in self.numbers if not chosen or number in chosen]

    def twin(self, number, person, root, lacking):
        """person, root: what parse() returned; root for what the person cannot do even without a sandbox. lacking: name of an
        attempt to why this machine cannot."""
        failed, got = [], 0
        for name in self.names(number):
            key = number, name
            if key in person and person[key] is None or key in root and root[key] is None:
                got += 1
            elif name in lacking or root.get(key, person.get(key)) in MISSING:
                self.missing.add(key)
                print(f"skip - {number} twin, {name}: not possible here: {lacking.get(name) or root.get(key, person.get(key))}")
            else:
                failed.append(f"{name}: {person.get(key, 'not run')}; as root: {root.get(key, 'not run')}")
        self.cell("outside", number, f"{got} got", failed, "forbidden inside, it succeeds", got == 0)

    def inside(self, way, number, found, excepted):
        """excepted: name of an attempt to the reason why this way does not contain it."""
        failed, contained = [], 0
        for name in self.names(number):
            why = found.get((number, name))
            if name in excepted:
                print(f"skip - {number} {way}, {name}: {excepted[name]}")
            elif why is None:
                failed.append(f"{name}: {'got' if (number, name) in found else 'not run'}")
            else:
                contained += 1
        self.cell(way, number, f"{contained} contained", failed, "contained", contained == 0)

    def cell(self, way, number, text, failed, claim, empty):
        if not empty or failed:
            print(f"not ok - {number} {way}: {'; '.join(failed)}" if failed else f"ok - {number} {way}: {claim}: {text}", flush=True)
        self.ways.setdefault(way, {})[number] = f"{len(failed)} FAILED" if failed else "-" if empty else text

    def show(self):
        print("# " + "".join(word.ljust(16) for word in ["number", *self.ways]))
        for number in self.wanted():
            print("# " + "".join(word.ljust(16) for word in [number, *(row.get(number, "-") for row in self.ways.values())]))
