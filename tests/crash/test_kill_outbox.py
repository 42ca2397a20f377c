# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""kill -9 while scripts redirect: every message that was acknowledged is
redirected, and exactly once but for the window that RFC 1047 describes.

DOORSTEP_SOAK=SECONDS makes the run that long (tests/soak)."""

import json
import os
import random
import time

from doorstep import Doorstep, wait_for
from sender import MESSAGE_ID, Sender, count_copies
from sink import Sink
from test_kill import address, kill

USERS = ["user%d" % i for i in range(6)]
SECONDS = float(os.environ.get("DOORSTEP_SOAK", "5"))
SETTINGS = {"journal_segment_size": "4M", "session_processes": 2, "log_level": "info",
            "outbox_retry_min": "500ms", "outbox_retry_max": "1s", "relay_rest": "200ms"}
# From the remote's 250 to the record on our disk: a kill within it may double.
WINDOW = 1.0


def far(user):
    return "%s@far.example" % user


def script(i):
    """Half of them keep a copy."""
    return 'require "copy";\nredirect %s"%s";\n' % (":copy " if i % 2 else "", far(USERS[i]))


def is_drained(door):
    door.command("outbox", "flush", check=False)
    listed = door.command("outbox", "list", "--json", check=False)
    return listed.returncode == 0 and json.loads(listed.stdout) == []


def run(door, victims, seed):
    """Kills until the time is over; when each kill was."""
    rng = random.Random(seed)
    sender = Sender(door.client, [address(u) for u in USERS], count=int(120 * SECONDS), seed=seed,
                    large=0.01, lose=0.02, pace=0.004).start()
    end, kills = time.monotonic() + SECONDS, []
    while time.monotonic() < end and sender.todo:
        time.sleep(rng.uniform(0.1, 0.8))
        role = rng.choice(victims)
        kills.append(time.monotonic())
        if role == "master":
            everyone = door.children(door.process.pid)
            kill(door.process.pid)
            door.process.wait()
            for pid in everyone:
                kill(pid)
            door.start()
        else:
            for pid in door.pids(role)[:1]:
                kill(pid)
    sender.finish(120)
    return sender, kills


def arrivals(mails):
    """(user, id) -> times at which the remote got it."""
    found = {}
    for mail in mails:
        number = int(MESSAGE_ID.search(mail.data).group(1))
        for recipient in mail.recipients:
            found.setdefault((recipient.split("@")[0], number), []).append(mail.time)
    return found


def test_redirects_arrive_once_whoever_is_killed():
    scripts = {user: script(i) for i, user in enumerate(USERS)}
    # Of some, the remote dies after it has taken them.
    with Sink(lose=0.004) as sink, \
            Doorstep(users=USERS, scripts=scripts,
                     settings=dict(SETTINGS, relay_host=sink.host)) as door:
        sender, kills = run(door, ["deliver", "relay", "relay", "session", "master"], seed=4)
        wait_for(lambda: is_drained(door), limit=60, what="the outbox to be empty")
        assert door.stop() == 0
        assert kills and len(sender.acknowledged) > 20 * SECONDS and not sender.refused
        got, copies = arrivals(sink.mails), count_copies(door, USERS)
        lost = [(user, n) for n, rcpts in sender.acknowledged.items()
                for user in (r.split("@")[0] for r in rcpts) if (user, n) not in got]
        assert not lost, "%d of %d redirects lost: %s" % (len(lost), len(got), lost[:5])
        # What is kept is kept once too, and by those alone who keep.
        kept = {(user, n) for user, n in got if USERS.index(user) % 2}
        assert copies == dict.fromkeys(kept, 1)
        doubled = {key: times for key, times in got.items() if len(times) > 1}
        dropped = arrivals(sink.dropped)
        print("%d redirects, %d kills, %d without a reply; %d sent twice" % (
            len(got), len(kills), len(dropped), len(doubled)))
        # Each one a kill or a lost reply between the remote's word and our record.
        outside = [key for key, times in doubled.items() if key not in dropped and
                   not any(0 <= at - times[0] + 0.1 <= WINDOW for at in kills)]
        assert not outside, "sent twice without a kill: %s" % outside[:5]
        for mail in sink.mails[:200]:
            number = int(MESSAGE_ID.search(mail.data).group(1))
            assert mail.data.endswith(sender.message(number)), "message %d is torn" % number
