# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Messages and scripts from people who mean harm, or know no better: the reply
is clear, nothing acknowledged is lost, and the next message is served."""

import os
import time

import pytest

from checks import (count, deliver, index_agrees, message, no_leftovers, send_raw, serves_again,
                    tag)
from doorstep import Doorstep, wait_for


@pytest.fixture(scope="module")
def door():
    with Doorstep(users=["alice", "bob"], scripts={"alice": SUBJECT_SCRIPT}) as d:
        yield d
        d.command("index", "verify")
        assert "was ended by signal" not in d.log()


# Alice's script looks at what the messages below attack.
SUBJECT_SCRIPT = """require ["fileinto"];
if header :matches "subject" "*never there*" { fileinto "Never"; }
if address :domain "from" "nowhere.example" { fileinto "Never"; }
if exists "x-never" { fileinto "Never"; }
if size :over 100M { fileinto "Never"; }
"""


def nested(depth):
    """MIME multiparts in multiparts, and text in the innermost."""
    parts = ["Subject: deep", "MIME-Version: 1.0"]
    for i in range(depth):
        parts += ['Content-Type: multipart/mixed; boundary="b%d"' % i, "", "--b%d" % i]
    parts += ["Content-Type: text/plain", "", "innermost"]
    parts += ["--b%d--" % i for i in reversed(range(depth))]
    return "\r\n".join(parts).encode() + b"\r\n"


HOSTILE = {
    "100000-header-lines": b"".join(b"X-Line-%d: value\r\n" % i for i in range(100000))
    + b"\r\nbody\r\n",
    "100000-fields-of-one-name": b"Received: from x\r\n" * 100000 + b"\r\nbody\r\n",
    "mime-1000-deep": nested(1000),
    "mime-10000-deep": nested(10000),
    "10-mb-header-line": b"Subject: " + b"x" * (10 << 20) + b"\r\n\r\nbody\r\n",
    "10-mb-folded-header": b"Subject: x\r\n" + b" " + b"y\r\n z" * (1 << 20) + b"\r\n\r\nbody\r\n",
    "10-mb-of-encoded-words": b"Subject: "
    + b"=?utf-8?q?=61=62=C3=A4?= =?utf-8?b?w6TDtsO8?=\r\n " * 200000 + b"end\r\n\r\nbody\r\n",
    "encoded-words-that-lie": b"Subject: =?utf-8?b?////?= =?x-none?q?=FF?= =?utf-8?q?=ZZ?= =?\r\n\r\n",
    "addresses-without-end": b"From: " + b"(((" * 100000 + b"\r\nTo: " + b"a@b.c, " * 200000
    + b"\r\n\r\nbody\r\n",
    "nul-bytes": b"Subject: a\0b\r\nX-\0: \0\r\n\r\nbody\0\0\r\n",
    "bare-cr": b"Subject: a\rb\r\nX: y\r\r\n\r\nbo\rdy\r\n",
    "bare-lf": b"Subject: a\nX-Bare: b\n\nbody\nmore\r\n",
    "no-header": b"\r\nonly a body\r\n",
    "body-at-once": b"this is no header field\r\n\r\nnor this\r\n",
    "empty": b"",
    "one-line-end": b"\r\n",
    "header-only": b"Subject: nothing behind\r\n",
    "8-bit-garbage": b"Subject: \xff\xfe\x80\xe4\r\nFrom: \xe4\xf6 <\xfc@example.net>\r\n"
    b"Content-Type: text/plain; charset=x-does-not-exist\r\n\r\n" + bytes(range(128, 256)) + b"\r\n",
    "all-bytes": b"Subject: all\r\n\r\n" + bytes(b for b in range(256) if b not in (10, 13)) * 100
    + b"\r\n",
    "colons": b":\r\n: :\r\n::::\r\n \r\n\t\r\n\r\nbody\r\n",
    "control-characters": b"Subject: \x1b[2J\x07\x08\r\nMessage-ID: <\x1b\x01>\r\n\r\nbody\r\n",
    "one-line-of-1-mb": b"Subject: long\r\n\r\n" + b"z" * (1 << 20) + b"\r\n",
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_message_is_stored_as_it_is(door, name):
    data = HOSTILE[name]
    before = len(door.messages("alice"))
    begun = time.monotonic()
    assert send_raw(door, data)[0].startswith("250 2.0.0")
    assert time.monotonic() - begun < 10, "it took as long as an attack wants"
    got = door.messages("alice")
    assert len(got) == before + 1
    wanted = data.replace(b"\r\n", b"\n")
    assert sum(m.endswith(wanted) and len(m) - len(wanted) < 1000 for m in got) >= 1
    assert door.messages("alice", "Never") == []
    deliver(door)


def test_a_message_without_final_line_end_comes_whole_by_bdat(door):
    text = tag()
    data = b"Subject: %s\r\n\r\nno end" % text.encode()
    with door.client() as c:
        c.say("LHLO client.example.net")
        c.say("MAIL FROM:<s@example.net>")
        c.say("RCPT TO:<%s>" % door.address("alice"))
        c.write(b"BDAT %d LAST\r\n" % len(data) + data)
        assert c.reply().startswith("250 2.0.0")
    (got,) = [m for m in door.messages("alice") if text.encode() in m]
    assert got.endswith(b"\n\nno end")
    deliver(door)


def test_a_message_broken_off_is_not_delivered(door):
    text = tag()
    with door.client() as c:
        c.say("LHLO client.example.net")
        c.say("MAIL FROM:<s@example.net>")
        c.say("RCPT TO:<%s>" % door.address("alice"))
        c.say("DATA")
        c.write("Subject: %s\r\n\r\n%s" % (text, "x" * 300000))
    deliver(door)
    assert count(door, "alice", text) == 0


def test_a_header_of_another_shape_is_seen_by_the_script(door):
    """The script of one user meets the message; the other gets it regardless."""
    text = tag()
    data = b"Subject: %s\r\n" % text.encode() + b"X: y\r\n" * 50000 + b"\r\nb\r\n"
    replies = send_raw(door, data, to=["alice", "bob"])
    assert [r[:3] for r in replies] == ["250", "250"]
    assert count(door, "alice", text) == 1
    assert count(door, "bob", text) == 1


def test_1000_recipients_each_get_their_copy_of_60_kb():
    users = ["u%03d" % i for i in range(1000)]
    text = tag()
    body = "0123456789abcdef" * 3 + "\n"
    with Doorstep(users=users, scripts={u: SUBJECT_SCRIPT for u in users[:10]}) as door:
        replies = door.send(message(text, body * 1250), to=users)
        assert [r for r in replies if not r.startswith("250 2.0.0")] == []
        assert len(replies) == 1000
        assert [u for u in users if count(door, u, text) != 1] == []
        deliver(door, "u000")
        index_agrees(door)


# ---- scripts ----

# Each test compares a long key at each of the places of a longer subject.
COSTLY = """require ["fileinto"];
%s
fileinto "Done";
""" % "\n".join('if header :matches "subject" "*%s?%d*" { stop; }' % ("a" * 30000, i)
                for i in range(30))


def test_a_script_that_takes_too_long_costs_one_implicit_keep():
    with Doorstep(scripts={"alice": COSTLY}, settings={"sieve_timeout": "1s"}) as door:
        text = tag()
        data = b"Subject: %s%s\r\n\r\nb\r\n" % (text.encode(), b"a" * 60000)
        begun = time.monotonic()
        replies = send_raw(door, data, to=["alice", "bob"])
        assert [r[:3] for r in replies] == ["250", "250"]
        assert 0.9 < time.monotonic() - begun < 8
        assert count(door, "alice", text) == 1
        assert count(door, "bob", text) == 1
        assert door.messages("alice", "Done") == []
        assert "sieve_timeout" in door.log()
        note = os.path.join(door.home("alice"), ".dovecot.sieve.log")
        with open(note) as file:
            assert "sieve_timeout" in file.read()
        # A message that costs less is filtered by the same script.
        deliver(door, "alice", "Done")
        deliver(door)
        index_agrees(door)


def test_a_costly_script_is_the_end_of_nobody_else_s():
    """One message for users with scripts of their own, two of which hang."""
    users = ["alice", "bob", "carol", "dave", "erin"]
    sorts = 'require "fileinto";\nfileinto "Sorted";\n'
    scripts = {"alice": sorts, "bob": COSTLY, "dave": COSTLY, "erin": sorts}
    with Doorstep(users=users, scripts=scripts, settings={"sieve_timeout": "1s"}) as door:
        text = tag()
        data = b"Subject: %s%s\r\n\r\nb\r\n" % (text.encode(), b"a" * 60000)
        begun = time.monotonic()
        assert [r[:3] for r in send_raw(door, data, to=users)] == ["250"] * 5
        assert time.monotonic() - begun < 10
        for user, folder in (("alice", "Sorted"), ("bob", ""), ("carol", ""), ("dave", ""),
                             ("erin", "Sorted")):
            assert count(door, user, text, folder) == 1, user
            assert len(door.messages(user)) == (folder == ""), user
        for user in ("bob", "dave"):
            with open(os.path.join(door.home(user), ".dovecot.sieve.log")) as file:
                assert "sieve_timeout" in file.read()
        for user in ("alice", "erin"):
            assert not os.path.exists(os.path.join(door.home(user), ".dovecot.sieve.log"))
        index_agrees(door)


def test_a_message_costs_no_more_filters_than_its_share():
    """Twenty hanging scripts: their time is bounded, their mail is kept."""
    users = ["u%d" % i for i in range(20)]
    with Doorstep(users=users, scripts={u: COSTLY for u in users},
                  settings={"sieve_timeout": "1s"}) as door:
        data = b"Subject: %s\r\n\r\nb\r\n" % (b"a" * 60000)
        begun = time.monotonic()
        assert [r[:3] for r in send_raw(door, data, to=users)] == ["250"] * 20
        assert time.monotonic() - begun < 10
        assert [len(door.messages(u)) for u in users] == [1] * 20
        deliver(door, "u0", "Done")


def test_a_costly_script_does_not_hold_up_others():
    """Two filters, and three messages that each take one to its end."""
    with Doorstep(scripts={"alice": COSTLY}, settings={"sieve_timeout": "1s"}) as door:
        data = b"Subject: %s\r\n\r\nb\r\n" % (b"a" * 60000)
        clients = []
        for _ in range(3):
            c = door.client()
            c.say("LHLO client.example.net")
            c.say("MAIL FROM:<s@example.net>")
            c.say("RCPT TO:<%s>" % door.address("alice"))
            c.say("DATA")
            c.write(data + b".\r\n")
            clients.append(c)
        deliver(door, "bob")
        for c in clients:
            assert c.reply().startswith("250 2.0.0")
            c.close()
        assert len(door.messages("alice")) == 3
        index_agrees(door)


BAD_SCRIPTS = {
    "syntax": ('require "fileinto";\nif header "subject" { fileinto "X" }\n', "2"),
    "no-end": ('if true {\n keep;\n', ""),
    "no-require": ('fileinto "X";\n', "1"),
    "unknown-command": ("frobnicate;\n", "1"),
    "nul": ("keep;\0\n", "1"),
    "binary": ("\x7fELF\x02\x01\x01\0\0\0", "1"),
    "deep-blocks": ("if true {" * 5000 + "discard;" + "}" * 5000, "1"),
    "deep-tests": ("if " + "not " * 5000 + "true { discard; }", "1"),
}


@pytest.mark.parametrize("name", list(BAD_SCRIPTS))
def test_a_wrong_script_is_told_and_costs_an_implicit_keep(door, name):
    script, line = BAD_SCRIPTS[name]
    user = "bob"
    path = os.path.join(door.home(user), ".dovecot.sieve")
    if os.path.exists(path + ".log"):
        os.unlink(path + ".log")
    door.write_script(user, script)
    try:
        text = deliver(door, user)
        assert count(door, user, text) == 1
        with open(path + ".log") as file:
            note = file.read()
        assert note.strip() != ""
        assert line in note
        assert ".dovecot.sieve" in door.log()
        told = door.command("sieve", "check", path, check=False)
        assert told.returncode == 65
        assert b".dovecot.sieve:" + line.encode() in told.stdout
    finally:
        os.unlink(path)
    deliver(door, user)


def test_a_right_script_is_told_too(door):
    told = door.command("sieve", "check", os.path.join(door.home("alice"), ".dovecot.sieve"))
    assert b"no errors" in told.stdout


def make_fifo(path, door):
    os.mkfifo(path)
    os.chown(path, door.account.pw_uid, door.account.pw_gid)


def make_link_to_directory(path, door):
    os.symlink("/tmp", path)


def make_foreign(path, door):
    with open(path, "w") as file:
        file.write("discard;\n")
    os.chown(path, 1, 1)


def make_directory(path, door):
    os.mkdir(path)


def make_loop(path, door):
    os.symlink(path, path)


def make_unreadable(path, door):
    with open(path, "w") as file:
        file.write("discard;\n")
    os.chown(path, door.account.pw_uid, door.account.pw_gid)
    os.chmod(path, 0)


def make_device(path, door):
    os.symlink("/dev/zero", path)


@pytest.mark.parametrize("make", [make_fifo, make_link_to_directory, make_foreign, make_directory,
                                  make_loop, make_unreadable, make_device])
def test_what_is_no_script_is_not_run(door, make):
    path = os.path.join(door.home("bob"), ".dovecot.sieve")
    make(path, door)
    try:
        text = deliver(door, "bob")
        assert count(door, "bob", text) == 1
        assert "script not run" in door.log().split("Subject: " + text)[-1]
    finally:
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)
    deliver(door, "bob")


def test_a_note_is_not_written_through_a_link(door):
    """The log beside the script must not be somebody's way to another file."""
    script = os.path.join(door.home("bob"), ".dovecot.sieve")
    victim = os.path.join(door.home("alice"), "victim")
    with open(victim, "w") as file:
        file.write("untouched")
    os.chown(victim, door.account.pw_uid, door.account.pw_gid)
    if os.path.exists(script + ".log"):
        os.unlink(script + ".log")
    os.symlink(victim, script + ".log")
    door.write_script("bob", "nonsense;")
    try:
        deliver(door, "bob")
        with open(victim) as file:
            assert file.read() == "untouched"
    finally:
        os.unlink(script)
        os.unlink(script + ".log")


