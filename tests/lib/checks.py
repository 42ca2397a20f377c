# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""What must hold after anything: a normal message is served, nothing that was
acknowledged is lost or doubled, and the index says what is on disk."""

import itertools
import os

from doorstep import wait_for

_numbers = itertools.count(1)


def tag():
    """Text that no other message has, nor a part of another's."""
    return "tag-%d-%d." % (os.getpid(), next(_numbers))


def message(text, body="body\n"):
    return ("From: s@example.net\nSubject: %s\n\n%s" % (text, body)).encode()


def count(door, user, text, folder=""):
    return sum(text.encode() in m for m in door.messages(user, folder))


def deliver(door, user="bob", folder=""):
    """One more message, acknowledged and there exactly once; its tag."""
    text = tag()
    replies = door.send(message(text), to=[user])
    assert len(replies) == 1 and replies[0].startswith("250"), replies
    wait_for(lambda: count(door, user, text, folder) == 1, 10, "%s in %s" % (text, folder or user))
    return text


def serves_again(door, user="bob", limit=30):
    """As deliver, but processes may still be coming back."""
    text = tag()

    def is_served():
        try:
            return door.send(message(text), to=[user])[0].startswith("250")
        except (OSError, AssertionError):
            return False

    wait_for(is_served, limit, "a normal message to be served")
    assert count(door, user, text) == 1


def index_agrees(door):
    """Index and counters are what is on disk."""
    door.command("index", "verify")


def no_leftovers(door, user, folder=""):
    """No half file in tmp/."""
    where = os.path.join(door.maildir(user, folder), "tmp")
    assert not os.path.isdir(where) or os.listdir(where) == []


def write_data(c, data):
    """DATA with bytes as they are (but for stuffed dots, which are the caller's)."""
    assert c.say("DATA").startswith("354")
    c.write(data)
    if not data.endswith(b"\r\n"):
        c.write(b"\r\n")
    c.write(b".\r\n")


def send_raw(door, data, to=("alice",), parameters=""):
    """Sends wire bytes; the replies to the end of data."""
    with door.client() as c:
        c.say("LHLO client.example.net")
        assert c.say("MAIL FROM:<s@example.net>" + parameters).startswith("250")
        for user in to:
            assert c.say("RCPT TO:<%s>" % door.address(user)).startswith("250")
        write_data(c, data)
        replies = [c.reply() for _ in to]
        c.say("QUIT")
    return replies
