# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Programs of scripts (vnd.dovecot.pipe, .filter, .execute) in real deliveries:
what they get, what comes of it, and what may not be run."""

import os
import pwd
import shutil
import subprocess
import tempfile
import threading
import time

import pytest

from doorstep import Doorstep, program, wait_for

MESSAGE = b"From: Joe <joe@example.net>\r\nTo: x@example.org\r\nSubject: hello\r\n\r\nHello\r\nYou\r\n"
PROGRAMS = {
    "take": 'cat >"$HOME/taken.$$.tmp"; mv "$HOME/taken.$$.tmp" "$HOME/taken.$$"',
    "fail": "cat >/dev/null; echo broken >&2; exit 3",
    "args": 'printf "%s\\n" "$#" "$@" >"$HOME/args"',
    "environment": 'env | grep -v -e "^PWD=" -e "^_=" -e "^SHLVL=" | sort >"$HOME/environment"; '
                   'ls -l /proc/self/fd >"$HOME/fds"; pwd >"$HOME/pwd"; id -u >"$HOME/uid"; '
                   'trap >"$HOME/traps"; grep -e NoNewPrivs -e SigIgn -e SigBlk /proc/self/status '
                   '>"$HOME/status"',
    "hang": 'echo $$ >>"$HOME/hangs"; sleep 1000 & echo $! >>"$HOME/hangs"; wait',
    "mark": "tr -d '\\r' | sed 's/^Subject: .*/Subject: marked/'",
    "nothing": "cat >/dev/null",
    "upper": "tr a-z A-Z",
    "many": "head -c 3000000 /dev/zero | tr '\\0' x",
    "input": 'cat >"$HOME/input"; exit 0',
    "status": 'exit "$1"',
    "slow": 'echo + >>"$HOME/../running"; sleep 0.03; cat >/dev/null; echo - >>"$HOME/../running"',
    "leave": 'setsid sleep 3 & cat >/dev/null; echo left',
}
EXTENSIONS = ["+vnd.dovecot.pipe", "+vnd.dovecot.filter", "+vnd.dovecot.execute"]


@pytest.fixture(scope="module")
def site():
    """The programs, which belong to root."""
    path = tempfile.mkdtemp(prefix="doorstep-programs.", dir="/tmp")
    os.chmod(path, 0o755)
    for name, text in PROGRAMS.items():
        with open(os.path.join(path, name), "w") as file:
            file.write("#!/bin/sh\n%s\n" % text)
        os.chmod(os.path.join(path, name), 0o755)
    yield path
    shutil.rmtree(path)


def begin(site, scripts, **settings):
    settings = dict({"sieve_program_dir": site, "sieve_extensions": EXTENSIONS,
                     "log_level": "debug"}, **settings)
    return Doorstep(users=tuple(scripts), scripts=scripts, settings=settings)


def give(door, user, message=MESSAGE):
    return door.send(message, to=["%s@example.org" % user], sender="joe@example.net")


def text(door, user, name):
    with open(os.path.join(door.home(user), name), "rb") as file:
        return file.read()


def taken(door, user):
    home = door.home(user)
    return [text(door, user, name) for name in sorted(os.listdir(home))
            if name.startswith("taken.") and not name.endswith(".tmp")]


def counts(door, user, *folders):
    return [len(door.messages(user, folder)) for folder in folders]


R = 'require ["vnd.dovecot.pipe", "vnd.dovecot.filter", "vnd.dovecot.execute", "copy", ' \
    '"variables", "fileinto", "editheader", "ihave", "environment"];\n'


def test_what_programs_get_and_what_comes_of_it(site):
    scripts = {
        "pipe": R + 'pipe "take";',
        "copy": R + 'pipe :copy "take";',
        "edited": R + 'addheader "X-New" "new"; pipe "take";',
        "failing": R + 'pipe "fail";',
        "failing_copy": R + 'fileinto "F"; pipe :copy "fail";',
        "try": R + 'pipe :try "fail";',
        "try_copy": R + 'fileinto "F"; pipe :try :copy "fail";',
        "missing": R + 'pipe "nowhere";',
        "args": R + 'pipe :copy "args" ["one", "two words", "", "$(touch /tmp/x); *", "-e"];',
        "environment": R + 'pipe :copy "environment";',
        "filter": R + 'if filter "mark" { fileinto "Marked"; }',
        "filter_fails": R + 'if filter "fail" { discard; }',
        "filter_nothing": R + 'if filter "nothing" { discard; }',
        "filter_twice": R + 'filter "mark"; addheader "X-Two" "2"; filter "upper"; keep;',
        "execute": R + 'execute :pipe :output "v" "upper"; '
                       'if string :contains "${v}" "SUBJECT: HELLO" { fileinto "Up"; }',
        "execute_text": R + 'set "s" "abc"; execute :input "x${s}" :output "v" "upper"; '
                            'fileinto "${v}";',
        "execute_input": R + 'execute :pipe "input"; keep;',
        "execute_status": R + 'if not execute "status" "1" { if execute "status" "0" '
                              '{ fileinto "Both"; } }',
        "execute_none": R + 'if execute "nowhere" { discard; }',
        "many": R + 'if not execute :output "v" "many" { fileinto "TooMuch"; }',
        "leave": R + 'execute :output "v" "leave"; if string :contains "${v}" "left" { fileinto "Left"; }',
        "all": R + 'if filter "mark" { pipe :copy "take"; execute :output "v" "upper"; '
                   'fileinto "All"; }',
    }
    with begin(site, scripts) as door:
        for user in scripts:
            give(door, user)

        # pipe: the message with CRLF, what a script made of it, and nothing stored
        got = taken(door, "pipe")
        assert len(got) == 1 and got[0].endswith(MESSAGE) and got[0].startswith(b"Received: ")
        assert got[0].count(b"\n") == got[0].count(b"\r\n")
        assert counts(door, "pipe", "") == [0]
        assert counts(door, "copy", "") == [1] and len(taken(door, "copy")) == 1
        assert b"X-New: new\r\n" in taken(door, "edited")[0]
        # failures bring the keep back
        assert counts(door, "failing", "") == [1]
        assert counts(door, "failing_copy", "", "F") == [1, 1]
        assert counts(door, "try", "") == [1]
        assert counts(door, "try_copy", "", "F") == [0, 1]
        assert counts(door, "missing", "") == [1]
        log = door.log()
        assert "program %s/fail for failing@example.org says: broken" % site in log
        assert "program fail has failed, message kept in INBOX" in log
        assert b"program fail has failed" in text(door, "failing", ".dovecot.sieve.log")
        assert not os.path.exists(os.path.join(door.home("try"), ".dovecot.sieve.log"))
        # no shell, and nothing in the environment but what is said
        assert text(door, "args", "args") == b"5\none\ntwo words\n\n$(touch /tmp/x); *\n-e\n"
        home = door.home("environment")
        assert text(door, "environment", "environment").decode().splitlines() == sorted([
            "HOME=" + home, "HOST=door.example.org", "ORIG_RECIPIENT=",
            "PATH=/usr/local/bin:/usr/bin:/bin", "RECIPIENT=environment@example.org",
            "SENDER=joe@example.net", "USER=environment@example.org"])
        assert text(door, "environment", "pwd") == b"/\n"
        fds = [line.split()[8] for line in
               text(door, "environment", "fds").decode().splitlines()[1:]]
        assert sorted(fds) == ["0", "1", "2", "3"]  # 3 is the directory that ls reads
        assert int(text(door, "environment", "uid")) == door._uid()
        status = text(door, "environment", "status").decode().split()
        assert status[status.index("NoNewPrivs:") + 1] == "1"
        assert int(status[status.index("SigBlk:") + 1], 16) == 0
        assert int(status[status.index("SigIgn:") + 1], 16) == 0
        # filter
        assert b"Subject: marked\n" in door.messages("filter", "Marked")[0]
        assert b"\r" not in door.messages("filter", "Marked")[0]
        assert counts(door, "filter_fails", "") == [1]
        assert counts(door, "filter_nothing", "") == [1]
        twice = door.messages("filter_twice")[0]
        assert b"SUBJECT: MARKED\n" in twice and b"X-TWO: 2\n" in twice and b"HELLO" in twice
        # execute
        assert counts(door, "execute", "", "Up") == [0, 1]
        assert counts(door, "execute_text", "XABC") == [1]
        assert text(door, "execute_input", "input").endswith(MESSAGE)
        assert counts(door, "execute_status", "Both") == [1]
        assert counts(door, "execute_none", "") == [1]
        assert counts(door, "many", "TooMuch") == [1]
        assert "more than sieve_program_output_limit" in log
        assert counts(door, "leave", "Left") == [1]
        assert counts(door, "all", "All") == [1]
        assert b"Subject: marked\r\n" in taken(door, "all")[0]
        # every recipient of one message, each with its own programs
        before = len(taken(door, "copy"))
        door.send(MESSAGE, to=["%s@example.org" % user for user in ("all", "copy", "filter")],
                  sender="joe@example.net")
        assert counts(door, "all", "All") == [2] and counts(door, "filter", "Marked") == [2]
        assert len(taken(door, "copy")) == before + 1
        # a large message is not copied, and its bytes are the same
        large = MESSAGE + b"".join(b"line %d\r\n" % i for i in range(200000))
        give(door, "pipe", large)
        assert any(one.endswith(large) for one in taken(door, "pipe"))
        # nor what programs have made of one, through two of them and a third
        give(door, "filter_twice", large[:1000000])
        twice = door.messages("filter_twice")[1]
        assert b"SUBJECT: MARKED\n" in twice and b"\nLINE 70000\n" in twice
        assert b"\nX-TWO: 2\n" in twice and b"\r" not in twice
        give(door, "edited", large)
        got = [one for one in taken(door, "edited") if one.endswith(large)]
        assert len(got) == 1 and b"X-New: new\r\n" in got[0]
        # trials run nothing
        message = door.at("message.eml")
        with open(message, "wb") as file:
            file.write(MESSAGE)
        os.unlink(os.path.join(door.home("args"), "args"))
        got = subprocess.run([program("doorstep"), "-c", door.conf, "sieve", "test",
                              os.path.join(door.home("args"), ".dovecot.sieve"), message],
                             capture_output=True, text=True)
        assert got.returncode == 0 and "pipe" in got.stdout
        assert not os.path.exists(os.path.join(door.home("args"), "args"))


def test_a_program_that_hangs_is_killed_with_its_children(site):
    scripts = {"hangs": R + 'if not execute "hang" { fileinto "Late"; }',
               "pipes": R + 'pipe "hang";', "other": "keep;"}
    with begin(site, scripts, sieve_program_timeout="500ms", sieve_timeout="200ms") as door:
        started = threading.Thread(target=give, args=(door, "hangs"))
        started.start()
        hangs = os.path.join(door.home("hangs"), "hangs")
        wait_for(lambda: os.path.exists(hangs) and len(text(door, "hangs", "hangs").split()) == 2)
        # meanwhile others get theirs
        begun = time.monotonic()
        for _ in range(5):
            give(door, "other")
        assert time.monotonic() - begun < 0.4
        started.join()
        assert counts(door, "hangs", "", "Late") == [0, 1]
        for pid in text(door, "hangs", "hangs").split():
            wait_for(lambda: not is_alive(int(pid)), what="a child of the program to end")
        assert "sieve_program_timeout is over" in door.log()
        give(door, "pipes")
        assert counts(door, "pipes", "") == [1]


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def test_what_may_not_be_run_is_not(site):
    scripts = {name: R + 'pipe :try "%s"; ' % name for name in ("link", "owned", "open", "plain",
                                                                "directory")}
    for name in ("../take", "/bin/true", ".hidden", "a/b"):
        scripts["name%d" % len(scripts)] = R + 'set "n" "%s"; pipe "${n}";' % name
    scripts["argument"] = R + 'set "a" "a\nb"; pipe "args" ["${a}"];'
    users = list(scripts)
    path = tempfile.mkdtemp(prefix="doorstep-programs.", dir="/tmp")
    try:
        os.chmod(path, 0o755)
        os.symlink(os.path.join(site, "take"), os.path.join(path, "link"))
        os.mkdir(os.path.join(path, "directory"))
        for name, mode in (("owned", 0o755), ("open", 0o757), ("plain", 0o644), (".hidden", 0o755)):
            shutil.copy(os.path.join(site, "take"), os.path.join(path, name))
            os.chmod(os.path.join(path, name), mode)
        with begin(path, scripts) as door:
            for user in users:
                give(door, user)
            log = door.log()
            for user in users:
                if user != "owned":
                    assert taken(door, user) == [], user
                    assert counts(door, user, "") == [1], user
            assert "%s/link is not run: it is no regular file" % path in log
            assert "%s/open is not run: everybody may write to it" % path in log
            assert "%s/plain is not run: the owner of the mail may not execute it" % path in log
            assert not os.path.exists(os.path.join(door.home("argument"), "args"))
    finally:
        shutil.rmtree(path)


def test_nothing_is_run_by_default(site):
    scripts = {"alice": 'require "vnd.dovecot.pipe"; pipe "take";',
               "bob": 'require ["ihave", "fileinto"]; if ihave "vnd.dovecot.execute" '
                      '{ discard; } else { fileinto "None"; }'}
    with Doorstep(users=("alice", "bob"), scripts=scripts) as door:
        give(door, "alice")
        give(door, "bob")
        assert counts(door, "alice", "") == [1] and counts(door, "bob", "None") == [1]
        assert 'extension "vnd.dovecot.pipe" (Pigeonhole) is not allowed at this site' in door.log()


def test_no_more_than_the_limit_run_at_one_time(site):
    users = tuple("user%d" % i for i in range(10))
    with begin(site, {user: R + 'pipe "slow";' for user in users},
               sieve_program_processes=4) as door:
        given = [threading.Thread(target=give, args=(door, user)) for user in users * 10]
        for one in given:
            one.start()
        for one in given:
            one.join()
        with open(os.path.join(door.home("user0"), "..", "running")) as file:
            running, most = 0, 0
            for line in file.read().split():
                running += 1 if line == "+" else -1
                most = max(most, running)
        assert running == 0 and 2 <= most <= 4
        assert all(door.messages(user) == [] for user in users)


def test_a_lost_answer_does_not_run_the_program_again(site):
    with begin(site, {"alice": R + 'pipe "take";'}) as door:
        for _ in range(2):
            with door.client() as client:
                client.say("LHLO test")
                client.say("MAIL FROM:<joe@example.net>")
                client.say("RCPT TO:<alice@example.org>")
                client.say("DATA")
                client.write(MESSAGE + b".\r\n")
                wait_for(lambda: taken(door, "alice"), what="the program")
                wait_for(lambda: 'action="pipe"' in door.log() or "action=pipe" in door.log())
                client.socket.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: reset
        wait_for(lambda: "delivered before" in door.log(), what="the second try")
        assert len(taken(door, "alice")) == 1


def test_a_crash_kills_the_program_and_the_client_comes_again(site):
    with begin(site, {"alice": R + 'pipe "hang";'}, sieve_program_timeout="60s") as door:
        with door.client() as client:
            for line in ("LHLO test", "MAIL FROM:<joe@example.net>",
                         "RCPT TO:<alice@example.org>", "DATA"):
                client.say(line)
            client.write(MESSAGE + b".\r\n")
            hangs = os.path.join(door.home("alice"), "hangs")
            wait_for(lambda: os.path.exists(hangs) and
                     len(text(door, "alice", "hangs").split()) == 2)
            leader = int(text(door, "alice", "hangs").split()[0])
            with open("/proc/%d/stat" % leader) as file:
                deliver = int(file.read().rsplit(")", 1)[1].split()[1])
            os.kill(deliver, 9)
            assert client.reply().startswith("4")
            wait_for(lambda: not is_alive(leader), what="the program to end")
            assert door.messages("alice") == []
        for pid in text(door, "alice", "hangs").split():
            if is_alive(int(pid)):
                os.kill(int(pid), 9)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give privileges away")
def test_started_by_root_programs_run_as_the_owner_of_the_mail():
    nobody = pwd.getpwnam("nobody")
    path = tempfile.mkdtemp(prefix="doorstep-programs.", dir="/tmp")
    door = Doorstep(users={}, as_root=True, settings={
        "user": "daemon", "auth_user": "daemon", "virtual_user": "nobody", "first_valid_uid": 2,
        "sieve_program_dir": path, "sieve_extensions": EXTENSIONS})
    scripts = {"good": R + 'pipe :copy "environment";', "theirs": R + 'pipe "theirs";',
               "group": R + 'pipe "group";'}
    door.domains = {"virtual.example": {"source": "static", "home": door.at("home") + "/%n"}}
    try:
        os.chmod(path, 0o755)
        for name in ("environment", "theirs", "group"):
            with open(os.path.join(path, name), "w") as file:
                file.write("#!/bin/sh\n%s\n" % PROGRAMS["environment"])
            os.chmod(os.path.join(path, name), 0o775)
        os.chown(os.path.join(path, "theirs"), nobody.pw_uid, 0)
        os.chown(os.path.join(path, "group"), 0, nobody.pw_gid)
        for user, script in scripts.items():
            home = door.at("home", user)
            os.mkdir(home)
            with open(os.path.join(home, ".dovecot.sieve"), "w") as file:
                file.write(script)
            for name in (home, os.path.join(home, ".dovecot.sieve")):
                os.chown(name, nobody.pw_uid, nobody.pw_gid)
        door.write_conf()
        with door:
            for user in scripts:
                door.send(MESSAGE, to=["%s@virtual.example" % user], sender="joe@example.net")
            home = door.at("home", "good")
            with open(os.path.join(home, "uid")) as file:
                assert int(file.read()) == nobody.pw_uid
            with open(os.path.join(home, "status")) as file:
                assert "NoNewPrivs:\t1" in file.read()
            for user in scripts:
                where = os.path.join(door.at("home", user), "Maildir", "new")
                assert len(os.listdir(where)) == 1, user
                assert os.path.exists(os.path.join(door.at("home", user), "uid")) == \
                    (user == "good")
            log = door.log()
            assert "%s/theirs is not run: it belongs to the owner of the mail" % path in log
            assert "%s/group is not run: the owner of the mail may write to it" % path in log
    finally:
        shutil.rmtree(path)
