# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""A real Dovecot reads, flags, moves and expunges what Doorstep delivered; the
index and the quota follow."""

import pytest

from doorstep import Doorstep, wait_for
from peers import Dovecot
from test_postfix import make_message

FILE_BY_SUBJECT = """require ["fileinto", "imap4flags"];
if header :contains "subject" "list" { fileinto "Lists.friends"; }
elsif header :contains "subject" "münchen" { fileinto "Grüße"; }
elsif header :contains "subject" "seen" { addflag "\\\\Seen"; keep; }
"""


@pytest.fixture
def door():
    users = {"alice": {}, "bob": {"extra": "userdb_quota_rule=*:storage=100k"}}
    with Doorstep(users=users, scripts={"alice": FILE_BY_SUBJECT}) as door:
        yield door
        print(door.log())  # shown with a failure


def send(door, subject, user="alice", size=2000, seed=1):
    message = make_message(size, subject=subject, seed=seed)
    replies = door.send(message, to=[user])
    assert replies[0].startswith("250"), replies
    return message


def fetch_all(imap, folder):
    imap.select('"%s"' % folder)
    _, found = imap.uid("search", "all")
    result = {}
    for uid in found[0].split():
        _, parts = imap.uid("fetch", uid, "(FLAGS BODY.PEEK[])")
        result[uid] = (parts[0][0], parts[0][1])
    return result


def test_imap_lists_the_folders_and_fetches_every_byte(door):
    sent = {"INBOX": send(door, "plain", size=50000),
            "Lists.friends": send(door, "for the list"),
            "Gr&APwA3w-e": send(door, "nach münchen")}
    with Dovecot(door) as dovecot:
        imap = dovecot.imap("alice@example.org")
        _, names = imap.list()
        _, subscribed = imap.lsub()
        for folder, message in sent.items():
            assert any(folder.encode() in name for name in names), folder
            if folder != "INBOX":
                assert any(folder.encode() in name for name in subscribed), folder
            got = list(fetch_all(imap, folder).values())
            assert len(got) == 1
            assert got[0][1].replace(b"\r\n", b"\n").endswith(message)


def test_flags_that_a_script_set_are_seen(door):
    send(door, "seen already")
    with Dovecot(door) as dovecot:
        imap = dovecot.imap("alice@example.org")
        (head, _), = fetch_all(imap, "INBOX").values()
        assert b"\\Seen" in head


def test_pop3_retrieves_every_byte_and_sizes_agree(door):
    message = send(door, "plain", user="bob", size=20000)
    with Dovecot(door) as dovecot:
        pop3 = dovecot.pop3("bob@example.org")
        count, total = pop3.stat()
        assert count == 1
        _, lines, _ = pop3.retr(1)
        got = b"\n".join(lines) + b"\n"
        assert got.endswith(message)
        # ,W= in the name is what POP3 says without reading the file.
        assert total == len(got) + got.count(b"\n")
        pop3.dele(1)
        pop3.quit()
        wait_for(lambda: quota_of(door, "bob")[1] == 0, 20, "the quota to follow POP3's DELE")


def quota_of(door, user):
    door.command("quota", "recalc", door.address(user))
    text = door.command("quota", "get", door.address(user), "--json").stdout
    import json
    quota = json.loads(text)
    return quota["bytes"], quota["messages"]


def test_index_and_quota_follow_what_imap_changes(door):
    for i in range(6):
        send(door, "plain %d" % i, seed=i)
    with Dovecot(door) as dovecot:
        imap = dovecot.imap("alice@example.org")
        uids = sorted(fetch_all(imap, "INBOX"), key=int)
        imap.uid("store", uids[0], "+FLAGS", "(\\Flagged \\Seen)")
        imap.create("Archive")
        imap.uid("move", uids[1], "Archive")
        imap.uid("store", uids[2], "+FLAGS", "(\\Deleted)")
        imap.expunge()
        imap.logout()
    used, messages = quota_of(door, "alice")
    on_disk = door.messages("alice") + door.messages("alice", "Archive")
    assert messages == len(on_disk) == 5
    assert used == sum(map(len, on_disk))
    door.command("index", "verify", door.address("alice"))


def test_over_quota_ends_when_mail_is_expunged(door):
    """Nobody is refused on stale numbers (the mailbox is looked at first)."""
    for i in range(4):
        send(door, "plain", user="bob", size=22000, seed=i)
    refused = door.send(make_message(22000, seed=9), to=["bob"])
    assert refused[0].startswith("552 5.2.2"), refused
    with Dovecot(door) as dovecot:
        imap = dovecot.imap("bob@example.org")
        imap.select("INBOX")
        imap.store("1:3", "+FLAGS", "(\\Deleted)")
        imap.expunge()
        imap.logout()
    send(door, "plain", user="bob", size=22000, seed=10)
