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
