# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""A client that behaves like an MTA's queue: it sends a message until it has
read a final reply, with the same bytes each time, and remembers what it was
told."""

import random
import re
import socket
import threading
import time

MESSAGE_ID = re.compile(rb"^X-Test-Id: (\d+)\r?$", re.MULTILINE)


class Sender:
    """Sends count messages over some connections, each to one or several of
    the users, until all have an answer.  lose: how often (0 to 1) a connection
    is dropped on purpose after the message and before its reply is read."""

    def __init__(self, connect, recipients, count, threads=8, lose=0.0, size=2000, seed=1,
                 large=0.0, pace=0.0):
        self.connect = connect
        self.recipients = recipients
        self.size = size
        self.large = large
        self.pace = pace
        self.lose = lose
        self.rng = random.Random(seed)
        self.lock = threading.Lock()
        self.todo = [(i, self._choose()) for i in range(count)]
        self.todo.reverse()
        self.acknowledged = {}  # id -> set of recipients that got a 250
        self.refused = {}       # id -> reply, for a 5xx
        self.begun = set()
        self.attempts = 0
        self.lost = 0
        self.is_stopped = False
        self.threads = [threading.Thread(target=self._run, args=(seed * 1000 + n,), daemon=True)
                        for n in range(threads)]

    def _choose(self):
        return self.rng.sample(self.recipients, self.rng.choice([1, 1, 1, min(3, len(self.recipients))]))

    def message(self, number):
        rng = random.Random(number)
        size = 1500000 if rng.random() < self.large else self.size
        body = b"".join(b"%06d line of message %d\r\n" % (i, number) for i in range(size // 30))
        return (b"From: sender@example.net\r\nX-Test-Id: %d\r\nMessage-ID: <%d@example.net>\r\n\r\n"
                % (number, number)) + body

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def join(self, limit):
        end = time.monotonic() + limit
        for thread in self.threads:
            thread.join(max(0.1, end - time.monotonic()))
        self.is_stopped = True
        assert not any(t.is_alive() for t in self.threads), \
            "%d messages without an answer after %d s" % (len(self.todo), limit)

    def finish(self, limit):
        """No new messages: those that were begun are sent until answered."""
        with self.lock:
            self.todo = [item for item in self.todo if item[0] in self.begun]
        self.join(limit)

    def stop(self):
        self.is_stopped = True
        for thread in self.threads:
            thread.join(60)

    def _take(self):
        with self.lock:
            return self.todo.pop() if self.todo else None

    def _put_back(self, item):
        with self.lock:
            self.todo.insert(0, item)

    def _run(self, seed):
        rng = random.Random(seed)
        connection = None
        while not self.is_stopped:
            item = self._take()
            if item is None:
                break
            if self.pace:
                time.sleep(self.pace)
            try:
                if connection is None:
                    connection = self.connect()
                    connection.say("LHLO sender.example.net")
                left = self._send(connection, item, rng)
            except (OSError, AssertionError, ValueError):
                left = item[1]
                connection = self._drop(connection)
                time.sleep(0.05)
            if left:
                self._put_back((item[0], left))
                if connection is None:
                    time.sleep(0.02)
        self._drop(connection)

    @staticmethod
    def _drop(connection):
        if connection is not None:
            connection.close()
        return None

    def _send(self, c, item, rng):
        """One attempt; the recipients that must be tried again."""
        number, recipients = item
        with self.lock:
            self.attempts += 1
            self.begun.add(number)
        reply = c.say("MAIL FROM:<sender@example.net>")
        if reply is None or not reply.startswith("250"):
            raise OSError("no MAIL: %r" % reply)
        accepted, left = [], []
        for recipient in recipients:
            reply = c.say("RCPT TO:<%s>" % recipient)
            if reply is None:
                raise OSError("gone")
            (accepted if reply.startswith("250") else left).append(recipient)
            assert not reply.startswith("5"), reply
        if not accepted:
            c.say("RSET")
            return left
        reply = c.say("DATA")
        if reply is None or not reply.startswith("354"):
            raise OSError("no DATA: %r" % reply)
        c.write(self.message(number) + b".\r\n")
        if rng.random() < self.lose:
            with self.lock:
                self.lost += 1
            # Some replies are read and some are not; all of it is lost here.
            time.sleep(rng.choice([0, 0, 0.001, 0.02]))
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            raise OSError("dropped on purpose")
        for recipient in accepted:
            reply = c.reply()
            if reply is None:
                raise OSError("gone")
            if reply.startswith("250"):
                with self.lock:
                    self.acknowledged.setdefault(number, set()).add(recipient)
                recipients = [r for r in recipients if r != recipient]
            elif reply.startswith("5"):
                with self.lock:
                    self.refused[number] = reply
                recipients = [r for r in recipients if r != recipient]
            item[1][:] = recipients
        return recipients


def count_copies(door, users, folders=("",)):
    """(user, id) -> number of copies, over all messages on disk."""
    found = {}
    for user in users:
        for folder in folders:
            for message in door.messages(user, folder):
                number = int(MESSAGE_ID.search(message).group(1))
                found[user, number] = found.get((user, number), 0) + 1
    return found


def check_exactly_once(door, users, sender):
    """Every acknowledged message is there exactly once, whole, and nothing is
    there twice, acknowledged or not."""
    copies = count_copies(door, users)
    lost = [(n, r) for n, rcpts in sender.acknowledged.items() for r in rcpts
            if (r.split("@")[0], n) not in copies]
    doubled = [key for key, n in copies.items() if n > 1]
    assert not lost, "%d acknowledged messages lost: %s" % (len(lost), lost[:5])
    assert not doubled, "%d messages doubled: %s" % (len(doubled), doubled[:5])
    for user in users:
        for message in door.messages(user):
            number = int(MESSAGE_ID.search(message).group(1))
            whole = sender.message(number).replace(b"\r\n", b"\n")
            assert message.endswith(whole), "message %d of %s is torn" % (number, user)


def check_index(door, users):
    """Counters equal the disk without any rescan's help."""
    for user in users:
        door.command("index", "verify", door.address(user))
