# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Runs every svtest/**/*.svtest by `doorstep sieve svtest`, one test a file.

They are written in Sieve itself: `test "name" { ... }` is a block, and each
block stands below the sentence of the RFC that it tests.
"""

import glob
import os
import re
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import doorstep  # noqa: E402

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "svtest")
FILES = sorted(glob.glob(os.path.join(HERE, "**", "*.svtest"), recursive=True))
BLOCKS_MIN = 900

needs_build = pytest.mark.skipif(
    not os.access(doorstep.program("doorstep"), os.X_OK),
    reason="DOORSTEP_BUILD has no doorstep")


def count_blocks(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return len(re.findall(r'^test "', file.read(), re.MULTILINE))


def run(path):
    """Exit code, all that was said, and passed and failed as the last line has them."""
    result = subprocess.run([doorstep.program("doorstep"), "sieve", "svtest", path],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=300, check=False)
    said = result.stdout.decode(errors="replace")
    last = re.search(r"(\d+) passed, (\d+) failed\n\Z", said)
    assert last, "it does not end in `N passed, N failed`:\n" + said
    return result.returncode, said, int(last.group(1)), int(last.group(2))


@needs_build
@pytest.mark.parametrize("path", FILES, ids=[os.path.relpath(f, HERE)[:-7] for f in FILES])
def test_svtest(path):
    code, said, passed, failed = run(path)
    assert failed == 0 and code == 0, said
    assert passed == count_blocks(path), "not every block was run:\n" + said


@needs_build
def test_a_block_that_fails_is_named_with_its_line(tmp_path):
    path = tmp_path / "fails.svtest"
    path.write_text('require "vnd.dovecot.testsuite";\n'
                    'test "holds" { if false { test_fail "never"; } }\n'
                    'test "does not hold" {\n\ttest_fail "the reason";\n}\n'
                    'test "holds too" { }\n')
    code, said, passed, failed = run(str(path))
    assert (passed, failed) == (2, 1), said
    assert code != 0
    line = next(text for text in said.splitlines() if "does not hold" in text)
    assert re.search(r"\b[34]\b", line), line
    assert "the reason" in said


@needs_build
def test_a_file_that_does_not_compile_fails(tmp_path):
    path = tmp_path / "broken.svtest"
    path.write_text('require "vnd.dovecot.testsuite";\ntest "one" { frobnicate; }\n')
    code, said, _, failed = run(str(path))
    assert code != 0 and failed > 0, said


def test_there_are_blocks_enough():
    counts = {path: count_blocks(path) for path in FILES}
    empty = [os.path.relpath(path, HERE) for path, count in counts.items() if count == 0]
    assert not empty, "files without a block: %s" % ", ".join(empty)
    assert sum(counts.values()) >= BLOCKS_MIN


def test_every_script_is_used():
    """A script beside the tests that no block names tests nothing."""
    for path in glob.glob(os.path.join(HERE, "*", "scripts", "*.sieve")):
        name = "scripts/" + os.path.basename(path)
        beside = glob.glob(os.path.join(os.path.dirname(path), "..", "*.svtest"))
        assert any(name in open(file, encoding="utf-8", errors="replace").read()
                   for file in beside), path
