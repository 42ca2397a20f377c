# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Mailboxes that cannot be written, disks without room, a damaged index: the
recipient concerned is told 4xx and the reason is in the log, the others get
their mail, and all is well again once the cause is gone."""

import os
import shutil
import socket
import subprocess
import tempfile

import pytest

from checks import (count, deliver, index_agrees, message, no_leftovers, serves_again, tag)
from doorstep import Doorstep, wait_for


def own(door, path):
    os.chown(path, door.account.pw_uid, door.account.pw_gid, follow_symlinks=False)


# ---- mailboxes ----

def spoil_root_mode(door, box):
    os.chmod(box, 0)
    return lambda: os.chmod(box, 0o700)


def spoil_new_mode(door, box):
    os.chmod(box + "/new", 0)
    return lambda: os.chmod(box + "/new", 0o700)


def spoil_tmp_mode(door, box):
    os.chmod(box + "/tmp", 0o500)
    return lambda: os.chmod(box + "/tmp", 0o700)


def spoil_home_mode(door, box):
    home = os.path.dirname(box)
    os.chmod(home, 0)
    return lambda: os.chmod(home, 0o700)


def replacing(part, make):
    def spoil(door, box):
        path = box + part
        os.rename(path, path + ".away")
        make(path)
        own(door, path)

        def repair():
            os.unlink(path) if os.path.islink(path) or not os.path.isdir(path) else os.rmdir(path)
            os.rename(path + ".away", path)
        return repair
    return spoil


def make_file(path):
    with open(path, "w"):
        pass


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)


def spoil_owner(door, box):
    os.chown(box + "/new", 1, 1)
    os.chmod(box + "/new", 0o777)

    def repair():
        own(door, box + "/new")
        os.chmod(box + "/new", 0o700)
    return repair


SPOILED = {
    "maildir-000": spoil_root_mode,
    "new-000": spoil_new_mode,
    "tmp-500": spoil_tmp_mode,
    "home-000": spoil_home_mode,
    "maildir-is-a-file": replacing("", make_file),
    "maildir-is-a-fifo": replacing("", os.mkfifo),
    "maildir-links-to-a-file": replacing("", lambda p: os.symlink("/etc/passwd", p)),
    "maildir-links-to-root-s": replacing("", lambda p: os.symlink("/etc", p)),
    "maildir-links-to-itself": replacing("", lambda p: os.symlink(p, p)),
    "new-is-a-file": replacing("/new", make_file),
    "new-is-a-fifo": replacing("/new", os.mkfifo),
    "new-is-a-socket": replacing("/new", make_socket),
    "new-links-elsewhere": replacing("/new", lambda p: os.symlink("/tmp", p)),
    "new-links-to-cur": replacing("/new", lambda p: os.symlink("cur", p)),
    "cur-is-a-file": replacing("/cur", make_file),
    "tmp-links-elsewhere": replacing("/tmp", lambda p: os.symlink("/var/tmp", p)),
    "new-is-another-s": spoil_owner,
}


def make_mailbox(door, user):
    """As another program may have made it: deliver has not seen it yet."""
    for part in ("", "/new", "/cur", "/tmp"):
        os.mkdir(door.maildir(user) + part)
        own(door, door.maildir(user) + part)


def spoiled_users():
    """Each a mailbox of their own: what one test does the next one does not see."""
    return [name + kind for name in SPOILED for kind in ("-open", "-new")]


@pytest.fixture(scope="module")
def door():
    with Doorstep(users=["bob", "carol"] + spoiled_users()) as d:
        yield d


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "new"])
@pytest.mark.parametrize("name", list(SPOILED))
def test_a_mailbox_that_cannot_be_used_is_451_for_its_user_alone(door, name, is_open):
    """open: deliver has used the folder a moment ago and still holds it."""
    user = name + ("-open" if is_open else "-new")
    if is_open:
        kept = deliver(door, user)
    else:
        make_mailbox(door, user)
    repair = SPOILED[name](door, door.maildir(user))
    said = len(door.log())
    text = tag()
    try:
        replies = door.send(message(text), to=["carol", user, "bob"])
    finally:
        repair()
    assert replies[0].startswith("250 2.0.0") and replies[2].startswith("250 2.0.0"), replies
    assert count(door, "carol", text) == 1
    assert count(door, "bob", text) == 1
    if replies[1].startswith("250"):
        # Its directories were open already, and are still its directories.
        assert is_open and name in ("maildir-000", "new-is-another-s")
    else:
        assert replies[1].startswith("451 4.")
        assert "Maildir" in door.log()[said:], "no reason in the log"
        assert count(door, user, text) == 0
        assert door.send(message(text), to=[user])[0].startswith("250 2.0.0")
    assert count(door, user, text) == 1
    if is_open:
        assert count(door, user, kept) == 1
    no_leftovers(door, user)


@pytest.mark.parametrize("part", ["new", "cur", "tmp"])
def test_mail_goes_where_a_reader_looks(door, part):
    """A part of the mailbox is moved away or removed under an open folder."""
    path = os.path.join(door.maildir("bob"), part)
    texts = [deliver(door)]
    for is_made_anew in (True, False):
        os.rename(path, path + ".away")
        if is_made_anew:
            os.mkdir(path)
            own(door, path)
        texts.append(deliver(door))
        # Back again, with what has come meanwhile.
        for name in os.listdir(path):
            os.rename(os.path.join(path, name), os.path.join(path + ".away", name))
        os.rmdir(path)
        os.rename(path + ".away", path)
        texts.append(deliver(door))
    for text in texts:
        assert count(door, "bob", text) == 1


def test_after_all_spoiled_mailboxes_the_index_agrees(door):
    index_agrees(door)


def test_a_folder_that_cannot_be_used_is_kept_in_inbox(door):
    door.write_script("bob", 'require "fileinto";\nfileinto "Work";\n')
    os.mkdir(door.maildir("bob", "Work"))
    text = tag()
    assert door.send(message(text), to=["bob"])[0].startswith("250 2.0.0")
    assert count(door, "bob", text) == 1
    assert "INBOX instead" in door.log()
    os.rmdir(door.maildir("bob", "Work"))
    deliver(door, "bob", "Work")
    os.unlink(os.path.join(door.home("bob"), ".dovecot.sieve"))


# ---- disks without room ----

class Disk:
    """A file system of its own, so many KB large."""

    def __init__(self, kilobytes, inodes=10000):
        self.path = tempfile.mkdtemp(prefix="small.", dir="/var/tmp")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dk,nr_inodes=%d,mode=0755"
                               % (kilobytes, inodes), "tmpfs", self.path],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            os.rmdir(self.path)
            pytest.skip("no mounts here: " + done.stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        done = subprocess.run(["umount", self.path])
        if done.returncode == 0:
            os.rmdir(self.path)

    def fill(self, leave=0):
        """Leaves so many bytes."""
        with open(os.path.join(self.path, "ballast"), "wb") as file:
            free = shutil.disk_usage(self.path).free - leave
            if free > 0:
                os.posix_fallocate(file.fileno(), 0, free)

    def empty(self):
        os.unlink(os.path.join(self.path, "ballast"))


def mail_on(disk):
    """Alice's mail is on it; bob's is where there is room."""
    return Doorstep(users={"alice": {"home": os.path.join(disk.path, "alice")}, "bob": {}})


def own_tree(door, path):
    for top, _, files in os.walk(path):
        for name in [top] + [os.path.join(top, f) for f in files]:
            own(door, name)


@pytest.mark.parametrize("size", [4000, 2 << 20], ids=["small", "large"])
def test_a_full_mail_disk_is_452_for_its_user_alone(size):
    with Disk(16 << 10) as disk, mail_on(disk) as door:
        own_tree(door, disk.path)
        kept = deliver(door, "alice")
        disk.fill()
        text = tag()
        body = ("x" * 79 + "\n") * (size // 80)
        replies = door.send(message(text, body), to=["alice", "bob"])
        assert replies[0].startswith("452 4.3.1")
        assert replies[1].startswith("250 2.0.0")
        assert count(door, "alice", text) == 0
        assert count(door, "bob", text) == 1
        no_leftovers(door, "alice")
        assert "No space left on device" in door.log()
        disk.empty()
        assert door.send(message(text, body), to=["alice"])[0].startswith("250 2.0.0")
        assert count(door, "alice", text) == 1
        assert count(door, "alice", kept) == 1
        assert count(door, "bob", text) == 1
        index_agrees(door)
        door.stop()
        door.start()
        assert count(door, "alice", text) == 1
        index_agrees(door)


def test_a_disk_that_fills_under_load_loses_nothing_it_acknowledged():
    """Files of 30 KB until there is no room, then half of them again: what was
    refused is not there, what was acknowledged is there once and whole."""
    with Disk(2048) as disk, mail_on(disk) as door:
        own_tree(door, disk.path)
        body = ("y" * 59 + "\n") * 500
        good, bad = [], []
        for _ in range(100):
            text = tag()
            reply, = door.send(message(text, body), to=["alice"])
            assert reply[:9] in ("250 2.0.0", "452 4.3.1"), reply
            (good if reply.startswith("250") else bad).append(text)
        assert good and bad
        no_leftovers(door, "alice")
        got = door.messages("alice")
        assert len(got) == len(good)
        assert all(m.endswith(body.encode()) for m in got)
        index_agrees(door)


def test_a_disk_without_inodes_is_452():
    with Disk(4096, inodes=40) as disk, mail_on(disk) as door:
        own_tree(door, disk.path)
        replies = [door.send(message(tag()), to=["alice"])[0] for _ in range(50)]
        assert {r[:9] for r in replies} == {"250 2.0.0", "452 4.3.1"}
        assert len(door.messages("alice")) == sum(r.startswith("250") for r in replies)
        index_agrees(door)


class QuotaDisk:
    """A btrfs with a subvolume that may keep so many KB."""

    def __init__(self, kilobytes):
        self.path = tempfile.mkdtemp(prefix="quota.", dir="/var/tmp")
        self.image = self.path + ".image"
        self.limited = os.path.join(self.path, "limited")
        with open(self.image, "wb") as file:
            file.truncate(256 << 20)
        for command in (["mkfs.btrfs", "-q", self.image],
                        ["mount", "-o", "loop", self.image, self.path],
                        ["btrfs", "quota", "enable", self.path],
                        ["btrfs", "subvolume", "create", self.limited],
                        ["btrfs", "qgroup", "limit", "%dk" % kilobytes, self.limited]):
            try:
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True)
                failed = done.stdout if done.returncode != 0 else None
            except FileNotFoundError as error:
                failed = str(error)
            if failed is not None:
                self.__exit__()
                pytest.skip("no quotas here: " + failed)
        os.chmod(self.path, 0o755)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", self.path], stderr=subprocess.DEVNULL)
        os.rmdir(self.path)
        os.unlink(self.image)


@pytest.mark.parametrize("size", [4000, 2 << 20], ids=["small", "large"])
def test_a_file_system_s_quota_is_452_for_its_user_alone(size):
    with QuotaDisk(5 << 10) as disk:
        users = {"alice": {"home": os.path.join(disk.limited, "alice")}, "bob": {}}
        with Doorstep(users=users) as door:
            own_tree(door, disk.limited)
            body = ("q" * 79 + "\n") * (size // 80)
            good, bad = [], []
            while len(bad) < 3:
                assert len(good) < 2000
                text = tag()
                replies = door.send(message(text, body), to=["alice", "bob"])
                assert replies[0][:9] in ("250 2.0.0", "452 4.2.2"), replies
                assert replies[1].startswith("250 2.0.0")
                (good if replies[0].startswith("250") else bad).append(text)
                assert count_files(door, "alice") == len(good)
                assert count_files(door, "bob") == len(good) + len(bad)
            assert good
            got = door.messages("alice")
            assert [t for t in good if sum(t.encode() in m for m in got) != 1] == []
            no_leftovers(door, "alice")
            assert "Disk quota exceeded" in door.log()
            index_agrees(door)


def count_files(door, user):
    where = door.maildir(user) + "/new"
    return len(os.listdir(where)) if os.path.isdir(where) else 0


def store_on(disk):
    """A journal of at most 2 MB, and the index beside it."""
    return Doorstep(settings={"state_dir": os.path.join(disk.path, "state"),
                              "journal_segment_size": "1M", "journal_segments": 2,
                              "journal_message_limit": "128K"})


def test_a_full_store_disk_is_452_and_recovers():
    with Disk(12 << 10) as disk:
        door = store_on(disk)
        os.makedirs(os.path.join(disk.path, "state"))
        own_tree(door, disk.path)
        with door:
            kept = deliver(door, "alice")
            disk.fill()
            good, bad = [], []
            body = "x" * 70 + "\n"
            for _ in range(200):
                text = tag()
                reply, = door.send(message(text, body * 400), to=["alice"])
                assert reply[:9] in ("250 2.0.0", "452 4.3.1"), reply
                (good if reply.startswith("250") else bad).append(text)
                if len(bad) == 3:
                    break
            assert bad, "a disk without room took 200 messages"
            assert "No space left on device" in door.log()
            disk.empty()
            wait_for(lambda: door.send(message(tag()), to=["bob"])[0].startswith("250"), 20,
                     "delivery after room was made")
            for text in bad:
                assert door.send(message(text, body * 400), to=["alice"])[0].startswith("250")
            for text in good + bad + [kept]:
                assert count(door, "alice", text) == 1
            index_agrees(door)
            assert "was ended by signal" not in door.log()


def test_a_store_disk_that_is_full_at_start_is_4xx_and_recovers():
    with Disk(1024) as disk:
        door = store_on(disk)
        os.makedirs(os.path.join(disk.path, "state"))
        own_tree(door, disk.path)
        disk.fill()
        with door:
            replies = door.send(message(tag()), to=["alice"])
            assert replies[0][:6] in ("451 4.", "452 4."), replies
            assert "No space left on device" in door.log()
            disk.empty()
            serves_again(door)
            index_agrees(door)


# ---- a damaged index ----

def data_file(door):
    return door.at("state", "virtual", "index", "data.mdb")


def damage_zero(path):
    with open(path, "r+b") as file:
        file.write(b"\0" * 8192)


def damage_noise(path):
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        for at in range(0, size, 4096):
            file.seek(at + 16)
            file.write(os.urandom(2000))


def damage_cut(path):
    os.truncate(path, 5000)


def damage_empty(path):
    os.truncate(path, 0)


def damage_text(path):
    with open(path, "w") as file:
        file.write("this is no database\n" * 1000)


@pytest.mark.parametrize("damage", [damage_zero, damage_noise, damage_cut, damage_text])
def test_a_damaged_index_is_told_and_rebuilt(damage):
    with Doorstep() as door:
        kept = [deliver(door, "alice") for _ in range(20)]
        door.stop()
        damage(data_file(door))
        own(door, data_file(door))
        said = len(door.log())
        door.start()
        text = tag()
        reply, = door.send(message(text), to=["alice"])
        assert reply.startswith("451 4."), reply
        assert count(door, "alice", text) == 0
        log = door.log()[said:]
        assert "index rebuild" in log, log
        assert "was ended by signal" not in log
        listed = door.command("index", "list", "alice", check=False)
        assert listed.returncode > 0
        assert b"rebuild" in listed.stderr
        # It asks for what it needs; then it repairs.
        refused = door.command("index", "rebuild", check=False)
        if refused.returncode != 0:
            assert b"stop doorstepd first" in refused.stderr
            door.stop()
            door.command("index", "rebuild")
            door.start()
        serves_again(door)
        assert door.send(message(text), to=["alice"])[0].startswith("250")
        for each in kept + [text]:
            assert count(door, "alice", each) == 1
        index_agrees(door)
        assert b"rebuild" not in door.command("index", "list", "alice").stderr


def test_an_index_that_is_gone_is_made_again():
    with Doorstep() as door:
        kept = [deliver(door, "alice") for _ in range(5)]
        door.stop()
        shutil.rmtree(door.at("state", "virtual", "index"))
        door.start()
        reply = door.send(message(tag()), to=["alice"])[0]
        if not reply.startswith("250"):
            assert reply.startswith("451 4.")
            assert "index rebuild" in door.log()
        door.stop()
        door.command("index", "rebuild")
        door.start()
        serves_again(door)
        for text in kept:
            assert count(door, "alice", text) == 1
        index_agrees(door)


def test_an_empty_index_file_is_4xx_or_made_again():
    with Doorstep() as door:
        deliver(door, "alice")
        door.stop()
        damage_empty(data_file(door))
        door.start()
        reply = door.send(message(tag()), to=["alice"])[0]
        if not reply.startswith("250"):
            assert reply.startswith("451 4.")
            assert "index rebuild" in door.log()
        door.stop()
        door.command("index", "rebuild")
        door.start()
        serves_again(door)
        index_agrees(door)
