# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""What real deliveries know of the envelope, the site and the mailboxes: what a
script that asks for it is told."""

import os

import pytest

from doorstep import Doorstep
from peers import Dovecot

MESSAGE = b"From: joe@example.net\r\nSubject: %s\r\n\r\nHello\r\n"

# Each writes what it was told into a flag, which an index row and a name show.
SCRIPTS = {
    "auth": 'require ["envelope", "fileinto"];\n'
            'if envelope :localpart "auth" "e=mc2" { fileinto "Physics"; }\n'
            'elsif envelope :count "ge" "auth" "1" { fileinto "Some"; }\n'.replace(
                '"fileinto"]', '"fileinto", "relational"]') +
            'else { fileinto "None"; }',
    "by": 'require ["envelope", "envelope-deliverby", "fileinto", "relational", "date",\n'
          '    "variables", "comparator-i;ascii-numeric"];\n'
          'if envelope :contains "bytimerelative" "-" { fileinto "Late"; stop; }\n'
          'if not envelope :count "eq" "bymode" "1" { fileinto "Any time"; stop; }\n'
          'if currentdate :matches "iso8601" "*" { set "now" "${1}"; }\n'
          'if allof (envelope "bymode" "return", envelope "bytrace" "trace",\n'
          '    envelope :comparator "i;ascii-numeric" :value "gt" "bytimerelative" "100",\n'
          '    envelope :comparator "i;ascii-numeric" :value "le" "bytimerelative" "120",\n'
          '    envelope :value "gt" "bytimeabsolute" "${now}") { fileinto "In time"; }',
    "orcpt": 'require ["envelope", "envelope-dsn", "fileinto", "variables"];\n'
             'if envelope :matches "orcpt" "*;*" { fileinto "${1}-${2}"; }',
    "address": 'require ["envelope", "fileinto"];\n'
               'if envelope :domain "orcpt" "old.example" { fileinto "Old"; }',
    "site": 'require ["environment", "vnd.dovecot.environment", "fileinto", "variables"];\n'
            'if environment :matches "vnd.dovecot.config.Folder" "*" { set "f" "${1}"; }\n'
            'if environment :matches "vnd.dovecot.username" "*" { set "u" "${1}"; }\n'
            'if environment :matches "vnd.dovecot.default-mailbox" "*" { set "m" "${1}"; }\n'
            'if environment :matches "vnd.dovecot.config.none" "*" { discard; stop; }\n'
            'fileinto "${f} ${u} ${m}";',
    "ids": 'require ["mailboxid", "fileinto"]; fileinto :mailboxid "%s" "Else";',
    "idtest": 'require ["mailboxid", "fileinto", "mailbox"];\n'
              'if mailboxidexists "%s" { fileinto "Is"; } else { fileinto "Is not"; }',
}


@pytest.fixture(scope="module")
def door():
    with Doorstep(users=tuple(SCRIPTS), scripts=SCRIPTS, settings={
            "sieve_engine": "doorstep", "recipient_delimiter": "",
            "sieve_environment": ["folder=From the site", "empty="]}) as door:
        yield door


def give(door, user, parameters="", rcpt=""):
    with door.client() as client:
        client.say("LHLO client.example.net")
        assert client.say("MAIL FROM:<joe@example.net>" + parameters).startswith("250")
        assert client.say("RCPT TO:<%s@example.org>%s" % (user, rcpt)).startswith("250")
        assert client.say("DATA").startswith("354")
        client.write((MESSAGE % os.urandom(4).hex().encode()).decode() + ".\r\n")
        assert client.reply().startswith("250")


def count(door, user, folder):
    return len(door.messages(user, folder))


def test_who_submitted_it(door):
    give(door, "auth", " AUTH=e+3Dmc2@example.com")
    give(door, "auth", " AUTH=joe")
    give(door, "auth", " AUTH=<>")
    give(door, "auth")
    assert count(door, "auth", "Physics") == 1
    assert count(door, "auth", "Some") == 1 and count(door, "auth", "None") == 2


def test_by_when_it_was_to_be_here(door):
    give(door, "by")
    give(door, "by", " BY=120;RT")
    give(door, "by", " BY=-5;N")
    assert count(door, "by", "Any time") == 1
    assert count(door, "by", "In time") == 1 and count(door, "by", "Late") == 1


def test_the_original_recipient_has_its_type(door):
    give(door, "orcpt", rcpt=" ORCPT=rfc822;jane+2Bbox@old.example")
    give(door, "orcpt", rcpt=" ORCPT=x400;some-where")
    give(door, "orcpt", rcpt=" ORCPT=UTF-8;j\\x{E4}ne@old.example")
    give(door, "orcpt")
    for folder in ("rfc822-jane+box@old.example", "x400-some-where"):
        where = folder.replace(".", "/").replace("/", ".")
        assert count(door, "orcpt", where) == 1, os.listdir(door.maildir("orcpt"))
    assert any(name.startswith(".UTF-8-j") for name in os.listdir(door.maildir("orcpt")))
    assert count(door, "orcpt", "") == 1


def test_only_an_address_of_mail_has_a_domain(door):
    give(door, "address", rcpt=" ORCPT=rfc822;a@old.example")
    give(door, "address", rcpt=" ORCPT=utf-8;a@old.example")
    give(door, "address", rcpt=" ORCPT=x400;a@old.example")
    assert count(door, "address", "Old") == 2 and count(door, "address", "") == 1


def test_what_the_site_says_to_its_scripts(door):
    give(door, "site")
    assert count(door, "site", "From the site site@example.org INBOX") == 1


@pytest.mark.skipif(not os.path.exists("/usr/sbin/dovecot"), reason="needs dovecot")
def test_a_folder_is_found_by_its_id_when_it_was_renamed(door):
    with Dovecot(door) as dovecot:
        for user in ("ids", "idtest"):
            with dovecot.imap(user + "@example.org") as imap:
                assert imap.create("Wanted")[0] == "OK"
                assert imap.select("Wanted")[0] == "OK"
            with open(os.path.join(door.maildir(user), ".Wanted", "dovecot-uidlist")) as file:
                ident = next(w[1:] for w in file.readline().split() if w.startswith("G"))
            give(door, user)
            door.write_script(user, SCRIPTS[user] % ident)
            with dovecot.imap(user + "@example.org") as imap:
                assert imap.rename("Wanted", "N&AOQ-chste.Stufe")[0] == "OK"
            give(door, user)
        assert count(door, "ids", "Else") == 1 and count(door, "ids", "N&AOQ-chste.Stufe") == 1
        assert count(door, "idtest", "Is not") == 1 and count(door, "idtest", "Is") == 1
        with dovecot.imap("ids@example.org") as imap:
            assert imap.select('"N&AOQ-chste.Stufe"')[1] == [b"1"]


KEYWORDS = ('require ["imap4flags", "fileinto"];\n'
            'fileinto :flags ["urgent", "$Forwarded", "\\\\Seen"] "Flagged";')


@pytest.mark.skipif(not os.path.exists("/usr/sbin/dovecot"), reason="needs dovecot")
def test_keywords_of_a_delivery_are_seen_by_imap(door):
    """In a folder that Dovecot has not opened yet, and in one with its own list."""
    door.write_script("site", KEYWORDS)
    give(door, "site")
    with Dovecot(door) as dovecot:
        with dovecot.imap("site@example.org") as imap:
            assert imap.select("Flagged")[1] == [b"1"]
            flags = imap.fetch("1", "(FLAGS)")[1][0]
            assert b"urgent" in flags and b"$Forwarded" in flags and b"\\Seen" in flags
            assert imap.store("1", "+FLAGS", "(mine)")[0] == "OK"
            assert imap.store("1", "-FLAGS", "(urgent)")[0] == "OK"
        door.write_script("site", KEYWORDS.replace("urgent", "later"))
        give(door, "site")
        with dovecot.imap("site@example.org") as imap:
            assert imap.select("Flagged")[1] == [b"2"]
            first, second = imap.fetch("1:2", "(FLAGS)")[1]
            assert b"mine" in first and b"urgent" not in first and b"later" not in first
            assert b"later" in second and b"mine" not in second
            assert imap.store("2", "+FLAGS", "(urgent)")[0] == "OK"
            assert b"urgent" in imap.fetch("2", "(FLAGS)")[1][0]
    for folder in (".Flagged",):
        names = os.listdir(os.path.join(door.maildir("site"), folder))
        assert not [name for name in names if name.endswith(".lock")]


@pytest.mark.skipif(not os.path.exists("/usr/sbin/dovecot"), reason="needs dovecot")
def test_mail_that_is_filtered_later_keeps_its_keywords(door):
    give(door, "address")
    with Dovecot(door) as dovecot:
        with dovecot.imap("address@example.org") as imap:
            count = int(imap.select("INBOX")[1][0])
            assert imap.store("1:*", "+FLAGS", "(one two)")[0] == "OK"
            # Another letter for the same keyword in the folder it goes to.
            assert imap.create("Sorted")[0] == "OK"
            assert imap.append("Sorted", "(three two)", None, MESSAGE % b"other")[0] == "OK"
        script = door.at("later.sieve")
        with open(script, "w") as file:
            file.write('require ["imap4flags", "fileinto"]; addflag "new"; fileinto "Sorted";')
        os.chmod(script, 0o644)
        door.command("sieve", "filter", "--yes", "address@example.org", "INBOX", script)
        with dovecot.imap("address@example.org") as imap:
            assert imap.select("Sorted")[1] == [b"%d" % (count + 1)]
            flags = [f for f in imap.fetch("1:*", "(FLAGS)")[1] if b"new" in f]
            assert len(flags) == count
            assert all(b"one" in f and b"two" in f and b"three" not in f for f in flags)