BAD_FOLDERS = {
    "up": "../../etc",
    "up-in-the-middle": "a/../../../etc",
    "empty-level": "a//b",
    "dot": ".",
    "dots": "..",
    "empty": "",
    "slash": "/",
    "absolute": "/etc/cron.d",
    "300-bytes": "x" * 300,
    "300-bytes-when-encoded": "\u00e4" * 120,
    "deep": "/".join("d" for _ in range(100)),
    "latin-1": b"caf\xe9",
    "overlong": b"a\xc0\xafb",
    "surrogate": b"\xed\xa0\x80",
    "tab": "a\tb",
    "escape": "a\x1b[2Jb",
    "line-end": "a\nb",
    "delete": "a\x7fb",
    "c1": "a\u0085b",
}


@pytest.mark.parametrize("name", list(BAD_FOLDERS))
def test_a_folder_that_cannot_be_is_kept_in_inbox(door, name):
    folder = BAD_FOLDERS[name]
    folder = folder if isinstance(folder, bytes) else folder.encode()
    path = os.path.join(door.home("bob"), ".dovecot.sieve")
    with open(path, "wb") as file:
        file.write(b'require "fileinto";\nfileinto "' + folder + b'";\n')
    os.chown(path, door.account.pw_uid, door.account.pw_gid)
    before = tree(door)
    said = len(door.log())
    try:
        text = tag()
        assert door.send(message(text), to=["bob"])[0].startswith("250")
        assert count(door, "bob", text) == 1
        assert tree(door) == before
        log = door.log()[said:]
        assert "INBOX" in log
        assert not any(ord(c) < 32 and c != "\n" for c in log), "a script writes to the log's terminal"
    finally:
        os.unlink(path)
    deliver(door, "bob")


def tree(door):
    """The directories of bob's, and of what lies around the homes."""
    found = []
    for top, dirs, _ in os.walk(door.at("home")):
        found += [os.path.join(top, d) for d in dirs]
    return sorted(found + os.listdir(door.path))


def test_folders_at_the_edge_of_what_may_be_are_made(door):
    for i, folder in enumerate(["a/b/c", "\u00e4\u00f6\u00fc &", "x" * 200, "~", "-", "a b"]):
        door.write_script("bob", 'require "fileinto";\nfileinto "%s";\n' % folder)
        text = tag()
        assert door.send(message(text), to=["bob"])[0].startswith("250")
        assert count(door, "bob", text) == 0, folder
    os.unlink(os.path.join(door.home("bob"), ".dovecot.sieve"))
    deliver(door, "bob")


def test_nothing_hostile_has_left_a_trace(door):
    """After all of the above (pytest keeps the order): index, folders, processes."""
    index_agrees(door)
    no_leftovers(door, "alice")
    no_leftovers(door, "bob")
    assert len(door.pids("deliver")) == 1
    serves_again(door)
    wait_for(lambda: len(door.pids("filter")) == 2, 5, "both filters")
