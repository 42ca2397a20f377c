# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""What each recipient of a message gets, and what the log says of it."""

import os
import re
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from doorstep import Doorstep, is_built, wait_for  # noqa: E402

pytestmark = pytest.mark.skipif(not is_built(), reason="DOORSTEP_BUILD has no doorstepd")

USERS = ["user%d" % i for i in range(150)]


def log_lines(door, user):
    return [dict(re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)', line))
            for line in door.log().splitlines()
            if " delivery " in line and " to=%s@" % user in line]


def log_line(door, user):
    """The only one; the log is written just before the answer."""
    lines = log_lines(door, user)
    assert len(lines) == 1
    return lines[0]


def transaction(c, to, message, mail="MAIL FROM:<s@example.net>"):
    """The replies to the RCPTs and, for those that were accepted, to the message."""
    assert c.say(mail).startswith("250")
    accepted = [c.say("RCPT TO:" + one) for one in to]
    count = sum(reply.startswith("250") for reply in accepted)
    answers = []
    if count > 0:
        assert c.say("DATA").startswith("354")
        c.write(message + ".\r\n")
        answers = [c.reply() for _ in range(count)]
    else:
        c.say("RSET")
    return accepted, answers


def greeted(door):
    c = door.client()
    c.say("LHLO client.example.net")
    return c


def test_an_alias_may_have_more_users_than_recipient_limit():
    aliases = "team: %s\n" % ", ".join(USERS)
    with Doorstep(users=USERS, aliases=aliases, settings={"recipient_limit": 100}) as door:
        replies = door.send(b"Subject: x\n\nbody\n", to=["team"])
        assert [r[:9] for r in replies] == ["250 2.0.0"]
        assert [len(door.messages(user)) for user in USERS] == [1] * len(USERS)


@pytest.fixture(scope="module")
def site():
    """A site whose default files everything into Default."""
    directory = tempfile.mkdtemp(prefix="doorstep.", dir="/tmp")
    default = os.path.join(directory, "default.sieve")
    with open(default, "w") as file:
        file.write('require "fileinto"; fileinto "Default";\n')
    with Doorstep(users=("alice", "bob", "carol"), directory=directory,
                  scripts={"carol": 'require "fileinto"; fileinto "Own";\n'},
                  settings={"sieve_default": default}) as door:
        yield door
    shutil.rmtree(directory, ignore_errors=True)


def test_the_default_script_is_for_users_without_one(site):
    site.send(b"Subject: x\n\n", to=["alice", "carol"])
    assert len(site.messages("alice", "Default")) == 1
    assert len(site.messages("carol", "Own")) == 1
    assert site.messages("carol", "Default") == []


def test_the_default_script_does_not_stand_in_for_one_that_cannot_be_read(site):
    """The user had a reason to have a script of their own."""
    path = os.path.join(site.home("bob"), ".dovecot.sieve")
    os.mkdir(path)
    site.send(b"Subject: x\n\n", to=["bob"])
    assert len(site.messages("bob")) == 1
    assert site.messages("bob", "Default") == []
    with open(path + ".log") as file:
        assert "not a regular file" in file.read()


def test_the_log_says_all_of_a_delivery():
    script = 'require "fileinto";\nif true {\n\tfileinto "Lists";\n}\n'
    with Doorstep(scripts={"alice": script}) as door:
        with greeted(door) as c:
            transaction(c, ["<alice@example.org> ORCPT=rfc822;old@example.com"],
                        "Message-ID: <m@example.net>\r\n\r\nx\r\n")
            size = len(door.messages("alice", "Lists")[0])
            first = log_line(door, "alice")
            transaction(c, ["<alice@example.org>"], "Subject: 2\r\n\r\n")
        second = log_lines(door, "alice")[1]
        for name, value in {
                "helo": "client.example.net", "from": "s@example.net", "orcpt": "old@example.com",
                "user": "alice@example.org", "source": "file:" + door.at("passwd"),
                "action": "fileinto", "mailbox": "Lists", "line": "3", "msgid": "<m@example.net>", "dsn": "2.0.0",
                "quota_before": "0", "quota_after": str(size)}.items():
            assert first[name].strip('"') == value, name
        assert first["script"].endswith(".dovecot.sieve")
        assert int(first["us"]) > 0 and int(first["size"]) > 0 and first["id"] != ""
        assert second["quota_before"] == str(size)
        assert int(second["quota_after"]) > size


@pytest.mark.parametrize("tempfail, reply", [(False, "552 5.2.2"), (True, "452 4.2.2")])
def test_over_quota_is_said_at_rcpt_or_when_the_message_is_larger_than_announced(tempfail, reply):
    users = {"alice": {"extra": "userdb_quota_rule=*:bytes=2000"}, "bob": {}}
    to = ["<alice@example.org>", "<bob@example.org>"]
    large = "Subject: x\r\n\r\n" + ("y" * 70 + "\r\n") * 40
    with Doorstep(users=users, settings={"quota_full_tempfail": tempfail}) as door:
        with greeted(door) as c:
            accepted, answers = transaction(c, to, "x\r\n", "MAIL FROM:<s@example.net> SIZE=3000")
            assert accepted[0].startswith(reply)
            assert [a[:9] for a in answers] == ["250 2.0.0"]
            for mail in ("MAIL FROM:<s@example.net>", "MAIL FROM:<s@example.net> SIZE=10"):
                accepted, answers = transaction(c, to, large, mail)
                assert [a[:9] for a in accepted] == ["250 2.1.5"] * 2
                assert [a[:9] for a in answers] == [reply, "250 2.0.0"]
            accepted, answers = transaction(c, to, "small\r\n")
            assert [a[:9] for a in answers] == ["250 2.0.0"] * 2
        assert len(door.messages("alice")) == 1
        assert len(door.messages("bob")) == 4
        assert reply[4:] in [line["dsn"] for line in log_lines(door, "alice")]


