# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Started by root: each process is what src/ipc/roles.c and doc/privileges.md
say, as the kernel sees it; system users' mail is written by themselves."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import time

import pytest

from checks import message, tag
from doorstep import Doorstep, program, wait_for
from peers import find

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can give privileges away")

# No account of the machine is named so; userdel takes only these away.
PREFIX = "dst%d" % (os.getpid() % 100000)
FIRST_VALID = 1000


class Accounts:
    """Temporary system users: services (low uids) and people with homes."""

    def __init__(self, top):
        self.top = top
        self.made = []

    def add(self, name, *options):
        name = PREFIX + name
        done = subprocess.run([find("useradd"), "-s", "/usr/sbin/nologin"] + list(options) + [name],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            pytest.skip("no accounts can be made here: " + done.stdout)
        self.made.append(name)
        return pwd.getpwnam(name)

    def service(self, name):
        return self.add(name, "-r", "-M", "-U", "-d", "/nonexistent")

    def person(self, name, *options):
        home = os.path.join(self.top, PREFIX + name)
        made = self.add(name, "-M", "-U", "-d", home, *options)
        os.mkdir(home, 0o700)
        os.chown(home, made.pw_uid, made.pw_gid)
        return made

    def remove(self):
        for name in self.made:
            subprocess.run([find("userdel"), name], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class House:
    """A Doorstep of root's with accounts of its own."""

    def __init__(self):
        self.door = Doorstep(users={}, as_root=True, source="passwd")
        self.accounts = Accounts(self.door.at("home"))
        try:
            self._fill()
        except BaseException:
            self.accounts.remove()
            raise

    def _fill(self):
        add = self.accounts
        self.service, self.auth = add.service("svc"), add.service("auth")
        # Its uid may not be below first_valid_uid either.
        self.vmail = add.add("vmail", "-M", "-U", "-d", "/nonexistent")
        self.ann, self.ben, self.odd = [add.person(n) for n in ("ann", "ben", "odd")]
        self.low = add.person("low", "-r")
        assert self.low.pw_uid < FIRST_VALID <= self.ann.pw_uid
        self.door.users = {p.pw_name: {"home": p.pw_dir}
                           for p in (self.ann, self.ben, self.odd, self.low)}
        self.virtual_home = self.door.at("vmail")
        os.mkdir(self.virtual_home, 0o700)
        os.chown(self.virtual_home, self.vmail.pw_uid, self.vmail.pw_gid)
        self.door.settings.update({
            "user": self.service.pw_name, "auth_user": self.auth.pw_name,
            "virtual_user": self.vmail.pw_name, "first_valid_uid": FIRST_VALID,
            "owner_idle_timeout": "1s", "filter_processes": 2})
        self.door.domains = {"virtual.example": {"source": "static",
                                                 "home": self.virtual_home + "/%n"}}
        self.door.write_conf()

    def owner_of(self, pid):
        """The uid as which a deliver runs."""
        return ids(pid)[0]

    def deliver_of(self, who):
        return [p for p in self.door.pids("deliver") if self.owner_of(p) == who.pw_uid]


@pytest.fixture(scope="module")
def house():
    h = House()
    try:
        with h.door:
            yield h
    finally:
        h.accounts.remove()


def status(pid):
    with open("/proc/%d/status" % pid) as file:
        return dict(line.rstrip("\n").split(":", 1) for line in file)


def ids(pid):
    """(uid, gid, groups), each the only one the process has."""
    fields = status(pid)
    uids = {int(w) for w in fields["Uid"].split()}
    gids = {int(w) for w in fields["Gid"].split()}
    assert len(uids) == 1 and len(gids) == 1, "an identity is left behind"
    return uids.pop(), gids.pop(), [int(w) for w in fields["Groups"].split()]


def root_of(pid):
    return os.readlink("/proc/%d/root" % pid)


def send(house, who, domain=None, text=None):
    text = text or tag()
    to = "%s@%s" % (getattr(who, "pw_name", who), domain or house.door.domain)
    (reply,) = house.door.send(message(text), to=[to])
    return text, reply


def mail_of(house, who):
    return house.door.messages(who.pw_name)


# ---- the table ----

CHROOTED = {"session", "filter", "relay"}
SECCOMP = {"session", "filter", "relay"}
ROLES = ("session", "directory", "deliver", "filter", "relay")


def test_each_process_is_what_the_table_says(house):
    assert send(house, house.ann)[1].startswith("250")
    assert send(house, "anybody", "virtual.example")[1].startswith("250")
    wanted = {"session": house.service, "filter": house.service, "relay": house.service,
              "directory": house.auth}
    empty = house.door.at("run", "empty")
    ours = status(os.getpid())
    owners = set()
    for role in ROLES:
        pids = house.door.pids(role)
        assert pids != [], role
        for pid in pids:
            uid, gid, groups = ids(pid)
            fields = status(pid)
            if role == "deliver":
                owners.add(uid)
                account = pwd.getpwuid(uid)
            else:
                account = wanted[role]
            assert (uid, gid) == (account.pw_uid, account.pw_gid), role
            assert uid != 0 and gid != 0
            assert set(groups) <= {gid}, "%s keeps the groups %s" % (role, groups)
            assert root_of(pid) == (empty if role in CHROOTED else "/"), role
            assert fields["NoNewPrivs"].strip() == "1", role
            filters = int(fields.get("Seccomp_filters", "0")) - int(ours.get("Seccomp_filters", "0"))
            if is_sanitized():
                pass  # its run-time library needs calls and memory of its own
            elif role in SECCOMP:
                assert fields["Seccomp"].strip() == "2", role
                assert filters >= 1, role
            else:
                assert filters == 0, role
            for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
                assert int(fields[name], 16) == 0, "%s has %s" % (role, name)
            assert limit(pid, "Max core file size") == "0", role
            if role == "filter" and not is_sanitized():
                assert limit(pid, "Max address space") == str(512 << 20)
    assert owners == {house.vmail.pw_uid, house.ann.pw_uid}


def is_sanitized():
    with open(program("doorstep-session"), "rb") as file:
        return b"__asan_init" in file.read()


def limit(pid, name):
    with open("/proc/%d/limits" % pid) as file:
        for line in file:
            if line.startswith(name):
                return line[len(name):].split()[0]
    return None


def test_no_process_but_master_is_root(house):
    send(house, house.ann)
    master = house.door.process.pid
    assert ids(master)[0] == 0
    children = house.door.children(master)
    assert len(children) >= 6
    for pid in children:
        assert 0 not in ids(pid)[:2]


def test_a_chroot_is_empty_and_nobodys_to_write(house):
    empty = house.door.at("run", "empty")
    st = os.stat(empty)
    assert os.listdir(empty) == []
    assert (st.st_uid, stat.S_IMODE(st.st_mode)) == (0, 0o555)


def test_processes_hold_no_file_they_should_not(house):
    """filter: nothing but sockets and pipes; session: no file either."""
    send(house, house.ann)
    for role in ("filter", "session"):
        for pid in house.door.pids(role):
            held = [os.readlink("/proc/%d/fd/%s" % (pid, fd))
                    for fd in os.listdir("/proc/%d/fd" % pid) if int(fd) > 2]
            for name in held:
                assert name.startswith(("socket:", "anon_inode:", "/memfd:", "pipe:")) or \
                    name == "/dev/null", "%s holds %s" % (role, name)


def test_a_process_of_ours_cannot_be_traced_by_its_account(house):
    """What runs as the service account must not reach into another of them."""
    for role in ("session", "filter", "directory"):
        pid = house.door.pids(role)[0]
        uid = ids(pid)[0]
        done = subprocess.run(
            [sys.executable, "-c",
             "import os,sys\nos.setgroups([])\nos.setgid(%d)\nos.setuid(%d)\n"
             "open('/proc/%d/mem','rb')" % (ids(pid)[1], uid, pid)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert b"PermissionError" in done.stderr, role


# ---- system users ----

def test_a_system_user_gets_mail_as_themselves(house):
    for who in (house.ann, house.ben):
        text, reply = send(house, who)
        assert reply.startswith("250 2.0.0")
        assert sum(text.encode() in m for m in mail_of(house, who)) == 1
        for top, _, files in os.walk(who.pw_dir):
            for name in [top] + [os.path.join(top, f) for f in files]:
                st = os.lstat(name)
                assert (st.st_uid, st.st_gid) == (who.pw_uid, who.pw_gid), name
                assert stat.S_IMODE(st.st_mode) & 0o077 == 0, name
        store = house.door.at("state", "uid.%d" % who.pw_uid)
        st = os.stat(store)
        assert (st.st_uid, stat.S_IMODE(st.st_mode)) == (who.pw_uid, 0o700)
        for top, dirs, files in os.walk(store):
            assert {os.lstat(os.path.join(top, n)).st_uid for n in dirs + files} <= {who.pw_uid}


def test_a_message_for_several_owners_is_answered_for_each(house):
    text = tag()
    to = ["%s@example.org" % house.ann.pw_name, "%s@example.org" % house.ben.pw_name,
          "somebody@virtual.example"]
    replies = house.door.send(message(text), to=to)
    assert [r[:3] for r in replies] == ["250"] * 3, replies
    for who in (house.ann, house.ben):
        assert sum(text.encode() in m for m in mail_of(house, who)) == 1
    where = os.path.join(house.virtual_home, "somebody", "Maildir", "new")
    assert len(os.listdir(where)) == 1
    assert os.stat(where).st_uid == house.vmail.pw_uid


def test_an_idle_owner_s_deliver_ends_and_starts_again(house):
    send(house, house.ann)
    (first,) = house.deliver_of(house.ann)
    wait_for(lambda: house.deliver_of(house.ann) == [], 15, "the idle deliver to end")
    # Its filters go with it; the virtual users' deliver stays.
    wait_for(lambda: len(house.door.pids("filter")) == 2 * len(house.door.pids("deliver")), 15,
             "its filters to end")
    assert len(house.deliver_of(house.vmail)) == 1
    for _ in range(3):
        text, reply = send(house, house.ann)
        assert reply.startswith("250 2.0.0")
        assert sum(text.encode() in m for m in mail_of(house, house.ann)) == 1
    (second,) = house.deliver_of(house.ann)
    assert second != first
    house.door.command("index", "verify", "%s@example.org" % house.ann.pw_name)


def test_mail_at_the_moment_of_retirement_is_not_lost(house):
    """Messages about as far apart as the idle time."""
    sent = []
    for i in range(8):
        text, reply = send(house, house.ben)
        assert reply.startswith("250 2.0.0")
        sent.append(text)
        time.sleep(0.85 + 0.1 * i / 2)
    got = mail_of(house, house.ben)
    for text in sent:
        assert sum(text.encode() in m for m in got) == 1


def refused(house, who):
    """RCPT is refused, or the message; the reply, and what the log says of it."""
    said = len(house.door.log())
    _, reply = send(house, who)
    return reply, house.door.log()[said:]


def test_a_uid_below_first_valid_uid_is_refused(house):
    for who, word in ((house.low, "first_valid_uid"), ("daemon", "first_valid_uid"), ("root", "root")):
        reply, log = refused(house, who)
        assert reply.startswith("451 4."), reply
        assert word in log
    assert os.listdir(house.low.pw_dir) == []


def test_an_unknown_system_user_is_550(house):
    reply, _ = refused(house, PREFIX + "none")
    assert reply.startswith("550 5.1.1")


def is_refused_in_peace(house, word):
    """odd is told 451 with the reason in the log, ann is served."""
    reply, log = refused(house, house.odd)
    assert reply.startswith("451 4."), reply
    assert word in log, log
    assert send(house, house.ann)[1].startswith("250 2.0.0")


def test_a_home_that_is_not_theirs_gets_no_mail(house):
    home = house.odd.pw_dir
    os.chown(home, 0, 0)
    os.chmod(home, 0o755)
    is_refused_in_peace(house, home)
    assert os.listdir(home) == []
    # Even when they may write there: a Maildir of another account.
    os.mkdir(home + "/Maildir", 0o777)
    os.chmod(home + "/Maildir", 0o777)
    is_refused_in_peace(house, "owned by uid 0")
    os.chown(home + "/Maildir", house.ben.pw_uid, house.ben.pw_gid)
    is_refused_in_peace(house, "owned by uid %d" % house.ben.pw_uid)
    os.rmdir(home + "/Maildir")


def test_a_link_leads_nobody_into_another_s_home(house):
    home = house.odd.pw_dir
    os.chown(home, house.odd.pw_uid, house.odd.pw_gid)
    send(house, house.ben)
    before = len(mail_of(house, house.ben))
    for target in (house.ben.pw_dir + "/Maildir", "/root", house.door.at("state")):
        os.symlink(target, home + "/Maildir")
        os.chown(home + "/Maildir", house.odd.pw_uid, house.odd.pw_gid, follow_symlinks=False)
        is_refused_in_peace(house, "Maildir")
        os.unlink(home + "/Maildir")
    assert len(mail_of(house, house.ben)) == before
    # What a script names is opened as its owner too.
    secret = house.ben.pw_dir + "/secret"
    with open(secret, "w") as file:
        file.write("redirect \"secret@example.net\";\n")
    os.chown(secret, house.ben.pw_uid, house.ben.pw_gid)
    os.chmod(secret, 0o600)
    os.symlink(secret, home + "/.dovecot.sieve")
    text, reply = send(house, house.odd)
    assert reply.startswith("250 2.0.0")
    assert sum(text.encode() in m for m in mail_of(house, house.odd)) == 1
    assert "secret@example.net" not in house.door.log()
    log = home + "/.dovecot.sieve.log"
    assert not os.path.exists(log) or "secret@" not in open(log).read()


def test_a_home_that_is_gone_is_451_or_made(house):
    """A home on a disk that is not mounted must not be bounced."""
    home = house.odd.pw_dir
    shutil.rmtree(home)
    is_refused_in_peace(house, home)
    assert not os.path.exists(home)


def test_a_dead_deliver_of_one_owner_is_451_for_that_owner(house):
    send(house, house.ben)
    send(house, house.ann)
    (pid,) = house.deliver_of(house.ben)
    os.kill(pid, 9)
    assert send(house, house.ann)[1].startswith("250 2.0.0")
    wait_for(lambda: send(house, house.ben)[1].startswith("250 2.0.0"), 20, "ben's deliver")
    (again,) = house.deliver_of(house.ben)
    assert again != pid
    assert ids(again)[0] == house.ben.pw_uid
