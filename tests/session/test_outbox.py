# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""What waits to be sent: who is woken for it, and `doorstep outbox`."""

import json
import os
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from doorstep import Doorstep, is_built, wait_for  # noqa: E402
from sink import Sink  # noqa: E402

pytestmark = pytest.mark.skipif(not is_built(), reason="DOORSTEP_BUILD has no doorstepd")


def mark(door, owner, seconds):
    """The sign that a store has mail which is due in so many seconds."""
    path = door.at("state", owner, "outbox")
    os.makedirs(path)
    at = time.time() + seconds
    os.utime(path, (at, at))
    return path


def test_whoever_has_mail_that_is_due_is_woken_and_nobody_else():
    door = Doorstep()
    door.start()
    door.stop()
    past, future = mark(door, "uid.5", -10), mark(door, "uid.6", 3600)
    # What a user could put there: nothing is followed.
    os.makedirs(door.at("state", "uid.7"))
    os.symlink(past, door.at("state", "uid.7", "outbox"))
    os.makedirs(door.at("state", "uid.8"))
    mark(door, "not-an-owner", -10)
    with door:
        wait_for(lambda: "deliver of uid.5 starts" in door.log(), what="the deliver of uid.5")
        wait_for(lambda: os.path.exists(door.at("state", "uid.5", "journal")), what="its store")
        door.stop()
        for other in ("uid.6", "uid.7", "uid.8", "not-an-owner"):
            assert "deliver of %s starts" % other not in door.log()
        # Nothing waited after all: the sign is gone, so that nobody looks again.
        assert not os.path.exists(past)
        assert os.path.exists(future)


def test_an_empty_outbox():
    with Doorstep() as door:
        assert door.command("outbox", "list").stdout == b"nothing waits to be sent\n"
        assert json.loads(door.command("outbox", "list", "--json").stdout) == []
        assert door.command("outbox", "list", "alice").stdout == b"nothing waits to be sent\n"
        assert door.command("outbox", "flush").stdout == b"nothing waits to be sent\n"
        assert json.loads(door.command("status", "--json").stdout)["outbox"] == []
        for verb in ("show", "flush", "delete"):
            for name in ("4711", "virtual/4711", "uid.5/1"):
                got = door.command("outbox", verb, name, check=False)
                assert (got.returncode, got.stderr.split()[:3]) == (1, [b"doorstep:", b"there", b"is"])
        assert "deliver of uid.5" not in door.log()
        for words in ([], ["list", "a", "b"], ["show"], ["delete"], ["send"], ["show", "--json", "1"]):
            assert door.command("outbox", *words, check=False).returncode == 64


# ---- with a remote ----

FAR = "far@far.example"
SETTINGS = {"outbox_retry_min": "1h", "outbox_retry_max": "2h", "relay_rest": "100ms"}


def door_to(sink, copy="", **settings):
    script = 'require "copy";\nredirect %s"%s";\n' % (copy, FAR)
    return Doorstep(users=("alice", "bob"), scripts={"alice": script},
                    settings=dict(SETTINGS, relay_host=sink.host, **settings))


def listed(door, *words):
    return json.loads(door.command("outbox", "list", "--json", *words).stdout)


def message(name, lines=1):
    return b"Subject: %s\r\nMessage-ID: <%s@x>\r\n\r\n" % (name, name) + b"a line of it\r\n" * lines


def is_empty(door):
    return listed(door) == []


def test_what_is_redirected_is_sent_once_and_gone():
    with Sink() as sink, door_to(sink) as door:
        door.send(message(b"small"), to=["alice@example.org"])
        door.send(message(b"large", 200000), to=["alice@example.org"])
        wait_for(lambda: len(sink.to(FAR)) == 2, what="both")
        for mail in sink.to(FAR):
            assert mail.sender == "sender@example.net"
            assert mail.data.endswith((message(b"small"), message(b"large", 200000)))
        wait_for(lambda: is_empty(door), what="the rows to go")
        assert door.messages("alice") == []
        assert os.listdir(door.at("state", "virtual", "outbox")) == []
        line = [line for line in door.log().splitlines() if " outgoing id=" in line][0]
        for part in ("cause=redirect", "user=alice@example.org", "to=" + FAR, "dsn=2.0.0",
                     "result=sent", "attempts=1"):
            assert part in line
        assert door.stop() == 0
        assert not os.path.exists(door.at("state", "virtual", "outbox"))


