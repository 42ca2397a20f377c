#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""What scripts cost: our engine, libsieve, and Pigeonhole's sieve-test, side by
side on the same 4 KB message.

    tests/bench/sieve.py [--build DIR] [--json]

Ours and libsieve's figures are CPU time in the process, of a message with the
script less that of the same message with `keep;`. sieve-test is a process for
each message: its figure is the CPU time of the whole process with the script
(compiled before) less that with `keep;`, least of several runs; compiling is
that with -C less that without."""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

BARS = {"10 rules": ("run", 10.0), "200 rules": ("run", 60.0)}
COMPILE_BAR = ("200 rules", 2000.0)


def message():
    body = "".join("Line %d of a text that somebody wrote to somebody else.\n" % i for i in range(60))
    return ("Return-Path: <from@example.net>\nReceived: from a by b; Mon, 1 Jan 2026 00:00:00 +0000\n"
            "From: Joe Doe <joe@sender.example.net>\nTo: Jane <user+box@example.org>\n"
            "Cc: a@example.org, b@example.org\nSubject: =?utf-8?q?A_subject_f=C3=BCr_Jane?=\n"
            "Date: Mon, 1 Jan 2026 00:00:00 +0000\nMessage-ID: <1@example.net>\n"
            "List-Id: <list.example.net>\nX-Spam-Score: 1.2\nMIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=utf-8\n\n") + body


def rules(n):
    """A third each: header :contains, address :domain, header :matches; none holds."""
    lines = ['require ["fileinto"];']
    for i in range(n):
        test = ('header :contains "subject" "word%d"' % i,
                'address :domain :is "from" "domain%d.example"' % i,
                'header :matches "list-id" "*<list%d.*>*"' % i)[i % 3]
        lines.append('if %s { fileinto "folder%d"; }' % (test, i))
    return "\n".join(lines) + "\n"


def variables(n):
    lines = ['require ["variables", "fileinto"];', 'set "a" "x";']
    for i in range(n):
        lines += ['if header :matches "subject" "*u*f*" { set :upper "v%d" "${1}-${2}"; }' % i,
                  'set "a" "${a}${v%d}";' % i]
    lines.append('if string :contains "${a}" "nowhere" { fileinto "${a}"; }')
    return "\n".join(lines) + "\n"


def bodies(n):
    lines = ['require ["body", "fileinto"];']
    lines += ['if body :text :contains "phrase number %d" { fileinto "f"; }' % i for i in range(n)]
    return "\n".join(lines) + "\n"


SCRIPTS = {"keep": ("keep;\n", True), "10 rules": (rules(10), True), "200 rules": (rules(200), True),
           "2000 rules": (rules(2000), True), "variables": (variables(50), False),
           "body": (bodies(50), False)}


def bench(build, script, mail, engine, count):
    program = os.path.join(build, "o", "tests", "bench", "bench_filter")
    result = subprocess.run([program, script, mail, str(count), engine],
                            stdout=subprocess.PIPE, check=True)
    text = result.stdout.decode("utf-8", "replace")
    run = re.search(r"([0-9.]+) us CPU a message", text)
    made = re.search(r"([0-9.]+) us CPU to compile", text)
    if run is None or re.search(r"^\d+:\d+: ", text, re.M):
        return None
    return float(run.group(1)), float(made.group(1))


class SieveTest:
    """Debian's sieve-test, as root drops to: its files belong to uid 65534."""

    def __init__(self, scratch):
        self.program = shutil.which("sieve-test")
        self.home = os.path.join(scratch, "home")
        os.makedirs(os.path.join(self.home, "Maildir"))
        for top, dirs, files in os.walk(scratch):
            os.chmod(top, 0o777)
        if os.getuid() == 0:
            os.chown(self.home, 65534, 65534)

    def run(self, script, mail, recompile):
        env = {"PATH": os.environ["PATH"], "HOME": self.home, "USER": "root", "DOVECONF_ENV": "1",
               "FIRST_VALID_UID": "0", "FIRST_VALID_GID": "0", "MAIL_UID": "65534",
               "MAIL_GID": "65534", "MAIL_HOME": self.home,
               "MAIL_LOCATION": "maildir:%s/Maildir" % self.home,
               "POSTMASTER_ADDRESS": "postmaster@example.com"}
        words = [self.program] + (["-C"] if recompile else []) + [
            "-o", "mail_uid=65534", "-o", "mail_gid=65534", "-f", "from@example.net", "-r",
            "user+box@example.org", script, mail]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return 1e6 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def least(self, script, mail, recompile, runs=25):
        return min(self.run(script, mail, recompile) for _ in range(runs))


def measure(build, scratch):
    paths = {}
    mail = os.path.join(scratch, "mail.eml")
    with open(mail, "w") as file:
        file.write(message())
    for name, (text, _) in SCRIPTS.items():
        paths[name] = os.path.join(scratch, name.replace(" ", "-") + ".sieve")
        with open(paths[name], "w") as file:
            file.write(text)
    peer = SieveTest(scratch) if shutil.which("sieve-test") else None
    rows, base = [], {}
    for name, (text, is_base) in SCRIPTS.items():
        print("measuring %s" % name, file=sys.stderr)
        row = {"script": name}
        count = 2000 if "2000" in name or not is_base else 20000
        for engine in ("doorstep", "libsieve"):
            if engine == "libsieve" and not is_base:
                continue
            got = bench(build, paths[name], mail, engine, count if engine == "doorstep" else 2000)
            if got:
                base.setdefault(engine, got[0])
                row[engine] = {"run": got[0] - base[engine], "compile": got[1]}
        if peer:
            run, made = (peer.least(paths[name], mail, again) for again in (False, True))
            base.setdefault("sieve-test", run)
            row["sieve-test"] = {"run": run - base["sieve-test"], "compile": made - run}
        rows.append(row)
    return rows, base


def show(rows, base):
    engines = ("doorstep", "libsieve", "sieve-test")
    print("µs of CPU beyond the message with `keep;` (%s)" % ", ".join(
        "%s %.0f" % (e, base[e]) for e in engines if e in base))
    print("%-12s" % "" + "".join("%26s" % e for e in engines))
    print("%-12s" % "script" + "".join("%13s%13s" % ("run", "compile") for _ in engines))
    for row in rows[1:]:
        cells = "".join("%13.1f%13.1f" % (row[e]["run"], row[e]["compile"]) if e in row else
                        "%13s%13s" % ("-", "-") for e in engines)
        print("%-12s" % row["script"] + cells)


def judge(rows):
    by_name = {row["script"]: row["doorstep"] for row in rows if "doorstep" in row}
    held = True
    for name, (what, bar) in list(BARS.items()) + [(COMPILE_BAR[0], ("compile", COMPILE_BAR[1]))]:
        value = by_name[name][what]
        held = held and value < bar
        print("%s, %s: %.1f of %.0f µs: %s" % (name, what, value, bar,
                                               "holds" if value < bar else "DOES NOT HOLD"))
    return held


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default=os.environ.get("DOORSTEP_BUILD", "."))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="doorstep-sieve.", dir="/var/tmp")
    rows, base = measure(options.build, scratch)
    shutil.rmtree(scratch, ignore_errors=True)
    if options.json:
        print(json.dumps({"rows": rows, "keep": base}))
        return 0
    show(rows, base)
    return 0 if judge(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
