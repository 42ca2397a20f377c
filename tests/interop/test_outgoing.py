# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""What scripts send, through two real Postfixes: one hands mail to Doorstep,
the other takes what Doorstep sends and has the mailboxes of the rest of the
world (example.net), in which the answers are read."""

import contextlib
import email
import email.policy
import os
import pwd
import re
import time

import pytest

from doorstep import Doorstep, wait_for
from peers import Postfix

POLICY = email.policy.default


BOXES = ["away", "batch", "copy", "l1", "l2", "l3", "l4", "mailer-daemon", "mdn", "named", "owner-x",
         "pager", "refused", "sender", "vip", "x-request"]


class World(Postfix):
    """Takes mail for example.net to Maildirs, and for example.org back to Doorstep."""

    def __init__(self, door):
        nobody = pwd.getpwnam("nobody")
        super().__init__("virtual", domain="example.net", settings={
            "myhostname": "world.example.net",
            "virtual_uid_maps": "static:%d" % nobody.pw_uid,
            "virtual_gid_maps": "static:%d" % nobody.pw_gid,
            "virtual_minimum_uid": "1",
            "transport_maps": "inline:{ { example.org = lmtp:unix:%s } }" % door.socket,
            "smtputf8_enable": "yes",
        })
        self.boxes = os.path.join(self.path, "boxes")
        os.mkdir(self.boxes)
        os.chown(self.boxes, nobody.pw_uid, nobody.pw_gid)
        with open(os.path.join(self.path, "conf", "main.cf"), "a") as file:
            file.write("virtual_mailbox_base = %s\n" % self.boxes)
            file.write("virtual_mailbox_maps = texthash:%s\n" % os.path.join(self.path, "users"))
        with open(os.path.join(self.path, "users"), "w") as file:
            file.writelines("%s@example.net %s/\n" % (user, user) for user in BOXES)

    def mail(self, user):
        """Parsed messages of a mailbox, oldest first."""
        where = os.path.join(self.boxes, user, "new")
        if not os.path.isdir(where):
            return []
        paths = sorted((os.path.join(where, name) for name in os.listdir(where)),
                       key=os.path.getmtime)
        messages = []
        for path in paths:
            with open(path, "rb") as file:
                messages.append(email.message_from_binary_file(file, policy=POLICY))
        return messages

    def wait_for_mail(self, user, count=1):
        wait_for(lambda: len(self.mail(user)) >= count, 30,
                 "%d messages for %s" % (count, user))
        return self.mail(user)


@contextlib.contextmanager
def post(scripts, settings=None, users=("alice", "bob", "carol", "dave")):
    """A Doorstep between the two."""
    door = Doorstep(users=users, scripts=scripts)
    with World(door) as world:
        door.settings.update({"relay_host": "127.0.0.1:%d" % world.port,
                              "outbox_retry_min": "1s", "outbox_retry_max": "2s",
                              "relay_rest": "1s"})
        door.settings.update(settings or {})
        door.write_conf()
        with door, Postfix("lmtp:unix:" + door.socket, settings={
                "relayhost": "[127.0.0.1]:%d" % world.port,
                "smtputf8_enable": "yes"}) as front:
            yield door, front, world


def write(to, sender="sender@example.net", subject="hello", more="", ident=None, body="body\n"):
    ident = ident or "%d" % time.time_ns()
    return ("From: Some Body <%s>\nTo: %s\nSubject: %s\nDate: Wed, 25 Nov 2026 10:00:00 +0000\n"
            "Message-ID: <%s@example.net>\n%s\n%s" % (sender, to, subject, ident, more, body)).encode()


def waiting(door):
    return [line for line in door.command("outbox", "list").stdout.decode().splitlines()
            if "@" in line]


def all_is_sent(door):
    wait_for(lambda: waiting(door) == [], 30, "an empty outbox")


@pytest.fixture(scope="module")
def running():
    scripts = {
        "alice": 'redirect "away@example.net";',
        "bob": 'require ["copy", "editheader"]; addheader "X-Bob" "was here";\n'
               'redirect :copy "copy@example.net"; keep;',
        "carol": 'require ["vacation", "fcc", "mailbox"];\n'
                 'vacation :fcc "Sent" :create :subject "Gone" :addresses "c@other.example" "I am away.";',
        "dave": 'require ["reject", "variables", "enotify"];\n'
                'if header :is "subject" "plain" { reject "No thanks."; stop; }\n'
                'if header :is "subject" "foreign" { reject "Nein, dänke."; stop; }\n'
                'if header :matches "subject" "tell*" {\n'
                '  notify :message "new ${0}" "mailto:pager@example.net"; }',
    }
    with post(scripts) as world:
        yield world


def test_redirect_keeps_the_envelope_and_leaves_no_copy(running):
    door, front, world = running
    sent = write("alice@example.org", body="a line\n.dot\n" + "x" * 900 + "\n")
    front.send(sent, ["alice@example.org"])
    got, = world.wait_for_mail("away")
    assert got["Return-Path"] == "<sender@example.net>"
    assert got["X-Sieve-Redirected-From"] == "alice@example.org"
    assert got.get_payload() == "a line\n.dot\n" + "x" * 900 + "\n"
    assert len(got.get_all("Return-Path")) == 1
    all_is_sent(door)
    assert door.messages("alice") == []
    assert re.search(r"outgoing .*cause=redirect .*dsn=2", door.log())


def test_redirect_of_a_large_message(running):
    door, front, world = running
    before = len(world.mail("away"))
    body = "".join("%076d\n" % i for i in range(40000))
    front.send(write("alice@example.org", body=body), ["alice@example.org"])
    got = world.wait_for_mail("away", before + 1)[-1]
    assert got.get_payload() == body
    all_is_sent(door)
    assert os.listdir(door.at("state")) != []


def test_copy_of_a_changed_message_goes_and_one_stays(running):
    door, front, world = running
    front.send(write("bob@example.org"), ["bob@example.org"])
    got, = world.wait_for_mail("copy")
    assert got["X-Bob"] == "was here"
    kept, = door.messages("bob")
    assert b"X-Bob: was here" in kept


def test_the_same_message_twice_is_redirected_once(running):
    door, front, world = running
    before = len(world.mail("away"))
    text = write("alice@example.org", ident="twice")
    assert door.send(text, to=["alice"])[0].startswith("250")
    assert door.send(text, to=["alice"])[0].startswith("250")
    world.wait_for_mail("away", before + 1)
    all_is_sent(door)
    time.sleep(0.5)
    assert len(world.mail("away")) == before + 1
    assert door.messages("alice") == []


def test_vacation_answers_a_sender_once(running):
    door, front, world = running
    for i in range(3):
        front.send(write("carol@example.org", sender="vip@example.net", ident="vip%d" % i,
                         subject="question"), ["carol@example.org"], sender="vip@example.net")
    got, = world.wait_for_mail("vip")
    all_is_sent(door)
    time.sleep(0.5)
    assert len(world.mail("vip")) == 1
    assert got["Return-Path"] == "<>"
    assert got["Auto-Submitted"].startswith("auto-replied")
    assert got["Subject"] == "Gone"
    assert got["From"] == "carol@example.org"
    assert "vip@example.net" in got["To"]
    assert got["In-Reply-To"] == "<vip0@example.net>"
    assert got["References"] == "<vip0@example.net>"
    assert got.get_content().strip() == "I am away."
    assert len(door.messages("carol")) == 3
    copy, = door.messages("carol", "Sent")
    assert b"I am away." in copy


NO_ANSWER = {
    "null sender": ("", "carol@example.org", ""),
    "list (RFC 5230 4.6)": ("l1@example.net", "carol@example.org", "List-Id: <l.example.net>\n"),
    "program (RFC 3834 2)": ("l2@example.net", "carol@example.org", "Auto-Submitted: auto-replied\n"),
    "bulk": ("l3@example.net", "carol@example.org", "Precedence: bulk\n"),
    "not addressed (RFC 5230 4.5)": ("l4@example.net", "somebody@else.example", ""),
    "mailer-daemon": ("MAILER-DAEMON@example.net", "carol@example.org", ""),
    "owner of a list": ("owner-x@example.net", "carol@example.org", ""),
    "request": ("x-request@example.net", "carol@example.org", ""),
}


@pytest.mark.parametrize("case", NO_ANSWER)
def test_vacation_is_silent_to(running, case):
    door, _, world = running
    sender, to, more = NO_ANSWER[case]
    before = len(door.messages("carol"))
    reply, = door.send(write(to, sender=sender or "daemon@example.net", more=more), to=["carol"],
                       sender=sender)
    assert reply.startswith("250")
    assert len(door.messages("carol")) == before + 1
    all_is_sent(door)
    assert [user for user in os.listdir(world.boxes)
            if user.lower() == sender.split("@")[0].lower()] == []


def test_vacation_answers_what_came_to_an_address_that_the_script_names(running):
    door, _, world = running
    door.send(write("c@other.example", sender="named@example.net"), to=["carol"],
              sender="named@example.net")
    world.wait_for_mail("named")


def test_two_messages_of_a_batch_get_one_answer(running):
    door, _, world = running
    clients = [door.client() for _ in range(8)]
    for i, c in enumerate(clients):
        c.say("LHLO client.example.net")
        c.say("MAIL FROM:<batch@example.net>")
        c.say("RCPT TO:<carol@example.org>")
        c.say("DATA")
        c.write(write("carol@example.org", sender="batch@example.net", ident="b%d" % i)
                .replace(b"\n", b"\r\n"))
    for c in clients:
        c.write(b".\r\n")
    for c in clients:
        assert c.reply().startswith("250")
        c.say("QUIT")
    world.wait_for_mail("batch")
    all_is_sent(door)
    time.sleep(0.5)
    assert len(world.mail("batch")) == 1


def test_reject_is_a_bounce_of_the_mta_in_front(running):
    door, front, world = running
    front.send(write("dave@example.org", sender="refused@example.net", subject="plain"),
               ["dave@example.org"], sender="refused@example.net")
    got, = world.wait_for_mail("refused")
    assert got.get_content_type() == "multipart/report"
    assert "No thanks." in got.as_string()
    assert door.messages("dave") == []


def test_reject_in_words_that_no_reply_can_say_is_a_disposition_notification(running):
    door, front, world = running
    front.send(write("dave@example.org", sender="mdn@example.net", subject="foreign"),
               ["dave@example.org"], sender="mdn@example.net")
    got, = world.wait_for_mail("mdn")
    assert got["Return-Path"] == "<>"
    assert got["Auto-Submitted"].startswith("auto-replied")
    assert got.get_content_type() == "multipart/report"
    assert got.get_param("report-type") == "disposition-notification"
    parts = list(got.iter_parts())
    assert "Nein, dänke." in parts[0].get_content()
    assert "deleted" in parts[1].as_string() and "dave@example.org" in parts[1].as_string()
    assert door.messages("dave") == []


def test_notify_goes_where_the_script_says(running):
    door, front, world = running
    front.send(write("dave@example.org", subject="tell me"), ["dave@example.org"])
    got, = world.wait_for_mail("pager")
    assert got["Subject"] == "new tell me"
    assert got["Auto-Submitted"].startswith("auto-notified")
    assert len(door.messages("dave")) == 1


def test_what_the_next_mta_refuses_is_told_to_the_sender():
    with post({"alice": 'redirect "missing@example.net";'}) as (door, front, world):
        front.send(write("alice@example.org"), ["alice@example.org"])
        got, = world.wait_for_mail("sender")
        assert got["Return-Path"] == "<>"
        assert got["Auto-Submitted"] == "auto-replied"
        assert got.get_content_type() == "multipart/report"
        assert got.get_param("report-type") == "delivery-status"
        status = list(got.iter_parts())[1].as_string()
        assert "Final-Recipient: rfc822; missing@example.net" in status
        assert "Action: failed" in status and "Status: 5.1.1" in status
        # Never for a report (RFC 3464 2): its own sender is nobody.
        front.send(write("alice@example.org", ident="null"), ["alice@example.org"], sender="<>")
        all_is_sent(door)
        wait_for(lambda: len(re.findall("outgoing .*dsn=5", door.log())) == 2, 30, "two failures")
        assert len(world.mail("sender")) == 1


def test_redirect_to_a_list_goes_to_its_members():
    """RFC 6134 2.3."""
    with post({"alice": 'require "extlists"; redirect :list ":addrbook:friends";'},
              {"sieve_lists": "~/lists"}) as (door, front, world):
        where = os.path.join(door.home("alice"), "lists")
        os.mkdir(where)
        for text, kept in (("# two of them\naway@example.net\ncopy@example.net\n", 0),
                           ("away@example.net\nno address\n", 1), ("", 2),
                           ("".join("u%d@example.net\n" % i for i in range(33)), 3)):
            with open(os.path.join(where, "friends"), "w") as file:
                file.write(text)
            door._own()
            assert door.send(write("alice@example.org"))[0].startswith("250")
            assert len(door.messages("alice")) == kept
        assert len(world.wait_for_mail("away")) == len(world.wait_for_mail("copy")) == 1
        all_is_sent(door)
        assert len(world.mail("away")) == 1
        os.unlink(os.path.join(where, "friends"))
        assert door.send(write("alice@example.org"))[0].startswith("250")
        assert len(door.messages("alice")) == 4
        assert "there is no list" in door.log()


def test_loops_end_and_the_mail_is_kept():
    """RFC 5228 10: two users who send everything to each other, and two who answer."""
    scripts = {
        "alice": 'redirect "bob@example.org";',
        "bob": 'redirect "alice@example.org";',
        "carol": 'require "vacation"; vacation "away";',
        "dave": 'require "vacation"; vacation "away too";',
    }
    with post(scripts) as (door, front, world):
        front.send(write("alice@example.org"), ["alice@example.org"])
        wait_for(lambda: len(door.messages("alice")) + len(door.messages("bob")) > 0, 30, "the end")
        all_is_sent(door)
        wait_for(world.is_drained, 30, "an empty queue")
        assert len(door.messages("alice")) + len(door.messages("bob")) == 1
        front.send(write("carol@example.org", sender="dave@example.org"), ["carol@example.org"],
                   sender="dave@example.org")
        wait_for(lambda: len(door.messages("dave")) == 1, 30, "one answer")
        all_is_sent(door)
        time.sleep(1)
        assert len(door.messages("carol")) == 1 and len(door.messages("dave")) == 1


def test_mail_waits_for_a_relay_host_that_is_down():
    with post({"alice": 'redirect "away@example.net";'},
              {"relay_host": "127.0.0.1:9", "outbox_retry_min": "1h", "outbox_retry_max": "1h"}
              ) as (door, front, world):
        for i in range(5):
            assert door.send(write("alice@example.org", ident="w%d" % i))[0].startswith("250")
        # Nobody else is hindered.
        assert door.send(write("bob@example.org"), to=["bob"])[0].startswith("250")
        wait_for(lambda: len(waiting(door)) == 5, 10, "five rows")
        door.stop()
        door.settings["relay_host"] = "127.0.0.1:%d" % world.port
        door.write_conf()
        door.start()
        assert len(waiting(door)) == 5
        door.command("outbox", "flush")
        world.wait_for_mail("away", 5)
        all_is_sent(door)
        assert len(world.mail("away")) == 5
