# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Scripts and messages that mean harm, through one daemon and one filter: the
message is in the inbox byte for byte, or where the script wants it, the reason
is in the log and beside the script, the next message is served, and the filter
is the same process that it was, no larger than it may be."""

import os

import pytest

from checks import count, deliver, index_agrees, no_leftovers, send_raw, tag
from doorstep import Doorstep, is_sanitized

FILTER_KIB = 400 << 10  # below filter_memory_limit
CPU_SECONDS = 30  # of one delivery; the worst takes one or two


@pytest.fixture(scope="module")
def door():
    with Doorstep(users=["alice", "bob"], settings={"filter_processes": 1,
                                                    "message_size_limit": "70M",
                                                    "sieve_max_steps": 10000000,
                                                    "sieve_timeout": "2m"}) as d:
        deliver(d, "bob")
        yield d
        index_agrees(d)
        no_leftovers(d, "alice")
        assert "was ended by signal" not in d.log()


class Filter:
    """The one filter, before and after."""

    def __init__(self, door):
        self.door = door
        self.pid, = door.pids("filter")
        self.cpu = self.seconds()

    def seconds(self):
        with open("/proc/%d/stat" % self.pid) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def has_stayed_in_bounds(self):
        assert self.door.pids("filter") == [self.pid], "it was ended"
        if is_sanitized():
            return
        assert self.seconds() - self.cpu < CPU_SECONDS
        with open("/proc/%d/status" % self.pid) as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
        assert peak < FILTER_KIB, "%d KiB at its peak" % peak


def path_of(door, user):
    return os.path.join(door.home(user), ".dovecot.sieve")


def remove_script(door, user):
    for path in (path_of(door, user), path_of(door, user) + ".log"):
        if os.path.exists(path):
            os.unlink(path)


def write_bytes(door, user, text):
    """The script as it is, whatever it is."""
    with open(path_of(door, user), "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    os.chown(path_of(door, user), door.account.pw_uid, door.account.pw_gid)


# ---- scripts: what is told, or None when they run ----

V = 'require ["variables", "fileinto", "regex", "include"];\n'
SCRIPTS = {
    "string-without-end": ('keep;\nredirect "a', "this string is never closed"),
    "comment-without-end": ("keep;\n/* x", "this comment is never closed"),
    "nul": (b"keep;\0", "byte 0x00 has no place outside a string"),
    "invalid-utf-8": (b'require "fileinto"; fileinto "caf\xe9";', "a folder name must be UTF-8"),
    "blocks": ("if true{" * 100000 + "discard;" + "}" * 100000, "blocks are nested more than 32"),
    "million-blocks": ("if true{" * 1000000 + "}" * 1000000, "more than sieve_max_script_size"),
    "tests-in-tests": ("if " + "not " * 250000 + "true {discard;}", "tests are nested more than 32"),
    "parentheses": ("if " + "anyof(" * 100000 + ")" * 100000 + "{}", "tests are nested more than 32"),
    "100000-tests": ("if anyof(" + "false," * 100000 + "true) {stop;}", None),
    "string-of-100-mb": ('redirect "%s";' % ("a" * (100 << 20)), "more than sieve_max_script_size"),
    "include-itself": (V + 'include "self";', "includes itself"),
    "include-each-other": (V + 'include "ping";', "include"),
    "include-optional": (V + 'include :optional "perhaps";', "include"),
    "include-by-variable": (V + 'set "v" "self";\ninclude "${v}";', "must be a constant string"),
    "stars": (V + 'if header :matches "subject" "%s*b" { discard; }' % ("*a" * 1000), None),
    "stars-and-marks": (V + 'if header :matches "x-a" "%s*b" { discard; }' % ("*?a" * 10000), None),
    "many-keys": (V + 'if header :contains "x-a" [%s"b"] { discard; }' % ('"aaaaaaaab",' * 50000),
                  "the script takes too long"),
    "costly-regex": (V + 'if header :regex "x-a" "^(a+)+$" { discard; }', "too costly"),
    "doubling": (V + 'set "a" "xx";' + 'set "a" "${a}${a}";' * 1000 + "keep;", None),
    "redirects": ("".join('redirect "u%d@example.org";\n' % i for i in range(10000)),
                  "number of redirect actions exceeds policy limit"),
    "actions": (V + "".join('fileinto "f%d";\n' % i for i in range(10000)),
                "total number of actions exceeds policy limit"),
}
INCLUDED = {"self": 'include "self";', "ping": 'include "pong";', "pong": 'include "ping";',
            "perhaps": 'include :optional "perhaps";'}


@pytest.fixture(scope="module")
def included(door):
    where = os.path.join(door.home("alice"), "sieve")
    os.makedirs(where)
    for name, text in INCLUDED.items():
        with open(os.path.join(where, name + ".sieve"), "w") as file:
            file.write('require "include";\n' + text)
    door.write_users()  # for their owner


@pytest.mark.parametrize("name", list(SCRIPTS))
def test_a_hostile_script_costs_an_implicit_keep(door, included, name):
    script, reason = SCRIPTS[name]
    before, said = Filter(door), len(door.log())
    text = tag()
    data = b"Subject: %s%s\r\nX-A: %s!\r\n\r\nbody \xe4\0\r\n.\r\n..\r\n" % (
        text.encode(), b"a" * 500, b"a" * 60000)
    write_bytes(door, "alice", script)
    try:
        stuffed = data.replace(b"\r\n.", b"\r\n..")
        replies = send_raw(door, stuffed, to=["alice", "bob"])
        assert [r[:9] for r in replies] == ["250 2.0.0"] * 2
        got, = [m for m in door.messages("alice") if text.encode() in m]
        assert got.endswith(data.replace(b"\r\n", b"\n"))
        assert count(door, "bob", text) == 1
        log = door.log()[said:]
        if reason is None:
            assert not os.path.exists(path_of(door, "alice") + ".log")
        else:
            assert reason in log
            with open(path_of(door, "alice") + ".log") as file:
                assert reason in file.read()
        deliver(door, "bob")
        before.has_stayed_in_bounds()
    finally:
        remove_script(door, "alice")


# ---- messages ----

LOOKS = """require ["fileinto", "body", "mime", "foreverypart", "extracttext", "variables",
	"regex", "date", "comparator-i;unicode-casemap", "subaddress", "duplicate"];