def test_what_is_put_off_waits_and_the_operator_decides():
    with Sink({FAR: "451 4.3.2 later"}) as sink, door_to(sink) as door:
        for name in (b"one", b"two", b"three"):
            door.send(message(name), to=["alice@example.org"])
        wait_for(lambda: [row["attempts"] for row in listed(door)] == [1, 1, 1], what="attempts")
        rows = listed(door, "alice")
        assert {row["status"] for row in rows} == {"4.3.2"}
        assert rows[0]["reply"].startswith("451 4.3.2 later")
        assert all(row["next"] - row["created"] > 40 * 60 * 10**6 for row in rows)
        assert listed(door, "bob") == []
        assert json.loads(door.command("status", "--json").stdout)["outbox"] == [
            {"owner": "virtual", "waiting": 3}]
        shown = door.command("outbox", "show", rows[0]["id"]).stdout
        assert b"\nreply      451 4.3.2 later" in shown and shown.endswith(b"a line of it\n")
        assert b"far@far.example" in door.command("outbox", "list").stdout
        # Deleted: nobody hears of it.
        door.command("outbox", "delete", rows[0]["id"])
        assert [row["id"] for row in listed(door)] == [row["id"] for row in rows[1:]]
        assert door.command("outbox", "delete", rows[0]["id"], check=False).returncode == 1
        # Attempts outlast the process.
        assert door.stop() == 0
        door.start()
        assert [row["attempts"] for row in listed(door)] == [1, 1]
        sink.replies.clear()
        assert door.command("outbox", "flush", "bob").stdout.startswith(b"0 ")
        door.command("outbox", "flush", rows[1]["id"])
        wait_for(lambda: len(sink.to(FAR)) == 1, what="the one")
        assert b"Subject: two" in sink.to(FAR)[0].data
        door.command("outbox", "flush", "alice")
        wait_for(lambda: len(sink.to(FAR)) == 2, what="the other")
        wait_for(lambda: is_empty(door), what="the rows to go")
        assert sink.to("sender@example.net") == []
        # Three refusals for one reason are one line.
        waits = [line for line in door.log().splitlines() if "outgoing mail waits" in line]
        assert len(waits) == 1


def test_what_is_refused_or_expires_comes_back():
    with Sink({FAR: "550 5.1.1 unknown"}) as sink, \
            door_to(sink, outbox_lifetime="2s", outbox_retry_min="500ms") as door:
        door.send(message(b"refused"), to=["alice@example.org"])
        wait_for(lambda: len(sink.to("sender@example.net")) == 1, what="the report")
        report = sink.to("sender@example.net")[0]
        assert report.sender == ""
        for part in (b"\r\nAction: failed\r\n", b"\r\nStatus: 5.1.1\r\n",
                     b"\r\nFinal-Recipient: rfc822; far@far.example\r\n", b"\r\nSubject: refused\r\n"):
            assert part in report.data
        sink.replies[FAR] = "451 4.3.2 later"
        door.send(message(b"expired"), to=["alice@example.org"])
        wait_for(lambda: len(sink.to("sender@example.net")) == 2, what="the second report")
        assert b"\r\nStatus: 4.3.2\r\n" in sink.to("sender@example.net")[1].data
        # From nobody, nobody is told.
        sink.replies[FAR] = "550 5.1.1 unknown"
        door.send(message(b"bounce"), to=["alice@example.org"], sender="")
        wait_for(lambda: door.log().count("result=refused") == 2, what="the refusal")
        wait_for(lambda: is_empty(door), what="the rows to go")
        assert len(sink.to("sender@example.net")) == 2 and sink.to(FAR) == []


def test_without_the_remote_mail_waits_and_inboxes_do_not():
    with Sink() as sink:
        port = sink.port
    with door_to(sink, ":copy ") as door:
        for number in range(5):
            door.send(message(b"n%d" % number), to=["alice@example.org"])
        assert len(door.messages("alice")) == 5
        wait_for(lambda: "outgoing mail waits" in door.log(), what="a line in the log")
        assert len(listed(door)) == 5
        assert door.stop() == 0
        with Sink(port=port) as again:
            door.start()
            wait_for(lambda: door.command("outbox", "flush") and len(again.to(FAR)) == 5,
                     what="all of it")
        assert len(door.messages("alice")) == 5


def test_a_copy_that_cannot_be_made_sends_nothing():
    with Sink() as sink, door_to(sink, ":copy ") as door:
        door.send(message(b"first"), to=["alice@example.org"])
        wait_for(lambda: len(sink.to(FAR)) == 1, what="the first")
        new = os.path.join(door.maildir("alice"), "new")
        os.rename(new, new + ".away")
        # A file where the folder was: nothing can be made in it.
        open(new, "w").close()
        with door.client() as c:
            c.say("LHLO test")
            c.say("MAIL FROM:<sender@example.net>")
            c.say("RCPT TO:<alice@example.org>")
            c.say("DATA")
            c.write(message(b"second") + b".\r\n")
            assert c.reply().startswith("451")
        assert is_empty(door)
        os.unlink(new)
        os.rename(new + ".away", new)
        door.send(message(b"third"), to=["alice@example.org"])
        wait_for(lambda: len(sink.to(FAR)) == 2, what="the third")
        assert [b"third" in mail.data for mail in sink.to(FAR)] == [False, True]
