# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""What a user is told about a script by `doorstep sieve check`: place, line,
caret, what was expected, the nearest known word; all of it in one pass."""

import json
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import doorstep  # noqa: E402

pytestmark = pytest.mark.skipif(
    not os.access(doorstep.program("doorstep-filter"), os.X_OK),
    reason="DOORSTEP_BUILD has no doorstep-filter")


def check(script, *more, verb="check"):
    """Exit status and all that was said, of a script on standard input."""
    script = script if isinstance(script, bytes) else script.encode()
    result = subprocess.run(
        [doorstep.program("doorstep"), "sieve", verb, "-", *more], input=script,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    return result.returncode, result.stdout.decode(errors="replace")


# The second line of each shows the script, the third the caret.
SHOWN = {
    "plain": ("keep;\nfileinto \"a\";\n",
              "-:2:1: `fileinto` needs require \"fileinto\" at the top of the script\n"
              "    fileinto \"a\";\n"
              "    ^\n"),
    "tabs": ("if true {\n\t\tkepp;\n}\n",
             "-:2:3: unknown command `kepp`; did you mean `keep`?\n"
             "      kepp;\n"
             "      ^\n"),
    "utf-8": ("/* grüße 日本 */ kepp;\n",
              "-:1:16: unknown command `kepp`; did you mean `keep`?\n"
              "    /* grüße 日本 */ kepp;\n"
              "                   ^\n"),
    "crlf": ("keep;\r\nkepp;\r\n",
             "-:2:1: unknown command `kepp`; did you mean `keep`?\n"
             "    kepp;\n"
             "    ^\n"),
    "extension": ('require ["copy", "fileino"];\n',
                  '-:1:18: unknown extension "fileino"; did you mean "fileinto"?\n'
                  '    require ["copy", "fileino"];\n'
                  "                     ^\n"),
    "tag": ('if header :containz "a" "b" { keep; }\n',
            "-:1:11: unknown tag `:containz`; did you mean `:contains`?\n"
            '    if header :containz "a" "b" { keep; }\n'
            "              ^\n"),
    "comparator": ('if header :comparator "i;ascii-caseman" "a" "b" { keep; }\n',
                   '-:1:23: unknown comparator "i;ascii-caseman": expected "i;ascii-casemap", '
                   '"i;octet", "i;ascii-numeric" or "i;unicode-casemap"\n'
                   '    if header :comparator "i;ascii-caseman" "a" "b" { keep; }\n'
                   "                          ^\n"),
    "expected": ("keep\n",
                 "-:1:5: expected `;` or `{` to end `keep`, not the end of the script\n"
                 "    keep\n"
                 "        ^\n"),
}


@pytest.mark.parametrize("name", list(SHOWN))
def test_an_error_is_shown_where_it_is(name):
    script, wanted = SHOWN[name]
    assert check(script) == (65, wanted)


def test_a_caret_stands_under_its_place_in_a_long_line():
    script = '# x\nif anyof (' + 'header "ä" "ü", ' * 200 + "flase) { keep; }"
    status, said = check(script)
    assert status == 65
    place, line, caret = said.rstrip("\n").split("\n")
    column = script.split("\n")[1].index("flase") + 1
    assert place == "-:2:%d: unknown test `flase`; did you mean `false`?" % column
    assert line[len(caret) - 1:].startswith("flase") and caret.strip() == "^"
    assert len(line) <= 130


def test_all_errors_are_told_in_one_pass_in_their_order():
    script = ('require "fileinot";\nkepp;\nif foo { discrad; }\nif header :iss "a" "b" { stop; }\n'
              'fileinto "x" "y";\nkeep\n')
    status, said = check(script)
    assert status == 65
    places = [line.split(":")[1] for line in said.split("\n") if line.startswith("-:")]
    assert places == sorted(places, key=int) and set(places) == {"1", "2", "3", "4", "5", "6"}
    status, said = check(script, "--json")
    assert status == 65
    answer = json.loads(said)
    assert not answer["valid"] and len(answer["errors"]) == len(places)
    assert {"line", "column", "text"} <= set(answer["errors"][0])


def test_very_many_errors_are_counted():
    status, said = check("kepp;\n" * 100)
    assert status == 65
    assert said.count("did you mean `keep`?") == 30 and "and 70 more errors" in said


@pytest.mark.parametrize("script, place, words", [
    ("stop;\nkeep;\n", "2:1", "`keep` is never reached: `stop` in line 1"),
    ("if false { discard; }\n", "1:1", "never reached: its test is always false"),
    ('require ["copy", "fileinto"];\nfileinto "a";\n', "1:10",
     'extension "copy" is required but not used'),
])
def test_what_is_odd_is_warned_of_and_no_error(script, place, words):
    status, said = check(script)
    assert status == 0
    assert said.startswith("-:%s: warning: " % place) and words in said
    assert said.endswith("-: no errors\n") and "^" in said


@pytest.mark.parametrize("script, extension", [
    ('addflag "x";', "imap4flags"), ('set "a" "b";', "variables"), ('vacation "x";', "vacation"),
    ('if body :contains "x" { keep; }', "body"), ('keep :flags "x";', "imap4flags"),
    ('if header :count "eq" "a" "1" { keep; }', "relational"),
    ('if header :regex "a" "b" { keep; }', "regex"),
    ('redirect :copy "a@example.org";', "copy"),
])
def test_a_missing_require_is_named(script, extension):
    status, said = check(script)
    assert status == 65
    assert 'needs require "%s"' % extension in said


TOO_LARGE = {
    "blocks": b"if true{" * 1000000 + b"}" * 1000000,
    "tests": b"if " + b"not " * 1000000 + b"true {}",
    "string": b'redirect "' + b"a" * (100 << 20) + b'";',
}


@pytest.mark.parametrize("name", list(TOO_LARGE))
def test_a_script_that_is_too_large_is_told_by_the_setting(name):
    status, said = check(TOO_LARGE[name])
    assert status == 66
    assert said == ("doorstep: - is larger than sieve_max_script_size, 1048576 bytes: make it smaller, "
                    "or raise the setting\n")


def test_a_site_may_allow_larger_ones(tmp_path):
    path = tmp_path / "larger.conf"
    path.write_text('listener "a" { address = "unix:/nonexistent" }\ndomain "example.org" { }\n'
                    "sieve_max_script_size = 4M\n")
    script = "# %s\n" % ("x" * 70) * 40000 + "kepp;\n"
    result = subprocess.run([doorstep.program("doorstep"), "-c", str(path), "sieve", "check", "-"],
                            input=script.encode(), capture_output=True, timeout=60, check=False)
    assert result.returncode == 65
    assert b"-:40001:1: unknown command `kepp`" in result.stdout
