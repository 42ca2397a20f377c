# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Random scripts on random messages, by our engine and by others: Debian's
sieve-test (Dovecot) and libsieve2.

    differential.py [--count SCRIPTS] [--seed N] [--seconds MOST] [--only WORLD] [--show]

Each script holds some 25 tests, each of which files the message under its
number, its outcome and what it captured; and flags and other actions between
them.  What is to come of each is said by the RFCs (`expected`, by the makers),
and is the judge when the engines disagree: a disagreement in which we are right
and whose kind is known is counted, anything else is a failure.  doc/sieve.md
("Where we differ from others") has the clauses.  DOORSTEP_BUILD names the build.
--count is for each of the worlds: the base language, more than that, and what
libsieve has.
"""

import argparse
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import doorstep  # noqa: E402
from differential_maker import RECIPIENT, SENDER, Maker  # noqa: E402
from differential_more import More, Plain  # noqa: E402

# Kinds of disagreement that are known, each a fault of the other engine by the
# clause named; only where `expected` says that we are right.
DOVECOT = {
    "string": "RFC 5228 2.7.3: without :comparator, `string` ignores case too",
    "matches": "RFC 5228 2.7.1: the character behind `?` counts",
    "body matches": "as `matches`",
    "mime matches": "as `matches`",
    "numeric": "RFC 4790 9.1.1: what has no digits in front is equal to every such text",
    "value": "RFC 4790 9.2.1: order is that of upper case letters, which `_` is behind",
    "no detail": "RFC 5233 4: an address without detail has none that counts",
    "index count": "RFC 5260 6, 5231 4.2: the field that is left counts",
    "raw, edited": "RFC 5293 1, 5173 4: the body is what it was, where the header is changed",
    "no param": "RFC 5703 4.1: a parameter that is not there is no empty one",
    "joined": "any of these in one test",
}
LIBSIEVE = {
    "no detail": "RFC 5233 4: what has no detail is no empty one",
    "joined": "as above",
}


# ---- engines ----

def normal(folder, flags):
    return folder, tuple(sorted({f.lower() for f in flags}))


class Engines:
    def __init__(self, directory):
        self.directory = directory
        self.script = os.path.join(directory, "script.sieve")
        self.message = os.path.join(directory, "message.eml")
        self.conf = os.path.join(directory, "doorstep.conf")
        with open(self.conf, "w", encoding="utf-8") as conf:
            conf.write('listener "a" { address = "unix:/nonexistent" }\ndomain "example.org" { }\n'
                       "sieve_engine = doorstep\n")
        # It gives up root for this number.
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": directory, "USER": "root", "DOVECONF_ENV": "1",
            "FIRST_VALID_UID": "0", "FIRST_VALID_GID": "0", "MAIL_UID": "65534",
            "MAIL_GID": "65534", "MAIL_HOME": directory, "POSTMASTER_ADDRESS": "pm@example.com",
            "MAIL_LOCATION": "maildir:%s/Maildir" % directory}

    def write(self, script, message):
        for path, text in ((self.script, script), (self.message, message)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o644)

    def ours(self):
        result = subprocess.run(
            [doorstep.program("doorstep"), "-c", self.conf, "sieve", "test", "--json", self.script,
             self.message, "-f", SENDER, "-r", RECIPIENT],
            capture_output=True, timeout=60, check=False)
        answer = json.loads(result.stdout)
        if answer["error"] is not None:
            return ["error: " + answer["error"]["text"]]
        names = {"keep": "INBOX", "implicit keep": "INBOX"}
        return [normal(names.get(a["action"], a["target"]), a["flags"])
                for a in answer["actions"] if a["action"] != "discard"]

    def dovecot(self):
        result = subprocess.run(
            ["sieve-test", "-C", "-o", "mail_uid=65534", "-o", "mail_gid=65534", "-o",
             "plugin/sieve_extensions=+editheader", "-f", SENDER, "-r", RECIPIENT, self.script,
             self.message],
            env=self.environment, capture_output=True, timeout=60, check=False)
        if result.returncode < 0:
            return None
        if result.returncode != 0:
            return ["error: " + result.stderr.decode(errors="replace")]
        actions = []
        for line in result.stdout.decode(errors="replace").split("\n"):
            stored = re.match(r" \* store message in folder: (.*)", line)
            flags = re.match(r" +\+ add IMAP flags: (.*)", line)
            if stored:
                actions.append(normal(stored.group(1), []))
            elif flags:
                actions[-1] = normal(actions[-1][0], flags.group(1).split())
        return actions


    def libsieve(self):
        result = subprocess.run([self.oracle, self.script, self.message, SENDER, RECIPIENT],
                                capture_output=True, timeout=60, check=False)
        if result.returncode < 0:
            return None
        actions = []
        for line in result.stdout.decode(errors="replace").splitlines():
            word, argument = line.split("\t", 1)
            if word == "error":
                return ["error: " + argument]
            actions.append(normal("INBOX" if word == "keep" else argument, []))
        return actions

    def has_oracle(self):
        """Whether there is a libsieve to be asked: its driver is built here."""
        self.oracle = os.path.join(self.directory, "oracle")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libsieve_oracle.c")
        built = subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-o", self.oracle, source,
                                "-lsieve"], capture_output=True, check=False)
        return built.returncode == 0


# ---- the comparison ----

def number_of(folder):
    return folder.split("=", 1)[0]


def judge(steps, ours, theirs, known):
    """Pairs of a step (None: of the script) and what is wrong: `known`, or a text."""
    if theirs is None:
        return [(None, "crash")]
    if any(isinstance(a, str) for a in ours + theirs):
        return [] if isinstance(ours[0], str) and isinstance(theirs[0], str) else \
            [(None, "ours: %s, theirs: %s" % (ours[:1], theirs[:1]))]
    numbered = [s for s in steps if s.kind not in ("flags", "end")]
    found = []
    for i, step in enumerate(numbered):
        a = [x for x in ours if number_of(x[0]) == str(i)]
        b = [x for x in theirs if number_of(x[0]) == str(i)]
        if not a or a[0][0] != step.expected:
            found.append((step, "we: %s, by the RFC %s" % (a, step.expected)))
        elif a != b:
            is_known = len(b) == 1 and a[0][1] == b[0][1] and step.kind in known
            found.append((step, "known" if is_known else "ours: %s, theirs: %s" % (a, b)))
    rest = [[x for x in actions if not number_of(x[0]).isdigit()] for actions in (ours, theirs)]
    if sorted(rest[0]) != sorted(rest[1]):
        found.append((steps[-1], "ours: %s, theirs: %s" % tuple(rest)))
    return found


World = collections.namedtuple("World", "name maker theirs known")


def find_worlds(engines):
    worlds = []
    if shutil.which("sieve-test") is not None and os.geteuid() == 0:
        worlds += [World("base", Maker, engines.dovecot, DOVECOT),
                   World("more", More, engines.dovecot, DOVECOT)]
    if engines.has_oracle():
        worlds.append(World("libsieve", Plain, engines.libsieve, LIBSIEVE))
    for world in worlds:
        world.maker.KNOWN = world.known
    return worlds


def compare(world, engines, seed, counts, is_shown):
    """Whether nothing was wrong with this one."""
    maker = world.maker(random.Random(seed))
    script, steps = maker.script()
    engines.write(script, maker.message)
    counts["tests"] += sum(s.kind not in ("flags", "end") for s in steps)
    is_fine = True
    for step, text in judge(steps, engines.ours(), world.theirs(), world.known):
        if text in ("known", "crash"):
            counts[text + (", " + step.kind if step else "")] += 1
            if not is_shown:
                continue
        else:
            is_fine = False
        print("%s, seed %d: %s\n    %s" % (world.name, seed, text, step.text if step else script))
    return is_fine


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=130)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--only", help="base, more or libsieve")
    parser.add_argument("--show", action="store_true", help="known disagreements too")
    options = parser.parse_args()
    passed = failed = 0
    end = time.monotonic() + options.seconds
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o777)
        engines = Engines(directory)
        worlds = [w for w in find_worlds(engines) if options.only in (None, w.name)]
        counts = {world.name: collections.Counter() for world in worlds}
        for seed in range(options.seed, options.seed + options.count):
            for world in worlds:
                if time.monotonic() > end:
                    break
                if compare(world, engines, seed, counts[world.name], options.show):
                    passed += 1
                else:
                    failed += 1
    for world in worlds:
        print("%s: %s" % (world.name, ", ".join(
            "%s: %d" % (name, counts[world.name][name]) for name in sorted(counts[world.name]))))
    print("differential: %d passed, %d failed, %d skipped" % (passed, failed, not worlds))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
