# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Power cuts: mail and store on a file system of their own (a loop device) that
is shut down under load without a log flush (FS_IOC_SHUTDOWN), so that all
that was only in memory is gone; then mounted again, and recovered.

The machine itself goes on, so the processes are given another boot id: what
recovery takes for "the page cache has survived" must not be true here."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
import uuid

import pytest

from doorstep import Doorstep
from sender import Sender, check_exactly_once, check_index

USERS = ["user%d" % i for i in range(8)]
ROUNDS = int(os.environ.get("DOORSTEP_SOAK_ROUNDS", "3"))
FS_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
BOOT_ID = "/proc/sys/kernel/random/boot_id"


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class Disk:
    # Of what a round writes, much is in large messages; the image is sparse.
    def __init__(self, kind, megabytes=400 + 250 * max(0, ROUNDS - 3)):
        self.path = tempfile.mkdtemp(prefix="disk.", dir="/var/tmp")
        self.image = os.path.join(self.path, "image")
        self.mount_point = os.path.join(self.path, "mnt")
        os.chmod(self.path, 0o755)
        os.mkdir(self.mount_point)
        with open(self.image, "wb") as f:
            f.truncate(megabytes << 20)
        made = run("mkfs." + kind, *(["-q", "-F"] if kind == "ext4" else ["-q"]), self.image)
        assert made.returncode == 0, made.stdout
        self.mount()
        os.chmod(self.mount_point, 0o755)

    def mount(self):
        done = run("mount", "-o", "loop", self.image, self.mount_point)
        if done.returncode != 0:
            pytest.skip("no loop mounts here: " + done.stdout)

    def cut_power(self):
        fd = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, FS_IOC_SHUTDOWN, NO_LOG_FLUSH.to_bytes(4, "little"))
        finally:
            os.close(fd)

    def umount(self):
        for _ in range(100):
            if run("umount", self.mount_point).returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError("the file system is still in use")

    def destroy(self):
        run("umount", self.mount_point)
        shutil.rmtree(self.path, ignore_errors=True)


def new_boot(door, disk):
    """The wrapper under which the daemon sees a boot id of its own."""
    fake = os.path.join(disk.path, "boot_id")
    with open(fake, "w") as f:
        f.write(str(uuid.uuid4()) + "\n")
    # exec, so that the pid stays the one that the test knows.
    door.wrapper = ["unshare", "-m", "sh", "-c",
                    "mount --bind %s %s && exec setpriv --reuid=%d --regid=%d --clear-groups \"$@\""
                    % (fake, BOOT_ID, door.mail_uid, door.mail_gid), "sh"]


def end_everything(door):
    pids = [door.process.pid] + door.children(door.process.pid)
    for pid in pids:
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            pass
    door.process.wait()
    for pid in pids[1:]:
        while os.path.exists("/proc/%d" % pid):
            time.sleep(0.01)


@pytest.mark.skipif(os.getuid() != 0, reason="loop mounts need root")
@pytest.mark.parametrize("durability", ["journal", "fsync"])
@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_nothing_acknowledged_is_lost_or_doubled_by_a_power_cut(kind, durability):
    disk = Disk(kind)
    settings = {"durability": durability, "journal_segment_size": "4M", "log_level": "info",
                "session_processes": 1}
    door = Doorstep(users=USERS, settings=settings,
                    directory=os.path.join(disk.mount_point, "door"))
    try:
        door.mail_uid, door.mail_gid = door.account.pw_uid, door.account.pw_gid
        door._as_account = lambda: {}
        door.log_path = os.path.join(disk.path, "log")
        sender = Sender(door.client, [u + "@example.org" for u in USERS], count=100000, threads=6,
                        lose=0.05, large=0.01)
        # Settings and users were written long before the power fails.
        os.sync()
        new_boot(door, disk)
        door.start()
        sender.start()
        for _ in range(ROUNDS):
            time.sleep(1.5)
            disk.cut_power()
            time.sleep(0.1)
            end_everything(door)
            disk.umount()
            disk.mount()
            new_boot(door, disk)
            door.start()
        time.sleep(0.5)
        sender.stop()
        # What had no answer is sent again until it has one.
        pending, sender.todo = sender.todo, []
        finish(door, sender, pending)
        assert door.stop() == 0
        check_exactly_once(door, USERS, sender)
        door.start()
        check_index(door, USERS)
        door.stop()
        print("%d messages, %d attempts" % (len(sender.acknowledged), sender.attempts))
    finally:
        if door.process is not None:
            end_everything(door)
        disk.destroy()


def finish(door, sender, pending):
    """Those that were in hand when the power went, not the whole rest."""
    last = max(sender.acknowledged)
    open_ones = [item for item in pending if item[0] <= last]
    again = Sender(door.client, sender.recipients, 0, threads=4)
    again.todo = open_ones
    again.message = sender.message
    again.start().join(60 + 15 * ROUNDS)
    for number, recipients in again.acknowledged.items():
        sender.acknowledged.setdefault(number, set()).update(recipients)
