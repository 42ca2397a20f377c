# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""doorstep deliver against a real doorstepd, and against one that misbehaves."""

import os
import pwd
import socket
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import doorstep  # noqa: E402

pytestmark = pytest.mark.skipif(not doorstep.is_built(), reason="DOORSTEP_BUILD has no doorstepd")

MESSAGE = b"Subject: by hand\n\nline\n"
OK, USAGE, NOUSER, TEMPFAIL, NOPERM = 0, 64, 67, 75, 77


@pytest.fixture(scope="module")
def door():
    # carol's one byte of room is less than any message.
    users = {"alice": {}, "bob": {}, "carol": {"extra": "userdb_quota_rule=*:bytes=1"}, "dave": {}}
    scripts = {"dave": 'if header "subject" "by hand"\n{\n\tdiscard;\n}\n'}
    with doorstep.Doorstep(users=users, scripts=scripts,
                           settings={"message_size_limit": "8M"}) as d:
        yield d


def lda(door, *args, message=MESSAGE, **more):
    result = door.command("deliver", *args, check=False, input=message, **more)
    return result.returncode, result.stderr.decode()


def newest(door, user, folder=""):
    return door.messages(user, folder)[-1]


def body(message):
    return message.split(b"\n\n", 1)[1]


def test_message_is_delivered(door):
    before = len(door.messages("alice"))
    assert lda(door, "-d", "alice", "-f", "s@example.net") == (OK, "")
    assert len(door.messages("alice")) == before + 1
    got = newest(door, "alice")
    assert got.startswith(b"Return-Path: <s@example.net>\n")
    assert b"\nSubject: by hand\n\nline\n" in got


def test_full_address_and_null_sender(door):
    for sender in ((), ("-f", ""), ("-f", "<>")):
        assert lda(door, "-d", "alice@example.org", *sender) == (OK, "")
        assert newest(door, "alice").startswith(b"Return-Path: <>\n")


def test_original_recipient_is_kept(door):
    assert lda(door, "-d", "alice", "-a", "al+x y=z@example.com")[0] == OK
    assert b"\nX-Original-To: al+x y=z@example.com\n" in newest(door, "alice")
    assert lda(door, "-d", "alice", "-r", "final@example.com")[0] == OK
    assert b"\nX-Original-To: final@example.com\n" in newest(door, "alice")
    assert lda(door, "-d", "alice", "-a", "\u00e4@example.com")[0] == OK
    assert "\nX-Original-To: \u00e4@example.com\n".encode() in newest(door, "alice")
    assert lda(door, "-d", "alice", "-a", "x" * 2000 + "@example.com")[0] == OK


def test_folder_is_made(door):
    assert lda(door, "-d", "bob", "-m", "Lists.proj")[0] == OK
    assert body(newest(door, "bob", "Lists.proj")) == b"line\n"
    assert lda(door, "-d", "bob", "-m", "Entw\u00fcrfe & =+")[0] == OK
    assert body(newest(door, "bob", "Entw&APw-rfe &- =+")) == b"line\n"
    before = len(door.messages("bob"))
    assert lda(door, "-d", "bob", "-m", "INBOX")[0] == OK
    assert lda(door, "-d", "bob", "-m", "")[0] == OK
    assert len(door.messages("bob")) == before + 2


@pytest.mark.parametrize("given, stored", [
    (b"Subject: x\n\nbody without end", b"body without end\n"),
    (b"Subject: x\r\n\r\nboth\r\nkinds\n", b"both\nkinds\n"),
    (b"Subject: x\n\n.\n..\n.a\n", b".\n..\n.a\n"),
    (b"Subject: x\n\na\rb\n", b"a\rb\n"),
    (b"Subject: x\n\nends in cr\r", b"ends in cr\r\n"),
    (b"Subject: x\n\n\x00\xff\n", b"\x00\xff\n"),
    (b"Subject: x\n\nFrom here\n", b"From here\n"),
    (b"From s@example.net Mon Jan  1 00:00:00 2026\nSubject: x\n\nb\n", b"b\n"),
    (b"From s Mon\r\nSubject: x\r\n\r\nb\r\n", b"b\n"),
])
def test_lines_arrive_as_they_are(door, given, stored):
    assert lda(door, "-d", "alice", message=given) == (OK, "")
    assert body(newest(door, "alice")) == stored


