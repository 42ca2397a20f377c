# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Plays every transcript NNxx-name.txt against a real doorstepd.

    # text      what is shown and why
    %door JSON  options of lib/doorstep.py's Doorstep, when not the usual ones
    %tcp, %lda  by TCP, or through the listener of `doorstep deliver`
    C: text     a line of the client, sent with CRLF
    C> text     bytes of the client as a Python string has them: \\r \\n \\x00
    S: text     a line of the server that begins so
    S~ regex    a line of the server that matches (from its begin)
    S.          the server has closed
    C.          the client closes
    M: user n   n messages more in the user's inbox than before (user/folder)
    M~ user re  the newest of them matches, its lines ending in LF

C lines that follow each other are one write: pipelined.  {x*500} in a C line
is 500 times x; `C*9: ` and `S*9: ` stand for nine such lines.
"""

import glob
import json
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import doorstep  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = sorted(glob.glob(os.path.join(HERE, "[0-9]*.txt")))
DOORS = {}

pytestmark = pytest.mark.skipif(not doorstep.is_built(), reason="DOORSTEP_BUILD has no doorstepd")


@pytest.fixture(scope="module", autouse=True)
def doors():
    yield
    for door in DOORS.values():
        door.__exit__(None)
    DOORS.clear()


def door_for(options):
    """Transcripts with the same options share a daemon."""
    if options not in DOORS:
        DOORS[options] = doorstep.Doorstep(**json.loads(options)).start()
    return DOORS[options]


def spread(text):
    return re.sub(r"\{(.)\*(\d+)\}", lambda m: m.group(1) * int(m.group(2)), text)


class Player:
    def __init__(self, door, tcp, lda):
        self.door = door
        self.client = door.client(tcp=tcp, lda=lda, greet=False)
        self.outgoing = b""
        self.before = {}

    def flush(self):
        if self.outgoing:
            self.client.write(self.outgoing)
            self.outgoing = b""

    def heard(self):
        self.flush()
        return self.client.line()

    def inbox(self, where):
        user, _, folder = where.partition("/")
        return self.door.messages(user, folder)

    def play(self, kind, text):
        if kind == "C: ":
            self.outgoing += spread(text).encode() + b"\r\n"
        elif kind == "C> ":
            raw = spread(text).encode("latin-1", "backslashreplace").decode("unicode_escape")
            self.outgoing += raw.encode("latin-1")
        elif kind == "C.":
            self.flush()
            self.client.close()
        elif kind == "S: ":
            line = self.heard()
            assert line is not None and line.startswith(text), "heard %r" % line
        elif kind == "S~ ":
            line = self.heard()
            assert line is not None and re.match(text, line), "heard %r" % line
        elif kind == "S.":
            line = self.heard()
            assert line is None, "heard %r" % line
        elif kind == "M: ":
            where, count = text.split()
            want = self.before[where] + int(count)
            doorstep.wait_for(lambda: len(self.inbox(where)) >= want, 5, "message")
            assert len(self.inbox(where)) == want
        elif kind == "M~ ":
            where, pattern = text.split(" ", 1)
            newest = self.inbox(where)[-1].decode("utf-8", "backslashreplace")
            assert re.search(pattern, newest, re.S), newest
        else:
            raise AssertionError("what is %r?" % kind)


def read(path):
    """(line number, kind, text) of each line, and the options."""
    steps, options, flags = [], "{}", set()
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if line == "" or line.startswith("#"):
                continue
            if line.startswith("%door "):
                options = line[6:]
            elif line in ("%tcp", "%lda"):
                flags.add(line[1:])
            elif line in ("S.", "C."):
                steps.append((number, line, ""))
            else:
                many = re.match(r"([CS])\*(\d+)", line)
                kind, times = (many[1], int(many[2])) if many else (line[0], 1)
                text = line[many.end():] if many else line[1:]
                steps += [(number, kind + text[:2].ljust(2), text[2:])] * times
    return steps, options, flags


@pytest.mark.parametrize("path", FILES, ids=[os.path.basename(f)[:-4] for f in FILES])
def test_transcript(path):
    steps, options, flags = read(path)
    door = door_for(options)
    player = Player(door, "tcp" in flags, "lda" in flags)
    for _, kind, text in steps:
        if kind[0] == "M":
            where = text.split()[0]
            player.before[where] = len(player.inbox(where))
    try:
        for number, kind, text in steps:
            try:
                player.play(kind, text)
            except (AssertionError, OSError) as error:
                pytest.fail("%s:%d: %s%s: %s" % (os.path.basename(path), number, kind, text, error),
                            pytrace=False)
        player.flush()
    finally:
        player.client.close()
