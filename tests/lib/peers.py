# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Real Postfix and real Dovecot, each a private instance on loopback with
directories of its own, started and ended by the test that wants it."""

import imaplib
import os
import poplib
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile

from doorstep import free_port, wait_for

# In sbin, where a test's PATH may not look.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def find(program):
    return shutil.which(program, path=PATH)


def crlf(message):
    """smtplib sends bytes as they are."""
    return message.replace(b"\n", b"\r\n")


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Postfix:
    """Takes mail by SMTP on self.port and hands it to `transport`
    ("lmtp:unix:/path" or "lmtp:inet:127.0.0.1:24") for `domain`."""

    SERVICES = """
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

    def __init__(self, transport, domain="example.org", settings=None):
        self.path = tempfile.mkdtemp(prefix="postfix.", dir="/var/tmp")
        os.chmod(self.path, 0o755)
        self.port = free_port()
        self.log_path = os.path.join(self.path, "maillog")
        for name in ("queue", "data", "conf"):
            os.mkdir(os.path.join(self.path, name))
        shutil.chown(os.path.join(self.path, "data"), "postfix", "postfix")
        main = {
            "compatibility_level": "3.6",
            "queue_directory": os.path.join(self.path, "queue"),
            "data_directory": os.path.join(self.path, "data"),
            "command_directory": "/usr/sbin",
            "daemon_directory": "/usr/lib/postfix/sbin",
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "myhostname": "postfix.example.net",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "virtual_mailbox_domains": domain,
            "virtual_mailbox_limit": "0",
            "virtual_transport": transport,
            "message_size_limit": "104857600",
            "smtputf8_enable": "yes",
            "maillog_file": self.log_path,
            "maillog_file_prefixes": self.path,
            "minimal_backoff_time": "1s",
            "maximal_backoff_time": "5s",
            "queue_run_delay": "2s",
            "smtpd_client_connection_count_limit": "0",
            "smtpd_client_message_rate_limit": "0",
            "lmtp_destination_concurrency_limit": "20",
            "notify_classes": "",
            # Nothing is added to what a client sends.
            "local_header_rewrite_clients": "",
        }
        main.update(settings or {})
        with open(os.path.join(self.path, "conf", "main.cf"), "w") as f:
            f.writelines("%s = %s\n" % pair for pair in main.items())
        with open(os.path.join(self.path, "conf", "master.cf"), "w") as f:
            f.write(self.SERVICES.format(port="127.0.0.1:%d" % self.port))
            # Nothing leaves this host: there is a client for a relayhost only.
            if "relayhost" in main:
                f.write("smtp unix - - n - - smtp\n")

    def _run(self, *command):
        return subprocess.run([find(command[0]), "-c", os.path.join(self.path, "conf")]
                              + list(command[1:]), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def __enter__(self):
        started = self._run("postfix", "start")
        assert started.returncode == 0, started.stdout + self.log()
        wait_for(lambda: can_connect(self.port), 20, "postfix to listen:\n" + self.log())
        return self

    def __exit__(self, kind, *_):
        self._run("postfix", "stop")
        if kind is not None:
            print(self.log())
        else:
            shutil.rmtree(self.path, ignore_errors=True)

    def log(self):
        try:
            with open(self.log_path, errors="backslashreplace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def smtp(self):
        return smtplib.SMTP("127.0.0.1", self.port)

    def send(self, message, to, sender="sender@example.net", options=()):
        with self.smtp() as client:
            client.sendmail(sender, to, crlf(message), options)

    def flush(self):
        self._run("postqueue", "-f")

    def queue(self):
        return self._run("postqueue", "-j").stdout.count("queue_name")

    def is_drained(self):
        return self.queue() == 0


class Dovecot:
    """IMAP and POP3 (and LMTP, for comparison) over the mailboxes of a
    Doorstep (its passwd file, any password)."""

    def __init__(self, door):
        self.path = tempfile.mkdtemp(prefix="dovecot.", dir="/var/tmp")
        os.chmod(self.path, 0o755)
        self.imap_port, self.pop3_port = free_port(), free_port()
        self.log_path = os.path.join(self.path, "log")
        self.conf = os.path.join(self.path, "dovecot.conf")
        with open(self.conf, "w") as f:
            f.write(f"""
base_dir = {self.path}/run
state_dir = {self.path}/state
log_path = {self.log_path}
protocols = imap pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = passwd-file
  args = {door.at("passwd")}
}}
mail_location = maildir:~/Maildir
service imap-login {{
  inet_listener imap {{
    port = {self.imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {self.pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
""")
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen([find("dovecot"), "-F", "-c", self.conf],
                                        stdin=subprocess.DEVNULL)
        wait_for(lambda: can_connect(self.imap_port) and can_connect(self.pop3_port), 20,
                 "dovecot to listen:\n" + self.log())
        return self

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        if kind is not None:
            print(self.log())
        else:
            shutil.rmtree(self.path, ignore_errors=True)

    def log(self):
        try:
            with open(self.log_path, errors="backslashreplace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def imap(self, user):
        client = imaplib.IMAP4("127.0.0.1", self.imap_port)
        client.login(user, "any")
        return client

    def pop3(self, user):
        client = poplib.POP3("127.0.0.1", self.pop3_port)
        client.user(user)
        client.pass_("any")
        return client
