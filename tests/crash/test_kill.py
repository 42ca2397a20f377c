# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""kill -9 of every process at random, under load, with a client that retries:
every acknowledged message is there exactly once (DESIGN 4).

DOORSTEP_SOAK=SECONDS makes each run that long (tests/soak)."""

import os
import random
import signal
import time

import pytest

from doorstep import Doorstep
from sender import Sender, check_exactly_once, check_index

USERS = ["user%d" % i for i in range(8)]
SECONDS = float(os.environ.get("DOORSTEP_SOAK", "8"))
SETTINGS = {"journal_segment_size": "4M", "session_processes": 2, "checkpoint_interval": "1s",
            "log_level": "info"}


def address(user):
    return user + "@example.org"


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def run(door, victims, lose=0.0, seed=1, gap=(0.05, 0.7), large=0.02):
    rng = random.Random(seed)
    sender = Sender(door.client, [address(u) for u in USERS], count=int(250 * SECONDS),
                    lose=lose, seed=seed, large=large, pace=0.002).start()
    end, killed = time.monotonic() + SECONDS, 0
    while time.monotonic() < end and sender.todo:
        time.sleep(rng.uniform(*gap))
        role = rng.choice(victims)
        if role == "master":
            everyone = door.children(door.process.pid)
            killed += kill(door.process.pid)
            door.process.wait()
            # At times its children go with it, at times they finish alone.
            if rng.random() < 0.5:
                for pid in everyone:
                    kill(pid)
            door.start()
        else:
            for pid in door.pids(role)[:1]:
                killed += kill(pid)
    sender.finish(120)
    assert killed > 0 and sender.acknowledged
    print("%d messages, %d attempts, %d kills, %d lost on purpose" % (
        len(sender.acknowledged), sender.attempts, killed, sender.lost))
    return sender


@pytest.mark.parametrize("role", ["deliver", "session", "filter", "directory", "relay", "master"])
def test_one_role_is_killed_again_and_again(role):
    with Doorstep(users=USERS, settings=SETTINGS) as door:
        gap = (0.5, 1.5) if role == "master" else (0.05, 0.7)
        sender = run(door, [role], gap=gap)
        assert not sender.refused
        assert door.stop() == 0
        check_exactly_once(door, USERS, sender)
        door.start()
        check_index(door, USERS)


def test_everything_is_killed_and_replies_are_lost():
    with Doorstep(users=USERS, settings=SETTINGS) as door:
        sender = run(door, ["deliver", "session", "filter", "directory", "relay", "master"],
                     lose=0.1, seed=7)
        assert door.stop() == 0
        check_exactly_once(door, USERS, sender)
        door.start()
        check_index(door, USERS)


def test_replies_that_nobody_reads_double_nothing():
    with Doorstep(users=USERS, settings=SETTINGS) as door:
        sender = Sender(door.client, [address(u) for u in USERS], count=400, lose=0.5,
                        seed=3).start()
        sender.join(120)
        assert sender.lost > 50
        assert door.stop() == 0
        check_exactly_once(door, USERS, sender)


def test_durability_by_fsync_holds_too():
    settings = dict(SETTINGS, durability="fsync")
    with Doorstep(users=USERS, settings=settings) as door:
        sender = run(door, ["deliver", "session", "master"], lose=0.1, seed=11)
        assert door.stop() == 0
        check_exactly_once(door, USERS, sender)