if header :matches ["subject", "x", "from"] "*nev?r*th?re*" { discard; }
if header :comparator "i;unicode-casemap" :contains ["subject", "x"] "NEVER" { discard; }
if header :regex "subject" "nev(e|r)+there" { discard; }
if address :detail :contains ["from", "to"] "never" { discard; }
if date :is "date" "year" "1066" { discard; }
if header :mime :anychild :param "name" :contains "content-type" "never" { discard; }
if body :raw :contains "never there" { discard; }
if body :content "text" :contains "never there" { discard; }
if body :text :matches "*never?there*" { discard; }
foreverypart { extracttext :first 100 "t"; if string :contains "${t}" "never" { discard; } }
fileinto "Through";
"""
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
TEXT = b"Content-Type: text/plain; charset="


def nested(depth):
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
                    for i in range(depth)) + b"\r\ninnermost\r\n"


MESSAGES = {
    "header-without-end": b"Subject: x\r\n" + b"X: y\r\n" * 1000,
    "100000-headers": b"X: y\r\n" * 100000 + b"\r\nbody\r\n",
    "50-mb-header-line": b"Subject: " + b"x" * (50 << 20) + b"\r\n\r\nbody\r\n",
    "mime-1000-deep": nested(1000),
    "100000-parts": MIXED + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 100000 + b"--b--\r\n",
    "100000-parameters": b"Content-Type: text/plain" + b"".join(
        b";\r\n name*%d*=%%41" % i for i in range(100000)) + b"\r\n\r\nbody\r\n",
    "unknown-charset": TEXT + b"x-none\r\n\r\n\xe4\xc3\r\n",
    "truncated-utf-8": b"Subject: =?utf-8?q?=E2=82?=\r\n" + TEXT + b"utf-8\r\n\r\n" + b"\xe2\x82" * 1000,
    "utf-7": b"Subject: =?utf-7?q?+2AA-+?=\r\n" + TEXT + b"utf-7\r\n\r\n" + b"+2AA-+ADw-" * 1000,
    "utf-16": TEXT + b"utf-16\r\n\r\n" + b"\xd8\x01" * 1000,
    "base64": TEXT + b"utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b"Q=!\xff\r\nQUJDQ\r\n====\r\n" * 10000,
    "open-comments": b"From: a@b " + b"(" * 200000 + b"\r\nTo: \"" + b"a\\" * 200000 + b"\r\n\r\nb\r\n",
}


@pytest.fixture(scope="module")
def looking(door):
    door.write_script("alice", LOOKS)
    yield
    remove_script(door, "alice")


@pytest.mark.parametrize("name", list(MESSAGES))
def test_a_hostile_message_is_filtered_and_stored_as_it_is(door, looking, name):
    data = MESSAGES[name]
    before = Filter(door)
    known = len(door.messages("alice", "Through"))
    assert send_raw(door, data)[0].startswith("250 2.0.0")
    got = door.messages("alice", "Through")
    assert len(got) == known + 1
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    assert any(m.endswith(data.replace(b"\r\n", b"\n")) for m in got)
    deliver(door, "bob")
    before.has_stayed_in_bounds()