def test_mbox_line_is_dropped(door):
    assert lda(door, "-d", "alice", message=b"From x\n" + MESSAGE)[0] == OK
    assert b"\nFrom x" not in newest(door, "alice")
    # "Fro" alone is no such line, though it begins like one.
    assert lda(door, "-d", "alice", message=b"Fro: x\n\nb\n")[0] == OK
    assert b"\nFro: x\n\nb\n" in newest(door, "alice")
    assert lda(door, "-d", "alice", message=b"Fro")[0] == OK
    assert newest(door, "alice").endswith(b"\nFro\n")


def test_empty_message(door):
    assert lda(door, "-d", "alice", message=b"")[0] == OK


def test_five_megabytes(door):
    text = b"Subject: large\n\n" + b".%070d\n" % 7 * (5 * 1024 * 1024 // 72)
    assert lda(door, "-d", "alice", message=text) == (OK, "")
    assert body(newest(door, "alice")) == body(text)


def test_message_from_a_file(door, tmp_path):
    path = str(tmp_path / "message")
    with open(path, "wb") as file:
        file.write(b"Subject: f\n\nfrom a file\n")
    os.chmod(path, 0o644)
    for top in [tmp_path, *tmp_path.parents]:
        if not top.stat().st_mode & 0o001:
            os.chmod(top, 0o755)
    assert lda(door, "-d", "alice", "-p", path)[0] == OK
    assert body(newest(door, "alice")) == b"from a file\n"
    assert lda(door, "-d", "alice", "-p", path + ".none")[0] == TEMPFAIL


def test_unknown_user(door):
    for name in ("nobody-here", "x@elsewhere.example", "al ice", "a@b@c", "alice@exa mple"):
        status, text = lda(door, "-d", name)
        assert status == NOUSER, name
        assert text != ""


def test_over_quota_is_refused(door):
    status, text = lda(door, "-d", "carol", "-e")
    assert status == NOPERM
    assert "5.2.2" in text
    assert door.messages("carol") == []


def test_discard_is_explained_in_the_log(door):
    assert lda(door, "-d", "dave") == (OK, "")
    assert door.messages("dave") == []
    lines = [l for l in door.log().splitlines() if " delivery " in l and "to=dave" in l]
    assert len(lines) == 1
    assert " action=discard " in lines[0]
    assert " script=%s " % os.path.join(door.home("dave"), ".dovecot.sieve") in lines[0]
    assert " line=" in lines[0]


def test_too_large_is_refused(door):
    status, text = lda(door, "-d", "alice", message=b"x" * 70 + b"\n" + b"y" * 9 * 1024 * 1024)
    assert status == NOPERM
    assert "5.3.4" in text


@pytest.mark.parametrize("args", [
    ("-d", ""), ("-d", "alice\r\nRSET"), ("-x",), ("-d",), ("-d", "alice", "more"),
    ("-d", "alice", "-f", "a b@c"), ("-d", "alice", "-f", "x>\r\nRSET"),
    ("-d", "alice", "-a", "x\ny"), ("-d", "alice", "-m", "x\ny"), ("-d", "alice", "-m", "x" * 1001),
    ("-d", "alice", "-m", b"\xff"),
])
def test_usage(door, args):
    before = len(door.messages("alice"))
    assert lda(door, *args)[0] == USAGE
    assert len(door.messages("alice")) == before


def test_flags_of_dovecot_are_taken(door):
    assert lda(door, "-k", "-e", "-c", door.conf, "-d", "alice", "-f", "s@example.net",
               "-a", "alice@example.org", "-m", "INBOX")[0] == OK


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become somebody")
def test_others_may_not_deliver_to_somebody(door):
    stranger = pwd.getpwnam("daemon")
    status, text = lda(door, "-d", "alice", user=stranger.pw_uid, group=stranger.pw_gid)
    assert status == NOPERM
    assert "5.7.1" in text


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become somebody")
def test_without_d_it_is_the_caller():
    account = pwd.getpwnam("nobody")
    with doorstep.Doorstep(users=(account.pw_name,)) as door:
        assert lda(door, user=account.pw_uid, group=account.pw_gid) == (OK, "")
        assert len(door.messages(account.pw_name)) == 1


def test_daemon_down():
    door = doorstep.Doorstep()
    assert lda(door, "-d", "alice")[0] == TEMPFAIL
    door.start()
    door.stop()
    assert lda(door, "-d", "alice")[0] == TEMPFAIL
    assert door.messages("alice") == []


def test_no_listener_and_no_settings(tmp_path):
    conf = tmp_path / "doorstep.conf"
    for text in ("", "no such thing\n"):
        conf.write_text(text)
        result = subprocess.run([doorstep.program("doorstep"), "-c", str(conf), "deliver", "-d",
                                 "alice"], input=MESSAGE, stderr=subprocess.PIPE, timeout=60)
        assert result.returncode == TEMPFAIL
        assert result.stderr != b""


class Server:
    """Says the given replies, the first at once, each other after a line (or a
    message) of the client's; closes after the last."""

    def __init__(self, path, replies):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.replies = replies
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        peer, _ = self.listener.accept()
        file = peer.makefile("rb")
        in_data = False
        for number, reply in enumerate(self.replies, 1):
            try:
                peer.sendall(reply)
            except BrokenPipeError:
                break
            in_data = reply.startswith(b"354")
            if number == len(self.replies) and not in_data:
                break
            line = file.readline()
            while in_data and line not in (b".\r\n", b""):
                line = file.readline()
        file.close()
        peer.close()
        self.listener.close()


GOOD = [b"220 x\r\n", b"250-x\r\n250 SIZE\r\n", b"250 2.1.0 ok\r\n", b"250 2.1.5 ok\r\n",
        b"354 go\r\n"]


@pytest.mark.parametrize("replies, want", [
    (GOOD + [b"250 2.0.0 ok\r\n"], OK),
    # The answer after QUIT is nobody's business any more.
    (GOOD + [b"250 2.0.0 ok\r\n", b"garbage\r\n"], OK),
    ([], TEMPFAIL),
    ([b"554 5.3.2 go away\r\n"], TEMPFAIL),
    ([b"421 4.3.2 later\r\n"], TEMPFAIL),
    (GOOD[:1] + [b"550 5.7.1 no\r\n"], TEMPFAIL),
    (GOOD[:2] + [b"550 5.1.8 bad sender\r\n"], NOPERM),
    (GOOD[:3] + [b"451 4.3.0 later\r\n"], TEMPFAIL),
    (GOOD[:3] + [b"550 5.1.1 who\r\n"], NOUSER),
    (GOOD[:3] + [b"550 5.1.10 where\r\n"], NOUSER),
    (GOOD[:3] + [b"501 5.5.4 what\r\n"], TEMPFAIL),
    (GOOD[:3] + [b"550 no code\r\n"], TEMPFAIL),
    (GOOD[:3] + [b"252 maybe\r\n"], TEMPFAIL),
    (GOOD[:4] + [b"503 5.5.1 order\r\n"], TEMPFAIL),
    (GOOD[:4] + [b"250 2.0.0 not yet\r\n"], TEMPFAIL),
    (GOOD, TEMPFAIL),
    (GOOD + [b"250"], TEMPFAIL),
    (GOOD + [b"25\r\n"], TEMPFAIL),
    (GOOD + [b"250-2.0.0 and\r\n"], TEMPFAIL),
    (GOOD + [b"354 more\r\n"], TEMPFAIL),
    (GOOD + [b"452 4.2.2 full\r\n"], TEMPFAIL),
    (GOOD + [b"552 5.2.2 full\r\n"], NOPERM),
    (GOOD + [b"550 5.1.1 gone\r\n"], NOUSER),
    (GOOD + [b"x" * 100000], TEMPFAIL),
])
def test_answers_and_their_status(tmp_path, replies, want):
    path = str(tmp_path / "lda")
    conf = tmp_path / "doorstep.conf"
    conf.write_text('listener "lda" {\n\tprotocol = lda\n\taddress = "unix:%s"\n}\n' % path)
    server = Server(path, replies)
    result = subprocess.run([doorstep.program("doorstep"), "-c", str(conf), "deliver", "-d",
                             "alice"], input=MESSAGE, stderr=subprocess.PIPE, timeout=60)
    server.thread.join()
    assert result.returncode == want, result.stderr
    assert (result.stderr == b"") == (want == OK)


def test_unreadable_input_ends_nothing(tmp_path):
    """A directory cannot be read: the server must not see the end of DATA."""
    path = str(tmp_path / "lda")
    conf = tmp_path / "doorstep.conf"
    conf.write_text('listener "lda" {\n\tprotocol = lda\n\taddress = "unix:%s"\n}\n' % path)
    server = Server(path, GOOD)
    result = subprocess.run([doorstep.program("doorstep"), "-c", str(conf), "deliver", "-d",
                             "alice", "-p", str(tmp_path)], stderr=subprocess.PIPE)
    server.thread.join()
    assert result.returncode == TEMPFAIL
    assert b"cannot be read" in result.stderr