def test_each_recipient_has_an_outcome_of_its_own():
    """Over quota, in a loop, unreadable, discarded, delivered: one message."""
    users = {"full": {"extra": "userdb_quota_rule=*:bytes=10"}, "loop": {}, "shut": {},
             "gone": {}, "good": {}}
    with Doorstep(users=users, scripts={"gone": "discard;\n"}) as door:
        os.mkdir(door.maildir("shut"), 0)
        os.chown(door.maildir("shut"), 1, 1)
        with greeted(door) as c:
            _, answers = transaction(
                c, ["<%s@example.org>" % u for u in ("full", "loop", "shut", "gone", "good")],
                "Delivered-To: loop@example.org\r\n\r\nx\r\n")
        assert [a[:5] for a in answers] == ["552 5", "550 5", "451 4", "250 2", "250 2"]
        assert "5.2.2" in answers[0] and "5.4.6" in answers[1]
        assert [len(door.messages(u)) for u in ("full", "loop", "gone", "good")] == [0, 0, 0, 1]
        assert log_line(door, "gone")["action"] == "discard"
        assert log_line(door, "shut")["reason"] != ""


def test_what_is_refused_before_its_delivery_is_logged_too():
    users = {"alice": {"extra": "userdb_quota_rule=*:bytes=10"}}
    with Doorstep(users=users, settings={"message_size_limit": "64K"}) as door:
        with greeted(door) as c:
            assert c.say("MAIL FROM:<big@example.net> SIZE=99999").startswith("552 5.3.4")
            assert c.say("MAIL FROM:<s@example.net> SIZE=99").startswith("250")
            assert c.say("RCPT TO:<nobody@example.org>").startswith("550 5.1.1")
            assert c.say("RCPT TO:<alice@example.org>").startswith("552 5.2.2")
            c.say("RSET")
            transaction(c, ["<alice@example.org>"], ("x" * 70 + "\r\n") * 1000)
        lines = [dict(re.findall(r'(\w+)=("[^"]*"|\S+)', line))
                 for line in door.log().splitlines() if " refused session=" in line]
    assert [(l["code"], l["from"], l.get("to")) for l in lines] == [
        ("552", "big@example.net", None), ("550", "s@example.net", "nobody@example.org"),
        ("552", "s@example.net", "alice@example.org"), ("552", "s@example.net", None)]
    assert {l["helo"] for l in lines} == {"client.example.net"}


def test_trace_fields_are_on_top_in_their_order():
    with Doorstep(aliases="team: alice\n") as door:
        with greeted(door) as c:
            transaction(c, ["<team@example.org> ORCPT=rfc822;old+40example.com"], "Subject: x\r\n\r\n",
                        "MAIL FROM:<>")
            transaction(c, ["<bob+x@example.org> ORCPT=rfc822;bob+2Bx@example.org"], "\r\n")
        (message,) = door.messages("alice")
        names = [line.split(b":")[0] for line in message.split(b"\n") if line[:1] not in b"\t "]
        assert names[:5] == [b"Return-Path", b"X-Original-To", b"Delivered-To", b"Received", b"Subject"]
        assert message.startswith(b"Return-Path: <>\nX-Original-To: old@example.com\n"
                                  b"Delivered-To: team@example.org\n")
        (message,) = door.messages("bob")
        assert b"X-Original-To" not in message
        assert message.startswith(b"Return-Path: <s@example.net>\nDelivered-To: bob+x@example.org\n")


def test_only_an_answer_that_was_not_seen_is_a_retry():
    """RFC 1047: the same bytes twice on purpose are two messages; after a lost
    answer they are one, for the recipient whose answer was lost."""
    message = "Subject: once\r\nMessage-ID: <once@example.net>\r\n\r\nx\r\n"
    with Doorstep() as door:
        for expected in (1, 2):
            with greeted(door) as c:
                transaction(c, ["<alice@example.org>"], message)
                assert c.say("NOOP").startswith("250")
            assert len(door.messages("alice")) == expected
        with greeted(door) as c:
            assert c.say("MAIL FROM:<s@example.net>").startswith("250")
            c.say("RCPT TO:<alice@example.org>")
            c.say("DATA")
            c.write(message + ".\r\n")
            wait_for(lambda: len(door.messages("alice")) == 3, 10, "the message")
        with greeted(door) as c:
            _, answers = transaction(c, ["<alice@example.org>", "<bob@example.org>"], message)
            assert [a[:9] for a in answers] == ["250 2.0.0"] * 2
            c.say("QUIT")
        assert len(door.messages("alice")) == 3
        assert len(door.messages("bob")) == 1
        assert log_lines(door, "alice")[-1]["action"].strip('"') == "delivered before"
