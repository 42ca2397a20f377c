# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""The doorstep command: what it says, and the status it ends with, as
doorstep(1) has them."""

import json
import os
import re
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from doorstep import Doorstep, is_built, program, wait_for  # noqa: E402

pytestmark = pytest.mark.skipif(not is_built(), reason="DOORSTEP_BUILD has no doorstepd")

OK, NO, USAGE, DATA, NOINPUT, NOUSER, UNAVAILABLE, TEMPFAIL, NOPERM, CONFIG = (
    0, 1, 64, 65, 66, 67, 69, 75, 77, 78)
SCRIPT = 'require "fileinto";\nif header :contains "subject" "list" {\n\tfileinto "Lists";\n}\n'


@pytest.fixture(scope="module")
def door():
    users = {"alice": {"extra": "userdb_quota_rule=*:storage=10k:messages=9"}, "bob": {}, "idle": {}}
    with Doorstep(users=users, scripts={"alice": SCRIPT}, aliases="team: alice, bob\n") as d:
        d.send(b"Subject: a list\nMessage-ID: <one@example.net>\nFrom: X <x@example.net>\n\nx\n",
               to=["alice", "bob"])
        yield d


def run(door, *args, **more):
    done = door.command(*args, check=False, **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("args", [
    (), ("nonsense",), ("-x", "status"), ("status", "more"), ("status", "--xml"), ("user",),
    ("user", "a", "b"), ("index",), ("index", "nonsense"), ("index", "list", "a", "b", "c"),
    ("index", "verify", "a", "b"), ("index", "sync"), ("quota",), ("quota", "get"),
    ("quota", "recalc"), ("quota", "nonsense", "a"), ("sieve",), ("sieve", "check"),
    ("sieve", "test", "a"), ("explain", "alice"), ("check", "more"), ("reload", "more"),
    ("stop", "more")])
def test_a_wrong_command_line_is_64_with_a_hint(door, args):
    status, out, err = run(door, *args)
    assert status == USAGE
    assert out == "" and "doorstep" in err


def test_help_and_version(door):
    status, out, _ = run(door, "-h")
    assert status == OK
    for name in ("check", "status", "user", "deliver", "index", "quota", "sieve", "explain"):
        assert re.search(r"^ *%s\b" % name, out, re.M), name
    assert run(door, "-V")[0] == OK


def test_check_tells_all_settings_or_the_line_that_is_wrong(door, tmp_path):
    status, out, _ = run(door, "check", "-v")
    assert status == OK
    assert re.search(r'^recipient_limit = "?1000"?$', out, re.M)
    wrong = tmp_path / "wrong.conf"
    wrong.write_text("hostname = x\nrecipent_limit = 5\n")
    done = subprocess.run([program("doorstep"), "-c", str(wrong), "check"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    assert done.returncode == CONFIG
    assert b"wrong.conf:2:" in done.stderr and b"recipient_limit" in done.stderr
    assert run(door, "-o", "recipient_limit=5", "check")[0] == CONFIG


def test_status_shows_every_process(door):
    status, out, _ = run(door, "status")
    assert status == OK
    for role in ("session", "directory", "deliver", "filter", "relay"):
        assert re.search(r"^%s .* running$" % role, out, re.M), role
    processes = json.loads(run(door, "status", "--json")[1])["processes"]
    assert {p["pid"] for p in processes if p["process"] == "filter"} == set(door.pids("filter"))


def test_user_shows_the_steps_and_tells_unknown_from_broken(door):
    status, out, _ = run(door, "user", "team@example.org")
    assert status == OK
    assert "name: alice@example.org" in out and "name: bob@example.org" in out
    assert "home: " + door.home("alice") in out and "quota_bytes: 10240" in out
    assert run(door, "user", "nobody@example.org")[0] == NOUSER
    os.rename(door.at("passwd"), door.at("passwd.gone"))
    try:
        status, _, err = run(door, "user", "alice@example.org")
        assert status == TEMPFAIL
        assert "passwd" in err
    finally:
        os.rename(door.at("passwd.gone"), door.at("passwd"))


def test_index_lists_users_mailboxes_and_messages(door):
    status, out, _ = run(door, "index", "sync", "alice@example.org")
    assert (status, out) == (OK, "the index is up to date\n")
    assert re.search(r"^ +1 +\d+ +alice@example.org$", run(door, "index", "list")[1], re.M)
    out = run(door, "index", "list", "alice@example.org")[1]
    assert re.search(r" Lists$", out, re.M)
    out = run(door, "index", "list", "alice@example.org", "Lists")[1]
    assert "a list" in out and "x@example.net" in out
    assert run(door, "index", "list", "alice@example.org", "None")[0] == NO
    assert run(door, "index", "list", "nobody@example.org")[0] == NOUSER
    assert run(door, "index", "sync", "nobody@example.org")[0] == NOUSER


def test_verify_finds_what_rebuild_repairs(door):
    assert run(door, "index", "verify", "alice@example.org")[0] == OK
    stray = os.path.join(door.maildir("bob"), "cur", "1700000000.stray.host:2,S")
    with open(stray, "w") as file:
        file.write("Subject: stray\n\n")
    os.chown(stray, door._uid(), door._gid())
    assert run(door, "index", "rebuild", "bob@example.org")[0] == OK
    assert run(door, "index", "verify", "bob@example.org")[0] == OK
    assert json.loads(run(door, "quota", "get", "bob@example.org", "--json")[1])["messages"] == 2
    assert run(door, "index", "rebuild")[0] == OK
    assert run(door, "index", "rebuild", "nobody@example.org")[0] == NOUSER


def test_quota_is_used_of_limit(door):
    quota = json.loads(run(door, "quota", "get", "alice@example.org", "--json")[1])
    (message,) = door.messages("alice", "Lists")
    assert quota == {"user": "alice@example.org", "bytes": len(message), "messages": 1,
                     "limit_bytes": 10240, "limit_messages": 9}
    assert "of 10240" in run(door, "quota", "get", "alice@example.org")[1]
    assert run(door, "quota", "recalc", "alice@example.org")[0] == OK
    assert run(door, "quota", "get", "idle@example.org")[0] == OK
    assert run(door, "quota", "get", "nobody@example.org")[0] == NOUSER


def test_sieve_check_and_test(door):
    for name, text, want in (("good", SCRIPT, OK), ("bad", "fileinto;\n", DATA),
                             ("mail", 'redirect "x@example.net";\n', OK)):
        status, out, err = run(door, "sieve", "check", door._write(name + ".sieve", text))
        assert status == want, name
    message = door._write("message", "Subject: my list\n\n")
    status, out, _ = run(door, "sieve", "test", door.at("mail.sieve"), message)
    assert status == OK and "redirect \"x@example.net\" (line 1" in out
    status, out, _ = run(door, "sieve", "test", door.at("good.sieve"), message)
    assert status == OK
    assert "Lists" in out and "3" in out
    assert run(door, "sieve", "test", door.at("none.sieve"), message)[0] == NOINPUT
    assert door.messages("alice") == []


def test_explain_names_script_and_line(door):
    status, out, _ = run(door, "explain", "alice@example.org", "<one@example.net>")
    assert status == OK
    assert re.search(r"^mailbox +Lists$", out, re.M)
    assert "fileinto, by %s:3" % os.path.join(door.home("alice"), ".dovecot.sieve") in out
    status, out, _ = run(door, "explain", "--json", "bob@example.org", "one@example.net")
    (found,) = json.loads(out)
    assert (found["action"], found["script"], found["mailbox"]) == ("implicit keep", "", "INBOX")
    assert run(door, "explain", "alice@example.org", "<none@example.net>")[0] == NO
    assert run(door, "explain", "nobody@example.org", "<one@example.net>")[0] == NOUSER


@pytest.mark.skipif(os.getuid() != 0, reason="needs another account")
def test_others_may_ask_nothing(door):
    more = {"user": 2, "group": 2, "extra_groups": []}
    os.chmod(door.conf, 0o644)
    for args in (("status",), ("user", "alice@example.org"), ("reload",), ("stop",)):
        assert run(door, *args, **more)[0] in (NOPERM, UNAVAILABLE), args
    assert door.process.poll() is None


def test_without_the_server_it_is_69_and_reading_goes_on():
    with Doorstep() as door:
        door.send(b"Subject: x\nMessage-ID: <m@example.net>\n\n", to=["alice"])
        door.stop()
        for args in (("status",), ("user", "alice"), ("reload",), ("stop",),
                     ("index", "sync", "alice@example.org")):
            status, _, err = run(door, *args)
            assert status == UNAVAILABLE, args
            assert "doorstepd" in err
        assert run(door, "explain", "alice@example.org", "m@example.net")[0] == OK
        assert run(door, "quota", "get", "alice@example.org")[0] == OK
        assert run(door, "index", "rebuild", "alice@example.org")[0] == OK
        assert run(door, "index", "verify")[0] == OK
        door.start()
        assert run(door, "reload")[:2] == (OK, "reloaded\n")
        assert run(door, "stop")[0] == OK
        wait_for(lambda: door.process.poll() == 0, 20, "doorstepd to end")
