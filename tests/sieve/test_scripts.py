# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Runs every *.sieve here by `doorstep sieve test` on the messages beside it,
with each engine.

The comments at the top of a script say what is to come of it:

    # message: FILE.eml      (message.eml when not given)
    # from: ADDRESS          envelope sender
    # to: ADDRESS            envelope recipient
    # engine: NAME           only with this one
    # expect: ACTION         one line for each, in order: `fileinto Folder (flag flag)`
    # error: LINE: TEXT      the script fails so: at check and, with an implicit keep, at delivery
    # fails: LINE: TEXT      it compiles, and fails so when it is run

Files are named by the RFC and its section; the sentence that is tested is
quoted in them.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import doorstep  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ENGINES = ("libsieve", "doorstep")
FILES = sorted(glob.glob(os.path.join(HERE, "*.sieve")))

pytestmark = pytest.mark.skipif(
    not os.access(doorstep.program("doorstep-filter"), os.X_OK),
    reason="DOORSTEP_BUILD has no doorstep-filter")


def orders(path):
    """The orders at the top: a list of values for each name."""
    found = {}
    with open(path, encoding="utf-8") as script:
        for line in script:
            match = re.match(r"# (engine|message|from|to|expect|error|fails): *(.*)", line)
            if match:
                found.setdefault(match.group(1), []).append(match.group(2).rstrip())
    return found


def run(engine, *words):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        conf.write('listener "a" { address = "unix:/nonexistent" }\ndomain "example.org" { }\n'
                   "sieve_engine = %s\n" % engine)
        conf.flush()
        result = subprocess.run([doorstep.program("doorstep"), "-c", conf.name, "sieve", *words],
                                capture_output=True, timeout=60, check=False)
    assert result.returncode in (0, 65), result.stderr.decode()
    return result.returncode, json.loads(result.stdout)


def describe(action):
    text = action["action"]
    if action["target"]:
        text += " " + action["target"]
    if action["flags"]:
        text += " (%s)" % " ".join(action["flags"])
    return text


RUNS = [(f, e) for f in FILES for e in ENGINES if orders(f).get("engine", [e]) == [e]]


@pytest.mark.parametrize("path, engine", RUNS,
                         ids=["%s-%s" % (os.path.basename(f)[:-6], e) for f, e in RUNS])
def test_script(path, engine):
    order = orders(path)
    assert {"expect", "error", "fails"} & set(order), "the script does not say what it is for"
    message = os.path.join(HERE, order.get("message", ["message.eml"])[0])
    words = ["test", "--json", path, message]
    if "from" in order:
        words += ["-f", order["from"][0]]
    if "to" in order:
        words += ["-r", order["to"][0]]
    status, answer = run(engine, *words)
    if "fails" in order:
        line, text = order["fails"][0].split(": ", 1)
        assert (answer["error"]["line"], answer["error"]["text"]) == (int(line), text)
        assert [describe(a) for a in answer["actions"]] == ["implicit keep"]
        assert run(engine, "check", "--json", path)[0] == 0
    elif "error" in order:
        line, text = order["error"][0].split(": ", 1)
        assert (answer["error"]["line"], answer["error"]["text"]) == (int(line), text)
        assert [describe(a) for a in answer["actions"]] == order.get("expect", ["implicit keep"])
        status, answer = run(engine, "check", "--json", path)
        assert status == 65 and not answer["valid"]
        assert int(line) in [e["line"] for e in answer["errors"]]
    else:
        assert answer["error"] is None and status == 0
        assert [describe(a) for a in answer["actions"]] == order["expect"]
        status, answer = run(engine, "check", "--json", path)
        assert status == 0 and answer["valid"] and answer["errors"] == []


def test_what_is_never_reached_is_warned_of(tmp_path):
    path = str(tmp_path / "warned.sieve")
    with open(path, "w") as file:
        file.write('require "fileinto";\nstop;\nkeep;\n')
    status, answer = run("doorstep", "check", "--json", path)
    assert status == 0 and answer["valid"] and answer["errors"] == []
    assert {w["line"] for w in answer["warnings"]} >= {3}
    assert any("fileinto" in w["text"] for w in answer["warnings"])
