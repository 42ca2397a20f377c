# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""The runner of svtest files can fail: every block of svtest_failures/ does."""

import glob
import json
import os
import re
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import doorstep  # noqa: E402

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "svtest_failures")
FILES = sorted(glob.glob(os.path.join(HERE, "*.svtest")))

pytestmark = pytest.mark.skipif(
    not os.access(doorstep.program("doorstep"), os.X_OK),
    reason="DOORSTEP_BUILD has no doorstep")


def run(*args):
    result = subprocess.run([doorstep.program("doorstep"), "sieve", "svtest", *args],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=60, check=False)
    return result.returncode, result.stdout.decode(errors="replace")


def counts(said):
    last = re.search(r"(\d+) passed, (\d+) failed\n\Z", said)
    assert last, said
    return int(last.group(1)), int(last.group(2))


def count_blocks(path):
    with open(path, encoding="utf-8") as file:
        return len(re.findall(r'^test "', file.read(), re.MULTILINE))


@pytest.mark.parametrize("path", FILES, ids=[os.path.basename(f) for f in FILES])
def test_nothing_passes(path):
    code, said = run(path)
    passed, failed = counts(said)
    assert code != 0 and passed == 0 and failed > 0, said


@pytest.mark.parametrize("path", FILES, ids=[os.path.basename(f) for f in FILES])
def test_failing_can_be_what_is_wanted(path):
    code, said = run("-F", path)
    passed, failed = counts(said)
    assert code == 0 and failed == 0 and passed > 0, said


def test_what_passes_fails_when_it_must_not(tmp_path):
    path = tmp_path / "passes.svtest"
    path.write_text('require "vnd.dovecot.testsuite";\ntest "holds" { keep; }\n')
    code, said = run("-F", str(path))
    assert code != 0 and counts(said) == (0, 1), said


def test_blocks_that_were_not_reached_have_failed():
    _, said = run(os.path.join(HERE, "error.svtest"))
    assert counts(said) == (0, 2), said
    assert "Enough." in said


def test_each_block_is_counted_once():
    path = os.path.join(HERE, "fails.svtest")
    _, said = run(path)
    assert counts(said) == (0, count_blocks(path)), said
    assert "first" in said and "second" not in said


def test_a_file_without_blocks_is_no_success(tmp_path):
    path = tmp_path / "none.svtest"
    path.write_text('require "vnd.dovecot.testsuite";\nkeep;\n')
    code, said = run(str(path))
    assert code != 0 and counts(said) == (0, 0), said
    code, said = run(str(tmp_path / "missing.svtest"))
    assert code != 0 and counts(said) == (0, 1), said


def test_json(tmp_path):
    path = tmp_path / "two.svtest"
    path.write_text('require "vnd.dovecot.testsuite";\n'
                    'test "a \\"b\\"" { keep; }\n'
                    'test "c" { test_fail "why"; }\n')
    code, said = run("--json", str(path))
    answer = json.loads(said)
    assert code != 0
    assert (answer["passed"], answer["failed"]) == (1, 1)
    assert [(b["name"], b["line"], b["passed"]) for b in answer["blocks"]] == [
        ('a "b"', 2, True), ("c", 3, False)]
    assert "why" in answer["blocks"][1]["reason"]
    assert answer["blocks"][1]["file"] == str(path)
