# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""A private Doorstep for a test: its own directory, sockets and users.

    with Doorstep(users=("alice", "bob"), settings={"error_limit": 3}) as door:
        with door.client() as c:
            c.say("LHLO test")
        door.send(b"Subject: x\\r\\n\\r\\nbody\\r\\n", to=["alice@example.org"])
        assert door.messages("alice") != []

DOORSTEP_BUILD names the build directory (default: the current one); the
programs are in its o/.  Started by root, the daemon and its mail belong to
`nobody` unless as_root=True.
"""

import mailbox
import os
import pwd
import random
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time

DOMAIN = "example.org"
START_LIMIT = 20.0
STOP_LIMIT = 30.0


def build_dir():
    return os.path.abspath(os.environ.get("DOORSTEP_BUILD", "."))


def program(name):
    return os.path.join(build_dir(), "o", name)


def is_sanitized():
    """Whether memory and time of this build mean anything."""
    try:
        with open(os.path.join(build_dir(), "Makefile")) as file:
            return "-fsanitize=" in file.read()
    except OSError:
        return False


def is_built():
    return os.access(program("doorstepd"), os.X_OK)


def wait_for(test, limit=10.0, what="something"):
    """Calls test until it is true, and returns that; fails after limit."""
    end = time.monotonic() + limit
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %.0f s in vain for %s" % (limit, what))
        time.sleep(0.01)


class Client:
    """A bare LMTP client that sees every byte."""

    def __init__(self, address, timeout=60.0, greet=True):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout)
        self.pending = b""
        self.greeting = self.reply() if greet else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def write(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        """One line without CRLF; None at the end."""
        while b"\r\n" not in self.pending:
            try:
                got = self.socket.recv(65536)
            except ConnectionResetError:
                got = b""
            if got == b"":
                assert self.pending == b"", "half a line: %r" % self.pending
                return None
            self.pending += got
        line, self.pending = self.pending.split(b"\r\n", 1)
        return line.decode("utf-8", "backslashreplace")

    def reply(self):
        """One reply, its lines joined by LF; None at the end."""
        lines = []
        while True:
            line = self.line()
            if line is None:
                assert lines == [], "half a reply: %r" % lines
                return None
            lines.append(line)
            if line[3:4] != "-":
                return "\n".join(lines)

    def say(self, command, replies=1):
        """Sends a command line; its reply, or a list of several."""
        self.write(command + "\r\n")
        got = [self.reply() for _ in range(replies)]
        return got[0] if replies == 1 else got

    def ends(self):
        """Whether the server has closed and says nothing more."""
        return self.line() is None


def free_port():
    """Below what the kernel gives to outgoing connections, and each of several
    test processes from a range of its own: nobody takes it before it is used."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    low = 10000 + worker % 8 * 2500
    while True:
        port = random.randrange(low, low + 2500)
        with socket.socket() as s:
            # As daemons do: what is left of an ended connection is no obstacle.
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Doorstep:
    """users: names (virtual ones of `domain`), or a dict of name to a dict of
    passwd-file fields: password, home, extra ("userdb_quota_rule=..." and
    whatever stands in that last field).
    scripts: name -> text of the active Sieve script.
    aliases: text of an aliases(5) file.
    settings: global settings, name -> value, replacing those below.
    domains: further domain blocks, name -> dict of settings; source: replaces
    the passwd file in the main block ("static", "passwd").
    listeners: further listener blocks, title -> dict.
    """

    def __init__(self, users=("alice", "bob"), scripts=None, aliases=None, settings=None,
                 domains=None, source=None, domain_settings=None, listeners=None,
                 domain=DOMAIN, directory=None, as_root=False, keep=False, wrapper=()):
        self.domain = domain
        self.keep = keep or directory is not None
        self.path = directory or tempfile.mkdtemp(prefix="doorstep.", dir="/tmp")
        self.users = users if isinstance(users, dict) else {name: {} for name in users}
        self.scripts = dict(scripts or {})
        self.aliases = aliases
        self.settings = dict(settings or {})
        self.domains = dict(domains or {})
        self.source = source
        self.domain_settings = dict(domain_settings or {})
        self.listeners = dict(listeners or {})
        self.wrapper = list(wrapper)
        self.process = None
        self.account = None
        if os.getuid() == 0 and not as_root:
            self.account = pwd.getpwnam("nobody")
        self.conf = self.at("doorstep.conf")
        self.socket = self.at("lmtp")
        self.lda = self.at("lda")
        self.log_path = self.at("log")
        self.port = free_port()
        self._write_everything()

    # ---- paths ----

    def at(self, *parts):
        return os.path.join(self.path, *parts)

    def home(self, user):
        return self.users.get(user, {}).get("home") or self.at("home", user)

    def maildir(self, user, folder=""):
        """folder: "" for INBOX, else as Maildir++ names it, without its dot."""
        inbox = os.path.join(self.home(user), "Maildir")
        return os.path.join(inbox, "." + folder) if folder else inbox

    def messages(self, user, folder=""):
        """The messages of a folder, as bytes, oldest first by their file names."""
        found = []
        for part in ("new", "cur"):
            where = os.path.join(self.maildir(user, folder), part)
            if os.path.isdir(where):
                found += [os.path.join(where, name) for name in os.listdir(where)]
        result = []
        for name in sorted(found, key=lambda f: [int(part) if part.isdigit() else part for part in
                                                  re.split(r"(\d+)", os.path.basename(f))]):
            with open(name, "rb") as file:
                result.append(file.read())
        return result

    def mailbox(self, user):
        return mailbox.Maildir(self.maildir(user), create=False)

    def log(self):
        with open(self.log_path, errors="backslashreplace") as file:
            return file.read()

    # ---- writing ----

    def _write(self, name, text):
        path = name if os.path.isabs(name) else self.at(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def _own(self):
        """All of the private directory belongs to whoever runs the daemon."""
        if self.account is None:
            return
        for top, dirs, files in os.walk(self.path):
            for name in [top] + [os.path.join(top, f) for f in dirs + files]:
                try:
                    os.chown(name, self.account.pw_uid, self.account.pw_gid,
                             follow_symlinks=False)
                except FileNotFoundError:
                    pass  # of an earlier daemon that is still finishing its mail

    def _uid(self):
        return self.account.pw_uid if self.account else os.getuid()

    def _gid(self):
        return self.account.pw_gid if self.account else os.getgid()

    def write_users(self):
        lines = []
        for name, fields in self.users.items():
            lines.append("%s@%s:%s:%d:%d::%s::%s" % (
                name, self.domain, fields.get("password", ""), self._uid(), self._gid(),
                self.home(name), fields.get("extra", "")))
            os.makedirs(self.home(name), exist_ok=True)
        self._write("passwd", "\n".join(lines) + "\n")
        self._own()

    def write_script(self, user, text):
        self._write(os.path.join(self.home(user), ".dovecot.sieve"), text)
        self._own()

    @staticmethod
    def _value(value):
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, (list, tuple)):
            return "{ %s }" % ", ".join('"%s"' % v for v in value)
        return '"%s"' % value

    def _block(self, kind, title, settings):
        lines = "".join("\t%s = %s\n" % (k, self._value(v)) for k, v in settings.items())
        return '%s "%s" {\n%s}\n' % (kind, title, lines)

    def write_conf(self):
        settings = {
            "hostname": "door.example.org",
            "runtime_dir": self.at("run"),
            "state_dir": self.at("state"),
            "first_valid_uid": 0 if self._uid() == 0 else 1,
            "session_processes": 1,
            "log_level": "debug",
        }
        settings.update(self.settings)
        listeners = {
            "lmtp": {"protocol": "lmtp", "address": "unix:" + self.socket, "mode": "0666"},
            "tcp": {"protocol": "lmtp", "address": "inet:127.0.0.1:%d" % self.port},
            "lda": {"protocol": "lda", "address": "unix:" + self.lda, "mode": "0666"},
        }
        listeners.update(self.listeners)
        block = {"source": self.source or "file:" + self.at("passwd")}
        if self.aliases is not None:
            block["aliases"] = self._write("aliases", self.aliases)
        block.update(self.domain_settings)
        domains = {self.domain: block}
        domains.update(self.domains)
        text = "".join("%s = %s\n" % (k, self._value(v)) for k, v in settings.items())
        text += "".join(self._block("listener", t, s) for t, s in listeners.items())
        text += "".join(self._block("domain", t, s) for t, s in domains.items())
        self._write("doorstep.conf", text)

    def _write_everything(self):
        for name in ("run", "state", "home"):
            os.makedirs(self.at(name), exist_ok=True)
        os.chmod(self.path, 0o755)
        self.write_users()
        for user, text in self.scripts.items():
            self.write_script(user, text)
        self.write_conf()
        self._own()

    # ---- the daemon ----

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is not None:
            print(self.log())
        if not self.keep and kind is None:
            shutil.rmtree(self.path, ignore_errors=True)

    def _as_account(self):
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def start(self):
        self._own()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.wrapper + [program("doorstepd"), "-x", os.path.join(build_dir(), "o"), "-c",
                                self.conf],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                **self._as_account())
        wait_for(self._is_up, START_LIMIT, "doorstepd to listen; its log:\n" + self.log())
        return self

    def _is_up(self):
        if self.process.poll() is not None:
            raise AssertionError("doorstepd ended with %s:\n%s" % (self.process.returncode,
                                                                    self.log()))
        try:
            with Client(self.socket, timeout=2.0) as client:
                return client.greeting is not None
        except (OSError, AssertionError):
            return False

    def stop(self, limit=STOP_LIMIT):
        """SIGTERM; returns the exit status."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            for pid in self.children(process.pid) + [process.pid]:
                os.kill(pid, signal.SIGKILL)
            process.wait()
            raise AssertionError("doorstepd did not end in %.0f s:\n%s" % (limit, self.log()))

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    @staticmethod
    def children(pid):
        found = []
        try:
            for task in os.listdir("/proc/%d/task" % pid):
                with open("/proc/%d/task/%s/children" % (pid, task)) as file:
                    found += [int(word) for word in file.read().split()]
        except OSError:
            pass
        return found

    def pids(self, role):
        """Of the running processes of a role: "session", "deliver", ..."""
        found = []
        for pid in self.children(self.process.pid):
            try:
                with open("/proc/%d/cmdline" % pid, "rb") as file:
                    name = os.path.basename(file.read().split(b"\0")[0].decode())
            except OSError:
                continue
            if name == "doorstep-" + role:
                found.append(pid)
        return found

    def command(self, *args, check=True, **more):
        """Runs `doorstep ARGS` against this configuration, as its account."""
        more.setdefault("stdin", subprocess.DEVNULL if "input" not in more else None)
        if more["stdin"] is None:
            del more["stdin"]
        options = dict(self._as_account())
        options.update(more)
        result = subprocess.run([program("doorstep"), "-c", self.conf] + list(args),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/", **options)
        if check:
            assert result.returncode == 0, "doorstep %s: %d\n%s%s" % (
                " ".join(args), result.returncode, result.stdout.decode(), result.stderr.decode())
        return result

    # ---- mail ----

    def address(self, user):
        return user if "@" in user else "%s@%s" % (user, self.domain)

    def client(self, tcp=False, lda=False, **more):
        where = ("127.0.0.1", self.port) if tcp else self.lda if lda else self.socket
        return Client(where, **more)

    def lmtp(self, tcp=False):
        """smtplib.LMTP, connected and greeted."""
        client = smtplib.LMTP("127.0.0.1", self.port) if tcp else smtplib.LMTP(self.socket)
        client.ehlo_or_helo_if_needed()
        return client

    def send(self, message, to=("alice",), sender="sender@example.net", tcp=False):
        """Sends by LMTP; the list of replies to its end, one a recipient.
        Lines of message may end in LF."""
        lines = message.replace(b"\r\n", b"\n").split(b"\n")
        stuffed = b"\r\n".join(b"." + l if l.startswith(b".") else l for l in lines)
        if not stuffed.endswith(b"\r\n"):
            stuffed += b"\r\n"
        with self.client(tcp=tcp) as c:
            c.say("LHLO client.example.net")
            assert c.say("MAIL FROM:<%s>" % sender).startswith("250")
            accepted = 0
            replies = []
            for user in to:
                reply = c.say("RCPT TO:<%s>" % self.address(user))
                if reply.startswith("250"):
                    accepted += 1
                else:
                    replies.append(reply)
            if accepted > 0:
                assert c.say("DATA").startswith("354")
                c.write(stuffed + b".\r\n")
                replies += [c.reply() for _ in range(accepted)]
            c.say("QUIT")
        return replies
