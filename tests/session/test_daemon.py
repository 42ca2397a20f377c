# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""What a transcript cannot say: several clients, signals, dead processes."""

import os
import resource
import signal
import socket
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import doorstep  # noqa: E402

pytestmark = pytest.mark.skipif(not doorstep.is_built(), reason="DOORSTEP_BUILD has no doorstepd")

IDLE = 1000
IDLE_COST = 10 * 1024  # bytes of session for each idle connection


@pytest.fixture
def door():
    with doorstep.Doorstep() as d:
        yield d


def begin(door, to=("alice",), **more):
    c = door.client(**more)
    c.say("LHLO client.example.net")
    assert c.say("MAIL FROM:<s@example.net>").startswith("250")
    for user in to:
        assert c.say("RCPT TO:<%s>" % door.address(user)).startswith("250")
    return c


def private_memory(pid):
    with open("/proc/%d/smaps_rollup" % pid) as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private")) * 1024


@pytest.mark.skipif(doorstep.is_sanitized(), reason="the sanitizer's own memory")
def test_idle_connections_are_cheap():
    with doorstep.Doorstep() as door:
        (pid,) = door.pids("session")
        first = [door.client() for _ in range(20)]
        before = private_memory(pid)
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        clients = [door.client() for _ in range(IDLE)]
        for c in clients:
            c.say("LHLO c.example.net")
        assert (private_memory(pid) - before) / IDLE < IDLE_COST
        for c in first + clients:
            c.close()


def test_connection_limit_is_told():
    with doorstep.Doorstep(settings={"connection_limit": 10}) as door:
        clients = [door.client() for _ in range(10)]
        with door.client() as refused:
            assert refused.greeting.startswith("421 4.7.0")
            assert refused.ends()
        clients.pop().close()
        doorstep.wait_for(lambda: door.client().greeting.startswith("220"), 5, "a free place")
        for c in clients:
            c.close()


def test_term_finishes_the_transaction(door):
    idle = door.client()
    busy = begin(door)
    assert busy.say("DATA").startswith("354")
    door.process.send_signal(signal.SIGTERM)
    assert idle.reply().startswith("421 4.3.2")
    time.sleep(0.2)
    busy.write("Subject: last\r\n\r\nx\r\n.\r\n")
    assert busy.reply().startswith("250 2.0.0")
    assert busy.reply().startswith("421 4.3.2")
    busy.close()
    assert door.stop() == 0
    assert len(door.messages("alice")) == 1


def test_reload_keeps_sessions_and_changes_new_ones(door):
    old = begin(door)
    door.settings["hostname"] = "other.example.org"
    door.write_conf()
    door.reload()

    def is_new():
        try:
            with door.client() as c:
                return c.greeting.startswith("220 other.example.org")
        except OSError:
            return False

    doorstep.wait_for(is_new, 10, "the new settings")
    assert old.say("DATA").startswith("354")
    old.write("Subject: old\r\n\r\n.\r\n")
    assert old.reply().startswith("250 2.0.0")
    old.close()


def test_dead_deliver_is_451_and_comes_back(door):
    assert door.send(b"Subject: one\n\n")[0].startswith("250")
    c = begin(door)
    assert c.say("DATA").startswith("354")
    (pid,) = door.pids("deliver")
    os.kill(pid, signal.SIGSTOP)
    c.write("Subject: two\r\n\r\n.\r\n")
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    assert c.reply().startswith("451 4.3.0")
    c.close()
    doorstep.wait_for(lambda: door.send(b"Subject: three\n\n")[0].startswith("250"), 20, "delivery")


def test_dead_directory_is_451_and_comes_back(door):
    c = begin(door)
    (pid,) = door.pids("directory")
    os.kill(pid, signal.SIGSTOP)
    c.write("RCPT TO:<bob@example.org>\r\n")
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    assert c.reply().startswith("451 4.3.0")
    c.close()
    doorstep.wait_for(lambda: door.send(b"Subject: x\n\n")[0].startswith("250"), 20, "lookup")


def test_what_dies_at_once_is_started_ever_later_and_counted(door):
    pauses = []
    (pid,) = door.pids("relay")
    for _ in range(4):
        os.kill(pid, signal.SIGKILL)
        begun = time.monotonic()
        pid = doorstep.wait_for(lambda old=pid: [p for p in door.pids("relay") if p != old], 20,
                                "another relay")[0]
        pauses.append(time.monotonic() - begun)
    assert pauses[0] < 1
    for before, after in zip(pauses, pauses[1:]):
        assert after > 1.5 * before
    (line,) = [l for l in door.command("status").stdout.decode().splitlines()
               if l.startswith("relay")]
    assert int(line.split()[4]) >= 4


def test_dead_session_takes_nobody_along(door):
    c = begin(door)
    (pid,) = door.pids("session")
    os.kill(pid, signal.SIGKILL)
    assert c.ends()

    def can_send():
        try:
            return door.send(b"Subject: x\n\n")[0].startswith("250")
        except OSError:
            return False

    doorstep.wait_for(can_send, 20, "a new session process")


def test_large_message_is_whole(door):
    line = b"0123456789" * 7 + b"\n"
    message = b"Subject: large\n\n" + line * 200000
    assert door.send(message)[0].startswith("250")
    (stored,) = door.messages("alice")
    assert stored.endswith(message)


def test_slow_writer_byte_by_byte(door):
    c = begin(door, tcp=True)
    c.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"DATA\r\nSubject: slow\r\n\r\n..\r\n.\r\nQUIT\r\n":
        c.write(bytes([byte]))
        time.sleep(0.002)
    assert c.reply().startswith("354")
    assert c.reply().startswith("250 2.0.0")
    assert c.reply().startswith("221")
    (stored,) = door.messages("alice")
    assert stored.endswith(b"Subject: slow\n\n.\n")


def test_retry_after_a_lost_reply_is_not_doubled(door):
    """DESIGN 4: the client breaks off before it reads the reply, and tries again."""
    message = "Subject: once\r\nMessage-ID: <once@example.net>\r\n\r\nx\r\n.\r\n"
    c = begin(door)
    assert c.say("DATA").startswith("354")
    c.write(message)
    doorstep.wait_for(lambda: len(door.messages("alice")) == 1, 10, "the message")
    c.close()
    for expected in (1, 2):
        c = begin(door)
        assert c.say("DATA").startswith("354")
        c.write(message)
        assert c.reply().startswith("250 2.0.0")
        assert c.say("QUIT").startswith("221")
        c.close()
        assert len(door.messages("alice")) == expected
