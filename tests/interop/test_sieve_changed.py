# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Real deliveries of messages that scripts change, of a size at which no copy of
them fits between two processes."""

import os
import re
import signal

import pytest

from doorstep import Doorstep

BODY = (b"0123456789abcdef" * 4 + b"\r\n") * (10 * 1024 * 1024 // 66)
LONG = b"X-Long: " + b" 0123456789abcdef\r\n" * 10700 + b"X-After: here\r\n"
HEADER = b"From: joe@example.net\r\nTo: alice@example.org\r\nSubject: hello\r\nX-Old: gone\r\n"
PARTS = (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
         b"--b\r\nContent-Type: text/plain\r\n\r\n" + BODY +
         b"\r\n--b\r\nContent-Type: image/png\r\n\r\n" + BODY[:5 * 1024 * 1024] +
         b"\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>end</p>\r\n--b--\r\n")

SCRIPTS = {
    "added": 'require "editheader"; addheader "X-New" "yes"; addheader :last "X-Last" "too";',
    "front": 'require "editheader"; addheader "X-New" "yes";',
    "deleted": 'require "editheader"; deleteheader "X-Long"; deleteheader "X-Old";',
    "replaced": 'require ["mime", "foreverypart", "replace"];\n'
                'foreverypart { if header :mime :is "Content-Type" "image/png" {\n'
                '    replace "Taken away."; break; } }',
    "enclosed": 'require "enclose"; enclose :subject "[held]" "See the attachment.";',
    "both": 'require ["editheader", "fileinto", "copy", "mime", "foreverypart", "replace"];\n'
            'fileinto :copy "Plain"; addheader "X-New" "yes"; fileinto :copy "Head";\n'
            'foreverypart { if header :mime :is "Content-Type" "image/png" {\n'
            '    replace "Taken away."; break; } }\n'
            'addheader :last "X-Last" "too"; fileinto "Part";',
    # So many made bytes that they go beside the packet: each field is folded anew.
    "many": 'require ["editheader", "variables", "fileinto", "copy"];\n'
            'set "a" "0123456789abcdef 0123456789abcdef 0123456789abcdef 0123456789abcdef";\n'
            'set "b" "${a} ${a} ${a} ${a} ${a} ${a} ${a} ${a}";\n'
            'set "c" "${b} ${b} ${b}";\n' +
            "".join('addheader "X-N%d" "${c}";\n' % i for i in range(100)) +
            'fileinto :copy "One"; addheader "X-More" "1"; keep;',
}


@pytest.fixture(scope="module")
def door():
    with Doorstep(users=tuple(SCRIPTS), scripts=SCRIPTS,
                  settings={"sieve_engine": "doorstep"}) as door:
        yield door


def deliver(door, user, message, folder=""):
    reply, = door.send(message, to=[user + "@example.org"], sender="joe@example.net")
    assert reply.startswith("250"), reply
    assert "failed" not in door.log()
    return max(door.messages(user, folder), key=len)


def lf(text):
    return text.replace(b"\r\n", b"\n")


def parts_of(stored):
    head, _, body = stored.partition(b"\n\n")
    return head + b"\n", body


@pytest.mark.parametrize("body", [b"small\r\n", BODY], ids=["small", "large"])
def test_fields_are_added_in_front_and_behind(door, body):
    assert door.send(HEADER + b"\r\n" + body, to=["added@example.org"])[0].startswith("250")
    stored = next(m for m in door.messages("added") if m.endswith(lf(body)))
    head, rest = parts_of(stored)
    assert rest == lf(body)
    assert b"\nX-New: yes\n" in head and head.endswith(b"X-Old: gone\nX-Last: too\n")


def test_a_field_in_front_needs_no_file_before_the_record(door):
    """A small one is in the journal, whatever another recipient's copy is."""
    for to in (["front@example.org"], ["front@example.org", "many@example.org"]):
        for reply in door.send(HEADER + b"\r\nsmall\r\n", to=to):
            assert reply.startswith("250")
    for stored in door.messages("front"):
        head, rest = parts_of(stored)
        assert head.count(b"\nX-New: yes\n") == 1 and rest == b"small\n"
        assert head.index(b"Delivered-To") < head.index(b"X-New") < head.index(b"Received")


def test_a_long_field_is_deleted_from_a_large_message(door):
    assert len(LONG) > 190 * 1024
    stored = deliver(door, "deleted", HEADER + LONG + b"\r\n" + BODY)
    head, rest = parts_of(stored)
    assert rest == lf(BODY)
    assert b"X-Long" not in head and b"X-Old" not in head and b"\nX-After: here\n" in head
    assert len(head) < 2000


def test_a_part_is_replaced(door):
    stored = deliver(door, "replaced", HEADER + PARTS)
    before, _, after = lf(PARTS).partition(b"--b\nContent-Type: image/png")
    after = after[after.index(b"\n--b\n"):]
    assert before in stored and stored.endswith(after)
    assert b"Taken away." in stored and b"image/png" not in stored
    assert len(stored) < len(before) + len(after) + 2000


def test_a_message_is_enclosed(door):
    stored = deliver(door, "enclosed", HEADER + b"\r\n" + BODY)
    assert b"Subject: [held]" in stored and b"See the attachment." in stored
    assert stored.count(lf(BODY)) == 1 and b"\nX-Old: gone\n" in stored


def test_one_delivery_stores_several_versions(door):
    reply, = door.send(HEADER + PARTS, to=["both@example.org"])
    assert reply.startswith("250")
    plain, = door.messages("both", "Plain")
    head, = door.messages("both", "Head")
    part, = door.messages("both", "Part")
    assert plain.endswith(lf(HEADER + PARTS))
    assert head.endswith(lf(HEADER + PARTS)) and b"\nX-New: yes\n" in head
    assert b"Taken away." in part and b"\nX-New: yes\n" in part
    assert lf(BODY) in part and b"\nX-Last: too\n" in part


def test_more_new_bytes_than_a_packet_holds(door):
    for stored in (deliver(door, "many", HEADER + b"\r\n" + BODY, "One"),
                   next(m for m in door.messages("many") if len(m) > len(BODY) // 2)):
        head, rest = parts_of(stored)
        assert rest == lf(BODY)
        assert len(re.findall(rb"^X-N\d+: ", head, re.M)) == 100
        assert head.count(b"0123456789abcdef") == 100 * 4 * 8 * 3
    assert len(head) > 160 * 1024


def test_sizes_in_the_names_and_the_index_are_those_of_the_files(door):
    for user in SCRIPTS:
        for where, _, names in os.walk(door.maildir(user)):
            for name in names:
                size = re.search(r",S=(\d+)", name)
                if size:
                    path = os.path.join(where, name)
                    assert os.stat(path).st_size == int(size.group(1))
                    wire = int(re.search(r",W=(\d+)", name).group(1))
                    with open(path, "rb") as file:
                        text = file.read()
                    assert wire == len(text) + text.count(b"\n")
    assert door.command("index", "verify")


def test_changed_messages_survive_a_kill(door):
    assert door.send(HEADER + b"\r\nkilled\r\n", to=["added@example.org", "many@example.org"])
    for pid in [door.process.pid] + door.children(door.process.pid):
        os.kill(pid, signal.SIGKILL)
    door.process.wait()
    door.start()
    for user, folder, field in (("added", "", b"X-New"), ("many", "One", b"X-N99"),
                                ("many", "", b"X-More")):
        found = [m for m in door.messages(user, folder) if b"killed" in m]
        assert len(found) == 1 and field in found[0]
    assert door.command("index", "verify")
