# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Settings that no other test turns do what doorstep.conf(5) says."""

import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from doorstep import Doorstep, is_built, wait_for  # noqa: E402

pytestmark = pytest.mark.skipif(not is_built(), reason="DOORSTEP_BUILD has no doorstepd")


def greeted(door):
    c = door.client()
    c.say("LHLO client.example.net")
    return c


def subscriptions(door, user):
    try:
        with open(os.path.join(door.maildir(user), "subscriptions")) as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def test_line_length_limit():
    with Doorstep(settings={"line_length_limit": 600}) as door:
        with greeted(door) as c:
            assert c.say("NOOP " + "x" * (598 - 5)).startswith("250 2.0.0")
            assert c.say("NOOP " + "x" * (599 - 5)).startswith("500 5.5.2")
            assert c.say("NOOP").startswith("250 2.0.0")


def test_message_memory_limit_is_for_all_sessions_of_a_process():
    settings = {"message_size_limit": "64K", "message_memory_limit": "100K"}
    with Doorstep(settings=settings) as door:
        with greeted(door) as one, greeted(door) as other:
            one.say("MAIL FROM:<s@example.net>")
            one.say("RCPT TO:<alice@example.org>")
            assert one.say("DATA").startswith("354")
            one.write(("x" * 70 + "\r\n") * 800)
            wait_for(lambda: other.say("MAIL FROM:<s@example.net> SIZE=60000").startswith("452 4.3.1")
                     or other.say("RSET") == "", 10, "a refusal")
            one.write(".\r\n")
            assert one.reply().startswith("250 2.0.0")
            assert other.say("MAIL FROM:<s@example.net> SIZE=60000").startswith("250")
        assert len(door.messages("alice")) == 1


def test_user_concurrency_limit_is_451_until_the_others_are_done():
    with Doorstep(settings={"user_concurrency_limit": 1, "filter_processes": 1}) as door:
        (pid,) = door.pids("filter")
        with greeted(door) as one, greeted(door) as other:
            one.say("MAIL FROM:<s@example.net>")
            one.say("RCPT TO:<alice@example.org>")
            other.say("MAIL FROM:<s@example.net>")
            assert one.say("DATA").startswith("354")
            os.kill(pid, signal.SIGSTOP)
            try:
                one.write("Subject: x\r\n\r\n.\r\n")
                wait_for(lambda: other.say("RCPT TO:<alice@example.org>").startswith("451 4.3.2"),
                         5, "the limit")
                assert other.say("RCPT TO:<bob@example.org>").startswith("250")
            finally:
                os.kill(pid, signal.SIGCONT)
            assert one.reply().startswith("250 2.0.0")
            assert other.say("RCPT TO:<alice@example.org>").startswith("250")


def test_quota_messages():
    with Doorstep(settings={"quota_messages": 1}) as door:
        assert [r[:9] for r in door.send(b"x\n", to=["alice"])] == ["250 2.0.0"]
        assert [r[:9] for r in door.send(b"x\n", to=["alice"])] == ["552 5.2.2"]


def test_recipient_delimiter():
    script = 'require ["envelope", "subaddress", "fileinto"];\n' \
        'if envelope :detail "to" "lists" { fileinto "Lists"; }\n'
    with Doorstep(scripts={"alice": script}, settings={"recipient_delimiter": "-_"}) as door:
        replies = door.send(b"x\n", to=["alice-lists", "alice_other", "alice+lists"])
        assert sorted(r[:9] for r in replies) == ["250 2.0.0", "250 2.0.0", "550 5.1.1"]
        assert len(door.messages("alice", "Lists")) == 1
        assert len(door.messages("alice")) == 1


def test_mailbox_autocreate_and_autosubscribe():
    script = 'require "fileinto"; fileinto "New";\n'
    for settings, made, subscribed in (({}, 1, True), ({"mailbox_autosubscribe": False}, 1, False),
                                       ({"mailbox_autocreate": False}, 0, False)):
        with Doorstep(scripts={"alice": script}, settings=settings) as door:
            door.send(b"x\n", to=["alice"])
            assert len(door.messages("alice", "New")) == made
            assert len(door.messages("alice")) == 1 - made
            assert ("New" in subscriptions(door, "alice")) == subscribed


def test_scripts_before_and_after_run_while_the_message_would_be_kept():
    def script(word, folder):
        return 'require "fileinto"; if header :contains "subject" "%s" { fileinto "%s"; }\n' % (
            word, folder)

    door = Doorstep(scripts={"alice": script("own", "Own")})
    for name in ("before", "after"):
        door.settings["sieve_" + name] = [door._write(name + ".sieve", script(name, name))]
    door.write_conf()
    with door:
        for subject in ("before own after", "own after", "after", "none"):
            door.send(b"Subject: %s\n\n" % subject.encode(), to=["alice"])
        for folder in ("before", "Own", "after", ""):
            assert len(door.messages("alice", folder)) == 1, folder


def test_sieve_script_and_its_largest_size():
    text = 'require "fileinto"; fileinto "Mine";\n'
    settings = {"sieve_script": "~/rules/%n.sieve", "sieve_max_script_size": 200}
    with Doorstep(settings=settings) as door:
        path = os.path.join(door.home("alice"), "rules", "alice.sieve")
        for script, folder in ((text, "Mine"), (text + "#" * 200, "")):
            door._write(path, script)
            door._own()
            door.send(b"x\n", to=["alice"])
            assert len(door.messages("alice", folder)) == 1
        with open(path + ".log") as file:
            assert "sieve_max_script_size" in file.read()


def test_unacknowledged_retention_is_how_long_a_retry_is_known():
    settings = {"unacknowledged_retention": "2s"}
    message = "Subject: once\r\n\r\n.\r\n"
    with Doorstep(settings=settings) as door:
        for expected, pause in ((1, 0), (1, 3), (2, 0)):
            with greeted(door) as c:
                c.say("MAIL FROM:<s@example.net>")
                c.say("RCPT TO:<alice@example.org>")
                c.say("DATA")
                c.write(message)
                wait_for(lambda: len(door.messages("alice")) == expected, 10, "the message")
            if pause > 0:
                signal.sigtimedwait([], pause)


def test_filter_renew_replaces_filters_without_losing_a_message():
    with Doorstep(settings={"filter_renew": 5, "filter_processes": 1}) as door:
        before = door.pids("filter")
        for i in range(30):
            assert door.send(b"Subject: %d\n\nx\n" % i)[0].startswith("250")
        wait_for(lambda: door.pids("filter") not in ([], before), 10, "another filter")
        assert len(door.messages("alice")) == 30
        assert "no script was run" not in door.log()


def test_one_sync_thread_is_enough():
    with Doorstep(settings={"sync_threads": 1, "checkpoint_interval": "1s"}) as door:
        for i in range(20):
            assert door.send(b"Subject: %d\n\nx\n" % i)[0].startswith("250")
        door.command("index", "verify", "alice@example.org")
        assert door.stop() == 0
