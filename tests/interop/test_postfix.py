# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""A real Postfix hands its mail to Doorstep by LMTP."""

import random

import pytest

from doorstep import Doorstep, wait_for
from peers import Postfix, crlf


def make_message(size, subject="interop", seed=1):
    """Printable lines, dots at line starts, and an exact number of bytes (LF)."""
    rng = random.Random(seed)
    head = ("From: Sender <sender@example.net>\nTo: someone@example.org\n"
            "Subject: %s\nDate: Tue, 24 Nov 2026 21:10:55 +0000\n"
            "Message-ID: <%d.%d@example.net>\n\n" % (subject, seed, size)).encode()
    lines, n = [head], len(head)
    while n < size:
        length = min(rng.randint(0, 76), size - n - 1)
        line = bytes(rng.choices(b"abcdefgh .,", k=length)) + b"\n"
        if rng.random() < 0.1 and length > 3:
            line = b".." + line[2:]
        lines.append(line)
        n += len(line)
    return b"".join(lines)


def transports(door):
    return {"unix": "lmtp:unix:" + door.socket, "tcp": "lmtp:inet:127.0.0.1:%d" % door.port}


def wait_for_mail(door, user, count, limit=60):
    wait_for(lambda: len(door.messages(user)) >= count, limit,
             "%d messages for %s" % (count, user))
    return door.messages(user)


def arrives_unchanged(got, sent):
    """Byte for byte, but for the trace fields in front."""
    assert got.endswith(sent), "the message was changed on its way"
    trace = got[:-len(sent)].decode()
    assert trace.startswith("Return-Path: <sender@example.net>\n")
    assert "\nDelivered-To: " in trace
    assert "by door.example.org (Doorstep) with " in trace


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_every_size_arrives_byte_for_byte(kind):
    sizes = [1000, 4096, 65000, 66000, 200000, 1 << 20, 3 << 20, 20 << 20]
    with Doorstep() as door, Postfix(transports(door)[kind]) as postfix:
        for i, size in enumerate(sizes):
            sent = make_message(size, seed=i)
            postfix.send(sent, ["alice@example.org"])
        got = wait_for_mail(door, "alice", len(sizes))
        by_size = sorted(got, key=len)
        for i, size in enumerate(sizes):
            arrives_unchanged(by_size[i], make_message(size, seed=i))


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_each_of_many_recipients_gets_one_copy(kind):
    users = ["user%d" % i for i in range(60)]
    sent = make_message(5000)
    with Doorstep(users=users) as door, Postfix(transports(door)[kind]) as postfix:
        postfix.send(sent, [door.address(u) for u in users])
        wait_for(postfix.is_drained, 60, "the queue to drain")
        for user in users:
            got = door.messages(user)
            assert len(got) == 1, user
            arrives_unchanged(got[0], sent)


def test_a_burst_over_pipelined_connections_is_complete():
    users = ["user%d" % i for i in range(10)]
    with Doorstep(users=users) as door, Postfix(transports(door)["unix"]) as postfix:
        with postfix.smtp() as client:
            for i in range(200):
                client.sendmail("sender@example.net", [door.address(users[i % 10])],
                                crlf(make_message(3000, seed=i)))
        wait_for(postfix.is_drained, 60, "the queue to drain")
        for n, user in enumerate(users):
            got = door.messages(user)
            assert len(got) == 20
            for i in range(n, 200, 10):
                sent = make_message(3000, seed=i)
                assert sum(m.endswith(sent) for m in got) == 1


def test_an_internationalised_address_is_delivered():
    name = "jürgen"
    with Doorstep(users=[name]) as door, Postfix(transports(door)["unix"]) as postfix:
        message = ("From: Sender <sender@example.net>\nTo: jürgen@example.org\n"
                   "Subject: Grüße\n\nHallo\n").encode()
        with postfix.smtp() as client:
            client.ehlo()
            client.mail("sender@example.net", ["SMTPUTF8", "BODY=8BITMIME"])
            client.docmd("RCPT TO:<jürgen@example.org>")
            client.data(crlf(message))
        got = wait_for_mail(door, name, 1)
        arrives_unchanged(got[0], message)
        assert b"with UTF8LMTP" in got[0]


def test_an_unknown_user_is_refused_while_the_others_get_their_mail():
    with Doorstep() as door, Postfix(transports(door)["unix"]) as postfix:
        postfix.send(make_message(2000), ["alice@example.org", "nobody@example.org"])
        wait_for_mail(door, "alice", 1)
        wait_for(lambda: "said: 550 5.1.1" in postfix.log(), 20, "a 550 in Postfix's log")
        assert "status=bounced" in postfix.log()


def test_over_quota_is_refused_at_rcpt():
    users = {"alice": {}, "bob": {"extra": "userdb_quota_rule=*:storage=10k"}}
    with Doorstep(users=users) as door, Postfix(transports(door)["unix"]) as postfix:
        postfix.send(make_message(30000), ["alice@example.org", "bob@example.org"])
        wait_for_mail(door, "alice", 1)
        wait_for(lambda: "said: 552 5.2.2" in postfix.log(), 20, "a 552 in Postfix's log")
        assert "in reply to RCPT TO command" in postfix.log()
        assert door.messages("bob") == []


def test_mail_waits_in_postfix_while_doorstep_is_down_and_arrives_once():
    with Doorstep() as door, Postfix(transports(door)["unix"]) as postfix:
        door.stop()
        for i in range(5):
            postfix.send(make_message(2000, seed=i), ["alice@example.org"])
        wait_for(lambda: "status=deferred" in postfix.log(), 20, "a deferral")
        door.start()
        postfix.flush()
        wait_for(postfix.is_drained, 60, "the queue to drain")
        assert len(door.messages("alice")) == 5
