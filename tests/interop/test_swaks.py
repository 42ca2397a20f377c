# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""swaks and Python's smtplib as clients: other people's idea of LMTP."""

import email
import os
import smtplib
import subprocess

import pytest

from checks import count, deliver, index_agrees, message, tag
from doorstep import Doorstep
from peers import crlf, find

USERS = ["alice", "bob", "carol"]


@pytest.fixture(scope="module")
def door():
    with Doorstep(users=USERS) as d:
        yield d
        index_agrees(d)


@pytest.fixture(params=["unix", "tcp"])
def where(request, door):
    """swaks' options for one of the two sockets."""
    if request.param == "unix":
        return ["--socket", door.socket]
    return ["--server", "127.0.0.1", "--port", str(door.port)]


def swaks(where, *options, body="body\n"):
    if find("swaks") is None:
        pytest.skip("swaks is not installed")
    return subprocess.run([find("swaks"), "--protocol", "LMTP", "--ehlo", "client.example.net",
                           "--from", "s@example.net", "--body", body] + where + list(options),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, errors="replace", text=True)


def said(result, code):
    """How many replies of the server had this code."""
    return sum(line.split()[1].startswith(code) for line in result.stdout.splitlines()
               if line.startswith(("<-  ", "<** ")) and len(line.split()) > 1)


def all_of(users=USERS):
    return ",".join("%s@example.org" % u for u in users)


def test_one_recipient(door, where):
    text = tag()
    result = swaks(where, "--to", all_of(["alice"]), "--header", "Subject: " + text)
    assert result.returncode == 0, result.stdout
    assert count(door, "alice", text) == 1


def test_several_recipients_each_have_a_reply(door, where):
    text = tag()
    result = swaks(where, "--to", all_of(), "--header", "Subject: " + text)
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("delivered") == len(USERS)
    for user in USERS:
        assert count(door, user, text) == 1


def test_pipelined(door, where):
    text = tag()
    result = swaks(where, "--to", all_of(), "--header", "Subject: " + text, "--pipeline")
    assert result.returncode == 0, result.stdout
    for user in USERS:
        assert count(door, user, text) == 1


def test_an_unknown_recipient_among_others_is_told(door, where):
    text = tag()
    result = swaks(where, "--to", all_of(["alice", "nobody-here", "bob"]), "--header",
                   "Subject: " + text)
    assert said(result, "550") == 1
    assert "5.1.1" in result.stdout
    assert count(door, "alice", text) == 1
    assert count(door, "bob", text) == 1


def test_no_recipient_at_all_is_told(door, where):
    result = swaks(where, "--to", all_of(["nobody-here"]))
    assert result.returncode == 24, result.stdout
    deliver(door)


def test_an_attachment_comes_whole(door, where, tmp_path):
    content = os.urandom(300000)
    path = tmp_path / "thing.bin"
    path.write_bytes(content)
    text = tag()
    result = swaks(where, "--to", all_of(["carol"]), "--header", "Subject: " + text,
                   "--attach-type", "application/octet-stream", "--attach", "@" + str(path))
    assert result.returncode == 0, result.stdout
    (got,) = [m for m in door.messages("carol") if text.encode() in m]
    parts = [p for p in email.message_from_bytes(got).walk() if not p.is_multipart()]
    assert [p.get_content_type() for p in parts] == ["text/plain", "application/octet-stream"]
    assert parts[1].get_payload(decode=True) == content


def test_dots_at_line_starts_stay(door, where):
    text = tag()
    result = swaks(where, "--to", all_of(["alice"]), "--header", "Subject: " + text, body="\n.\n..\n.x\n")
    assert result.returncode == 0, result.stdout
    (got,) = [m for m in door.messages("alice") if text.encode() in m]
    assert b"\n.\n..\n.x\n" in got


def test_quit_after_each_command_leaves_nothing_behind(door, where):
    before = [len(door.messages(u)) for u in USERS]
    for point in ("CONNECT", "HELO", "MAIL", "RCPT"):
        result = swaks(where, "--to", all_of(["alice"]), "--quit-after", point)
        assert result.returncode == 0, result.stdout
    for point in ("MAIL", "RCPT", "DATA"):
        swaks(where, "--to", all_of(["alice"]), "--drop-after", point)
    assert [len(door.messages(u)) for u in USERS] == before
    deliver(door)


# ---- smtplib ----

@pytest.fixture(params=["unix", "tcp"])
def lmtp(request, door):
    with door.lmtp(tcp=request.param == "tcp") as client:
        yield client


def test_smtplib_sends_to_several(door, lmtp):
    """Its LMTP reads one reply to the data, as SMTP has: the others wait."""
    text = tag()
    assert lmtp.sendmail("s@example.net", [door.address(u) for u in USERS],
                         crlf(message(text))) == {}
    assert [lmtp.getreply()[0] for _ in USERS[1:]] == [250] * (len(USERS) - 1)
    for user in USERS:
        assert count(door, user, text) == 1


def test_smtplib_is_told_who_is_unknown(door, lmtp):
    text = tag()
    refused = lmtp.sendmail("s@example.net", ["alice@example.org", "nobody-here@example.org"],
                            crlf(message(text)))
    assert list(refused) == ["nobody-here@example.org"]
    assert refused["nobody-here@example.org"][0] == 550
    assert count(door, "alice", text) == 1
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        lmtp.sendmail("s@example.net", ["nobody-here@example.org"], crlf(message(text)))


def test_smtplib_goes_on_after_each_message(door, lmtp):
    texts = [tag() for _ in range(50)]
    for text in texts:
        assert lmtp.sendmail("s@example.net", ["bob@example.org"], crlf(message(text))) == {}
    got = door.messages("bob")
    for text in texts:
        assert sum(text.encode() in m for m in got) == 1
    assert lmtp.rset()[0] == 250
    assert lmtp.noop()[0] == 250
    assert lmtp.verify("bob@example.org")[0] in (250, 252)


def test_smtplib_sees_what_is_announced(lmtp):
    for name in ("pipelining", "enhancedstatuscodes", "8bitmime", "smtputf8", "size", "chunking",
                 "binarymime", "limits"):
        assert lmtp.has_extn(name)
    assert not lmtp.has_extn("auth")


def test_smtplib_sends_8_bit_and_utf8(door, lmtp):
    text = tag()
    sent = "From: s@example.net\nSubject: {}\n\nGrüße\n".format(text).encode()
    assert lmtp.sendmail("jürgen@example.net", ["alice@example.org"], crlf(sent),
                         ["SMTPUTF8", "BODY=8BITMIME"]) == {}
    (got,) = [m for m in door.messages("alice") if text.encode() in m]
    assert got.endswith(sent)
    assert got.startswith("Return-Path: <jürgen@example.net>\n".encode())
