# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""RFC 7352 over time: what is remembered, for whom, for how long, and what is
not, in a real daemon that is stopped and killed in between."""

import itertools
import os
import signal
import time

import pytest

from doorstep import Doorstep, wait_for

_numbers = itertools.count(1)

HEAD = 'require ["duplicate", "fileinto", "variables"];\n'
PLAIN = HEAD + 'if duplicate { fileinto "Again"; }\n'


@pytest.fixture(scope="module")
def door():
    with Doorstep(users=("alice", "bob")) as d:
        yield d
        d.command("index", "verify")


def fresh():
    """An id that was never seen."""
    return "<%d.%d@example.net>" % (os.getpid(), next(_numbers))


def give(door, ident, user="alice", more="", expected="250"):
    """A message of that id; where it came to, or None when it was refused."""
    text = "tag %d." % next(_numbers)
    head = "Message-ID: %s\n" % ident if ident else ""
    reply, = door.send(("%s%sSubject: %s\n\nbody\n" % (head, more, text)).encode(), to=[user])
    assert reply.startswith(expected), reply
    found = [folder for folder in ("", "Again", "Other")
             if any(text.encode() in m for m in door.messages(user, folder))]
    return found[0] if found else None


def kill(door, pids):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def test_what_was_seen_is_known_again_and_nothing_else(door):
    door.write_script("alice", PLAIN)
    one, two = fresh(), fresh()
    assert [give(door, one), give(door, two)] == ["", ""]
    assert [give(door, one), give(door, two)] == ["Again", "Again"]
    # RFC 7352 3.1: case-sensitive, unfolded and trimmed; without an id never.
    assert give(door, one.upper()) == ""
    assert give(door, "\n  %s  " % one) == "Again"
    assert [give(door, ""), give(door, "")] == ["", ""]


def test_users_share_nothing(door):
    for user in ("alice", "bob"):
        door.write_script(user, PLAIN)
    ident = fresh()
    assert give(door, ident, "alice") == ""
    assert give(door, ident, "bob") == ""
    assert give(door, ident, "alice") == "Again"
    assert give(door, ident, "bob") == "Again"


def test_one_message_for_two_users_is_the_first_for_both(door):
    for user in ("alice", "bob"):
        door.write_script(user, PLAIN)
    ident = fresh()
    before = {user: len(door.messages(user)) for user in ("alice", "bob")}
    message = ("Message-ID: %s\nSubject: both\n\nbody\n" % ident).encode()
    assert [r[:3] for r in door.send(message, to=["alice", "bob"])] == ["250", "250"]
    assert all(len(door.messages(user)) == before[user] + 1 for user in before)


def test_a_handle_separates(door):
    door.write_script("alice", HEAD + 'if duplicate :handle "a" { fileinto "Again"; }\n')
    ident = fresh()
    assert give(door, ident) == ""
    assert give(door, ident) == "Again"
    for other in (':handle "b"', ':handle ""', "", ':handle "A"'):
        door.write_script("alice", HEAD + "if duplicate %s { fileinto \"Again\"; }\n" % other)
        assert give(door, ident) == "", other
        assert give(door, ident) == "Again", other


def test_all_sources_of_an_id_share_one_list(door):
    """RFC 7352 3.2: its three examples are equivalent."""
    ident = fresh()
    tests = ["duplicate", 'duplicate :header "message-id"', 'duplicate :uniqueid "%s"' % ident]
    for i, test in enumerate(tests):
        door.write_script("alice", HEAD + "if %s { fileinto \"Again\"; }\n" % test)
        assert give(door, ident) == ("" if i == 0 else "Again"), test


def test_an_id_may_be_another_field_or_made(door):
    door.write_script("alice", HEAD + 'if duplicate :header "X-Id" { fileinto "Again"; }\n')
    value = "v%d" % next(_numbers)
    assert give(door, fresh(), more="X-Id: %s\nX-Id: second\n" % value) == ""
    assert give(door, fresh(), more="X-Id: %s\nX-Id: third\n" % value) == "Again"
    assert give(door, fresh(), more="X-Id: third\n") == "", "only the first field counts"
    assert give(door, fresh()) == "", "without the field it is never one"
    assert give(door, fresh()) == ""
    door.write_script("alice", HEAD + 'if header :matches "subject" "tag*" { set "s" "x"; }\n'
                      'if duplicate :uniqueid "${s}-%s" { fileinto "Again"; }\n' % value)
    assert [give(door, fresh()), give(door, fresh())] == ["", "Again"]


def test_what_is_tested_twice_in_a_run_is_not_a_duplicate_of_itself(door):
    door.write_script("alice", HEAD + 'if allof (duplicate, true) { fileinto "Other"; }\n'
                      'if duplicate { fileinto "Again"; }\n')
    ident = fresh()
    assert give(door, ident) == ""
    assert give(door, ident) in ("Again", "Other")


def test_what_is_not_reached_is_not_remembered(door):
    door.write_script("alice", HEAD + 'if allof (false, duplicate) { discard; }\n')
    ident = fresh()
    assert give(door, ident) == ""
    door.write_script("alice", PLAIN)
    assert give(door, ident) == ""


def test_a_script_that_fails_remembers_nothing(door):
    ident = fresh()
    door.write_script("alice", HEAD + 'if duplicate { fileinto "Again"; }\nset "n" "";\n'
                      'fileinto "${n}";\n')
    assert [give(door, ident), give(door, ident)] == ["", ""]
    assert "a folder must have a name" in door.log()
    door.write_script("alice", PLAIN)
    assert give(door, ident) == ""
    assert give(door, ident) == "Again"


def test_a_delivery_that_fails_remembers_nothing(door):
    """What the sender tries once more must not be taken for a duplicate."""
    door.write_script("alice", PLAIN)
    assert give(door, fresh()) == ""
    ident = fresh()
    where = door.maildir("alice")
    for part in ("new", "tmp"):
        os.chmod(os.path.join(where, part), 0)
    try:
        assert give(door, ident, expected="4") is None
    finally:
        for part in ("new", "tmp"):
            os.chmod(os.path.join(where, part), 0o700)
    assert give(door, ident) == ""
    assert give(door, ident) == "Again"


def test_the_period_ends_and_runs_from_the_first_or_the_last(door):
    """Each with a handle of its own, so that all wait together."""
    tests = {"first": ":seconds 2", "last": ":seconds 2 :last", "long": ":seconds 3600",
             "never": ":seconds 0"}
    ident = fresh()

    def look():
        seen = set()
        for name, tags in tests.items():
            door.write_script("alice", HEAD + 'if duplicate :handle "%s" %s { fileinto "Again"; }\n'
                              % (name, tags))
            if give(door, ident) == "Again":
                seen.add(name)
        return seen

    begun = time.monotonic()
    assert look() == set()
    time.sleep(max(0, begun + 1 - time.monotonic()))
    middle = time.monotonic()
    seen = look()
    # On a machine that stood still the first period may be over already.
    if time.monotonic() - begun < 1.7:
        assert seen == {"first", "last", "long"}
    time.sleep(max(0, begun + 2.5 - time.monotonic()))
    seen = look()
    if time.monotonic() - middle < 1.7:
        assert "last" in seen, "the second one has made it last longer"
    assert "first" not in seen and "long" in seen and "never" not in seen
    if "last" in seen:
        time.sleep(2.3)
        assert "last" not in look()


def test_it_is_remembered_over_stop_and_kill(door):
    door.write_script("alice", PLAIN)
    idents = [fresh() for _ in range(3)]
    assert give(door, idents[0]) == ""
    door.stop()
    door.start()
    assert give(door, idents[0]) == "Again"
    assert give(door, idents[1]) == ""
    before = door.pids("deliver")
    kill(door, before)
    wait_for(lambda: door.pids("deliver") and door.pids("deliver") != before, 20, "another deliver")
    wait_for(lambda: is_served(door), 20, "it to serve")
    assert give(door, idents[1]) == "Again"
    assert give(door, idents[2]) == ""
    kill(door, [door.process.pid] + door.children(door.process.pid))
    door.process.wait()
    door.start()
    assert [give(door, ident) for ident in idents] == ["Again"] * 3


def is_served(door):
    try:
        return give(door, fresh(), "bob") is not None
    except (OSError, AssertionError):
        return False
