# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Processes that hang, die or are told nonsense while mail comes in: whoever
waits gets 4xx or their mail, nothing that was acknowledged is lost, and the
daemon serves again by itself."""

import os
import resource
import signal
import threading
import time

import pytest

from checks import count, deliver, index_agrees, message, no_leftovers, serves_again, tag
from doorstep import Doorstep, wait_for

SCRIPT = 'require "fileinto";\nif header :contains "subject" "tag" { fileinto "Tagged"; }\n'


@pytest.fixture
def door():
    with Doorstep() as d:
        yield d


def begin(door, to=("alice",)):
    c = door.client()
    c.say("LHLO client.example.net")
    assert c.say("MAIL FROM:<s@example.net>").startswith("250")
    for user in to:
        assert c.say("RCPT TO:<%s>" % door.address(user)).startswith("250")
    assert c.say("DATA").startswith("354")
    return c


def data(text, body="b\r\n"):
    return "Subject: %s\r\n\r\n%s.\r\n" % (text, body)


# ---- filters ----

def test_a_stopped_filter_costs_an_implicit_keep():
    with Doorstep(scripts={"alice": SCRIPT}, settings={"sieve_timeout": "1s"}) as door:
        deliver(door, "alice", "Tagged")
        pids = door.pids("filter")
        assert len(pids) == 2
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        text = tag()
        begun = time.monotonic()
        assert door.send(message(text), to=["alice", "bob"])[0].startswith("250 2.0.0")
        assert 0.9 < time.monotonic() - begun < 6
        assert count(door, "alice", text) == 1
        assert count(door, "alice", text, "Tagged") == 0
        assert count(door, "bob", text) == 1
        # The other one is still stopped: it is found out in its turn.
        wait_for(lambda: door.send(message(tag()), to=["alice"]) and
                 not set(pids) & set(door.pids("filter")), 20, "both to be replaced")
        wait_for(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in pids), 10,
                 "the stopped ones to be gone")
        deliver(door, "alice", "Tagged")
        index_agrees(door)


def test_filters_that_die_again_and_again_lose_nothing():
    with Doorstep(scripts={"alice": SCRIPT}) as door:
        sent, stop = [], threading.Event()

        def kill():
            while not stop.is_set():
                for pid in door.pids("filter"):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                time.sleep(0.02)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            end = time.monotonic() + 4
            while time.monotonic() < end:
                text = tag()
                reply, = door.send(message(text), to=["alice"])
                assert reply[:3] in ("250", "451"), reply
                sent.append((text, reply.startswith("250")))
        finally:
            stop.set()
            killer.join()
        assert any(good for _, good in sent)
        for text, good in sent:
            assert count(door, "alice", text) + count(door, "alice", text, "Tagged") == good
        wait_for(lambda: deliver_anywhere(door) == "Tagged", 20, "scripts to be run again")
        index_agrees(door)


def deliver_anywhere(door):
    text = tag()
    if not door.send(message(text), to=["alice"])[0].startswith("250"):
        return None
    return "Tagged" if count(door, "alice", text, "Tagged") == 1 else "INBOX"


# ---- deliver ----

def test_a_deliver_killed_with_jobs_in_hand_is_451_to_each(door):
    deliver(door)
    (pid,) = door.pids("deliver")
    texts = [tag() for _ in range(5)]
    clients = [begin(door, ["alice", "bob"]) for _ in texts]
    os.kill(pid, signal.SIGSTOP)
    for c, text in zip(clients, texts):
        c.write(data(text))
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    for c in clients:
        assert [c.reply()[:9] for _ in range(2)] == ["451 4.3.0"] * 2
        c.close()
    serves_again(door)
    for text in texts:
        assert [r[:3] for r in door.send(message(text), to=["alice", "bob"])] == ["250", "250"]
        assert count(door, "alice", text) == 1
        assert count(door, "bob", text) == 1
    index_agrees(door)


def test_a_deliver_that_hangs_does_not_hold_up_lookups(door):
    (pid,) = door.pids("deliver")
    os.kill(pid, signal.SIGSTOP)
    try:
        with door.client() as c:
            c.say("LHLO c.example.net")
            c.say("MAIL FROM:<s@example.net>")
            assert c.say("RCPT TO:<nobody@example.org>").startswith("550 5.1.1")
            assert c.say("NOOP").startswith("250")
    finally:
        os.kill(pid, signal.SIGCONT)
    deliver(door)


# ---- directory and its files ----

def test_a_directory_that_is_down_is_451_not_550(door):
    deliver(door)
    (pid,) = door.pids("directory")
    os.kill(pid, signal.SIGSTOP)
    with door.client() as c:
        c.say("LHLO c.example.net")
        c.say("MAIL FROM:<s@example.net>")
        c.write("RCPT TO:<alice@example.org>\r\nRCPT TO:<nobody@example.org>\r\n")
        time.sleep(0.2)
        os.kill(pid, signal.SIGKILL)
        assert c.reply().startswith("451 4.3.0")
        # Asked after its death: of none, or of the new one.
        assert c.reply()[:9] in ("451 4.3.0", "550 5.1.1")
    serves_again(door)


def break_remove(path):
    os.rename(path, path + ".away")
    return lambda: os.rename(path + ".away", path)


def break_mode(path):
    os.chmod(path, 0)
    return lambda: os.chmod(path, 0o644)


def break_directory(path):
    os.rename(path, path + ".away")
    os.mkdir(path)

    def repair():
        os.rmdir(path)
        os.rename(path + ".away", path)
    return repair


def break_fifo(path):
    os.rename(path, path + ".away")
    os.mkfifo(path)

    def repair():
        os.unlink(path)
        os.rename(path + ".away", path)
    return repair


@pytest.mark.parametrize("spoil", [break_remove, break_mode, break_directory, break_fifo])
@pytest.mark.parametrize("name", ["passwd", "aliases"])
def test_a_user_file_that_cannot_be_read_is_451_not_550(name, spoil):
    with Doorstep(aliases="friend: alice\n") as door:
        deliver(door)
        repair = spoil(door.at(name))
        try:
            with door.client() as c:
                c.say("LHLO c.example.net")
                c.say("MAIL FROM:<s@example.net>")
                # The reply does not depend on who it is for.
                for user in ("alice", "unheard-of", "friend"):
                    reply = c.say("RCPT TO:<%s>" % door.address(user))
                    assert reply.startswith("451 4.3.") or (
                        name == "aliases" and user == "alice" and reply.startswith("250")), reply
            assert door.at(name) in door.log()
        finally:
            repair()
        with door.client() as c:
            c.say("LHLO c.example.net")
            c.say("MAIL FROM:<s@example.net>")
            assert c.say("RCPT TO:<unheard-of@example.org>").startswith("550 5.1.1")
        deliver(door)
        assert door.send(message(tag()), to=["friend"])[0].startswith("250")


# ---- settings ----

BROKEN_SETTINGS = {
    "unknown key": "sesion_timeout = 5m\n",
    "bad value": "recipient_limit = many\n",
    "no such block": 'liestener "x" {\n}\n',
    "unclosed block": 'listener "x" {\n',
    "listener taken from another": 'listener "z" {\n\taddress = "unix:/nonexistent/dir/socket"\n}\n',
    "nothing at all": None,
}


@pytest.mark.parametrize("name", list(BROKEN_SETTINGS))
def test_a_broken_configuration_changes_nothing(door, name):
    before = {role: door.pids(role) for role in ("session", "directory", "deliver", "filter")}
    client = begin(door)
    with open(door.conf) as file:
        good = file.read()
    lines = good.count("\n")
    with open(door.conf, "w") as file:
        file.write("" if BROKEN_SETTINGS[name] is None else good + BROKEN_SETTINGS[name])
    said = len(door.log())
    door.reload()
    wait_for(lambda: "the old one stays" in door.log()[said:], 10, "the refusal")
    log = door.log()[said:]
    if name in ("unknown key", "bad value", "no such block"):
        assert "%s:%d:" % (door.conf, lines + 1) in log
    if name == "unknown key":
        assert "session_timeout" in log, "no suggestion"
    assert {role: door.pids(role) for role in before} == before
    text = tag()
    client.write(data(text))
    assert client.reply().startswith("250 2.0.0")
    client.close()
    deliver(door)
    checked = door.command("check", check=False)
    if name != "listener taken from another":
        assert checked.returncode != 0
    # The repaired one is taken.
    door.settings["hostname"] = "repaired.example.org"
    door.write_conf()
    door.reload()

    def is_new():
        with door.client() as c:
            return "repaired.example.org" in (c.greeting or "")

    wait_for(is_new, 10, "the new settings")
    deliver(door)


# ---- the end ----

@pytest.mark.parametrize("does_finish", [True, False], ids=["finishes", "hangs"])
def test_term_during_a_large_message(does_finish):
    with Doorstep(settings={"session_timeout": "2s"}) as door:
        c = begin(door, ["alice", "bob"])
        text = tag()
        half = ("x" * 78 + "\r\n") * 40000
        c.write("Subject: %s\r\n\r\n" % text + half)
        door.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        if does_finish:
            c.write(half + ".\r\n")
        replies = []
        while True:
            reply = c.reply()
            if reply is None:
                break
            replies.append(reply)
        c.close()
        assert door.stop() == 0
        good = sum(r.startswith("250 2.0.0") for r in replies)
        if does_finish:
            assert good == 2, replies
        else:
            assert good == 0
            assert replies[-1].startswith("421"), replies
        for user in ("alice", "bob"):
            got = [m for m in door.messages(user) if text.encode() in m]
            assert len(got) == good // 2
            assert all(m.endswith((half * 2).replace("\r\n", "\n").encode()) for m in got)
            if os.path.isdir(door.maildir(user)):
                no_leftovers(door, user)
        door.start()
        deliver(door)
        index_agrees(door)


def test_300_idle_connections_do_not_hold_up_a_good_client():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        with Doorstep() as door:
            idle = [door.client(tcp=i % 2 == 0) for i in range(300)]
            for i, c in enumerate(idle):
                # Silent, in mid-command, in a transaction, in data.
                if i % 4 == 1:
                    c.write("MAIL FR")
                elif i % 4 == 2:
                    c.say("LHLO idle.example.net")
                    c.say("MAIL FROM:<>")
                elif i % 4 == 3:
                    c.say("LHLO idle.example.net")
                    c.say("MAIL FROM:<>")
                    c.say("RCPT TO:<alice@example.org>")
                    c.say("DATA")
                    c.write("Subject: never finished\r\n")
            begun = time.monotonic()
            for _ in range(20):
                deliver(door)
            assert time.monotonic() - begun < 5
            for c in idle:
                c.close()
            deliver(door)
            assert count(door, "alice", "never finished") == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
