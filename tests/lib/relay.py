# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""A doorstep-relay by itself: the test is its master and its deliver."""

import os
import subprocess
import tempfile

from doorstep import program
from wire import Link

MESSAGE = b"From: a@example.org\nTo: b@example.net\nSubject: test\n\nbody\n"


class Relay:
    """settings: global ones, name -> text."""

    def __init__(self, settings, secret=""):
        self.settings = {"hostname": "door.example.org", "log_level": "debug"}
        self.settings.update(settings)
        self.secret = secret
        self.log_file = tempfile.TemporaryFile()
        self.process = None
        self.master = self.deliver = None
        self.last_id = 0

    def _conf(self, is_reload):
        return {"settings": [{"key": k, "value": v} for k, v in self.settings.items()],
                "uid": -1, "gid": -1, "is_reload": is_reload, "secret": self.secret}

    def __enter__(self):
        self.master, self.deliver = Link(), Link()
        # Descriptors 3 and 4 are the link to master and syslog's socket.
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$0" 3<&%d 4>/dev/null' % self.master.other.fileno(),
             program("doorstep-relay")], stdin=subprocess.DEVNULL, stderr=self.log_file,
            stdout=self.log_file, pass_fds=[self.master.other.fileno()])
        self.master.other.close()
        self.master.send("MASTER_GIVES_CONF", **self._conf(0))
        self.master.send("MASTER_GIVES_PEER", fd=self.deliver.other.fileno(), role=3,
                         owner="virtual")
        self.deliver.other.close()
        self.master.send("MASTER_SAYS_START")
        assert self.master.receive() == ("CHILD_IS_READY", {}), self.log()
        return self

    def __exit__(self, kind, *_):
        self.deliver.close()
        if self.process.poll() is None:
            self.master.send("MASTER_SAYS_STOP")
        self.master.close()
        status = self.process.wait(30)
        if kind is None:
            assert status == 0, "relay ended with %s:\n%s" % (status, self.log())
        else:
            print(self.log())

    def log(self):
        self.log_file.seek(0)
        return self.log_file.read().decode(errors="backslashreplace")

    def reload(self, **settings):
        self.settings.update(settings)
        self.master.send("MASTER_GIVES_CONF", **self._conf(1))

    def is_able(self):
        self.deliver.send("DELIVER_ASKS_RELAY", id=1)
        name, values = self.deliver.receive()
        assert name == "RELAY_ANSWERS"
        return values["is_able"] == 1

    def give(self, text=MESSAGE, sender="a@example.org", recipient="b@example.net", fd=None,
             **more):
        """Hands a mail over and returns its id.  With is_file the text goes by
        a file."""
        self.last_id += 1
        values = {"id": self.last_id, "cause": "redirect", "trace_id": "t1", "user": "alice",
                  "sender": sender, "recipient": recipient, "size": len(text)}
        values.update(more)
        if len(text) <= 65536 and fd is None:
            self.deliver.send("DELIVER_GIVES_MAIL", text=text, **values)
            return self.last_id
        with tempfile.TemporaryFile() as file:
            file.write(text)
            file.flush()
            self.deliver.send("DELIVER_GIVES_MAIL", fd=file.fileno(), **values)
        return self.last_id

    def report(self, timeout=20):
        """The next report; answers about the route are passed over."""
        while True:
            got = self.deliver.receive(timeout)
            assert got is not None, "relay is gone:\n" + self.log()
            if got[0] == "RELAY_REPORTS_MAIL":
                return got[1]

    def send(self, *args, **more):
        wanted = self.give(*args, **more)
        got = self.report()
        assert got["id"] == wanted
        return got
