# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""An MTA that takes mail and remembers it: the remote of relay in tests.

    with Sink() as sink:
        Doorstep(settings={"relay_host": sink.host}) ...
        sink.mails -> list of Mail(sender, recipients, data, time), with
        sink.dropped among them
"""

import collections
import random
import socketserver
import sys
import threading
import time

Mail = collections.namedtuple("Mail", "sender recipients data time")


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    @staticmethod
    def path(line):
        return line[line.index("<") + 1:line.index(">")]

    def data(self):
        lines = []
        while True:
            line = self.rfile.readline()
            if not line:
                return None
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)

    def handle(self):
        sink, sender, recipients = self.server.sink, None, []
        self.say("220 sink ESMTP")
        for raw in self.rfile:
            line = raw.decode("utf-8", "backslashreplace").rstrip("\r\n")
            verb = line[:4].upper()
            if verb == "EHLO":
                self.wfile.write(b"".join(b"250%s%s\r\n" % (
                    b" " if i == len(sink.keywords) - 1 else b"-", word.encode())
                    for i, word in enumerate(sink.keywords)))
            elif verb == "MAIL":
                sender, recipients = self.path(line), []
                self.say("250 2.1.0 fine")
            elif verb == "RCPT":
                reply = sink.reply_to(self.path(line))
                if reply.startswith("2"):
                    recipients.append(self.path(line))
                self.say(reply)
            elif verb == "DATA":
                if not recipients:
                    self.say("554 5.5.1 to nobody")
                    continue
                self.say("354 go on")
                data = self.data()
                if data is None:
                    return
                if sink.has_dropped(Mail(sender, recipients, data, time.monotonic())):
                    return
                self.say("250 2.0.0 taken")
            elif verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            else:
                self.say("250 2.0.0 fine" if verb in ("RSET", "NOOP", "HELO") else "502 5.5.1 no")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client that was killed is what these tests are about."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Sink:
    """replies: recipient -> reply to its RCPT.  lose: how often (0 to 1) a
    message is taken and the connection ends before the reply."""

    def __init__(self, replies=None, lose=0.0, port=0, keywords=("sink", "PIPELINING", "8BITMIME",
                                                                 "SMTPUTF8", "DSN", "SIZE")):
        self.replies = replies or {}
        self.lose = lose
        self.keywords = keywords
        self.lock = threading.Lock()
        self.rng = random.Random(5)
        self.mails, self.dropped = [], []
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.sink = self
        self.port = self.server.server_address[1]
        self.host = "smtp:127.0.0.1:%d" % self.port

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def has_dropped(self, mail):
        """Takes it; whether the reply is kept back."""
        with self.lock:
            self.mails.append(mail)
            if self.rng.random() >= self.lose:
                return False
            self.dropped.append(mail)
            return True

    def reply_to(self, recipient):
        return self.replies.get(recipient, "250 2.1.5 fine")

    def to(self, recipient):
        with self.lock:
            return [mail for mail in self.mails if recipient in mail.recipients]
