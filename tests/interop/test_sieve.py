# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Real deliveries with the own Sieve engine: what scripts ask of deliver, what
they make of a message, and what comes of it on disk."""

import os
import signal

from doorstep import Doorstep, wait_for

SETTINGS = {"sieve_engine": "doorstep", "log_level": "info"}
MESSAGE = (b"From: Joe <joe@example.net>\r\nTo: alice@example.org\r\nSubject: %s\r\n"
           b"Message-ID: <%s@example.net>\r\n\r\nHello\r\n")


def begin(script, **more):
    settings = dict(SETTINGS, **more.pop("settings", {}))
    return Doorstep(users=("alice",), scripts={"alice": script}, settings=settings, **more)


def give(door, subject="hello", ident="1"):
    return door.send(MESSAGE % (subject.encode(), ident.encode()), to=["alice@example.org"],
                     sender="joe@example.net")


def write_script(door, name, text, owner=True):
    where = os.path.join(door.home("alice"), "sieve")
    os.makedirs(where, exist_ok=True)
    path = os.path.join(where, name)
    with open(path + ".new", "w") as file:
        file.write(text)
    if owner and door.account:
        os.chown(where, door.account.pw_uid, door.account.pw_gid)
        os.chown(path + ".new", door.account.pw_uid, door.account.pw_gid)
    os.rename(path + ".new", path)
    return path


def again(door):
    door.stop()
    door.write_conf()
    door.start()


def folders(door):
    """Where the messages are: folder -> how many."""
    inbox = door.maildir("alice")
    names = [n[1:] for n in os.listdir(inbox) if n.startswith(".")] if os.path.isdir(inbox) else []
    found = {name: len(door.messages("alice", name)) for name in names}
    found["INBOX"] = len(door.messages("alice"))
    return {name: n for name, n in found.items() if n}


def test_an_included_script_is_run_and_its_change_is_noticed():
    with begin('require "include"; include "rules"; keep;') as door:
        write_script(door, "rules.sieve", 'require "fileinto"; fileinto "One"; stop;')
        give(door)
        assert folders(door) == {"One": 1}
        write_script(door, "rules.sieve", 'require "fileinto"; fileinto "Two, changed"; stop;')
        give(door)
        assert folders(door) == {"One": 1, "Two, changed": 1}


def test_a_missing_optional_script_is_noticed_once_it_is_there():
    with begin('require "include"; include :optional "later";') as door:
        give(door)
        assert folders(door) == {"INBOX": 1}
        write_script(door, "later.sieve", "discard;")
        give(door)
        assert folders(door) == {"INBOX": 1}
        os.unlink(os.path.join(door.home("alice"), "sieve", "later.sieve"))
        give(door)
        assert folders(door) == {"INBOX": 2}


def test_users_with_the_same_script_include_their_own():
    same = 'require "include"; include "rules";'
    with Doorstep(users=("alice", "bob"), scripts={"alice": same, "bob": same},
                  settings=SETTINGS) as door:
        write_script(door, "rules.sieve", 'require "fileinto"; fileinto "Hers";')
        where = os.path.join(door.home("bob"), "sieve")
        os.makedirs(where)
        with open(os.path.join(where, "rules.sieve"), "w") as file:
            file.write('require "fileinto"; fileinto "His";')
        if door.account:
            os.chown(os.path.join(where, "rules.sieve"), door.account.pw_uid, -1)
        for user in ("alice", "bob"):
            door.send(MESSAGE % (b"x", b"1"), to=[user + "@example.org"])
        assert len(door.messages("alice", "Hers")) == 1
        assert len(door.messages("bob", "His")) == 1


def test_global_scripts_are_found_where_the_site_has_them():
    with begin('require "include"; include :global "site";') as door:
        where = door.at("global")
        os.makedirs(where)
        with open(os.path.join(where, "site.sieve"), "w") as file:
            file.write('require "fileinto"; fileinto "Site";')
        os.chmod(where, 0o755)
        door.settings["sieve_global_dir"] = where
        again(door)
        give(door)
        assert folders(door) == {"Site": 1}


def test_errors_of_an_included_script_keep_the_message_and_name_it():
    with begin('require "include"; include "broken";') as door:
        write_script(door, "broken.sieve", "keep\n")
        give(door)
        assert folders(door) == {"INBOX": 1}
        assert "broken" in door.log()


def test_a_script_of_somebody_else_is_not_included():
    with begin('require "include"; include "rules";') as door:
        if door.account is None:
            return
        path = write_script(door, "rules.sieve", "discard;", owner=False)
        os.chown(path, 4711, 4711)
        give(door)
        assert folders(door) == {"INBOX": 1}


def test_reject_is_said_in_the_reply():
    with begin('require "reject"; reject text:\nPlease do not\nwrite to me.\n.\n;') as door:
        reply, = give(door)
        assert reply == "550-5.7.1 <alice@example.org> Please do not\n550 5.7.1 write to me."
        assert folders(door) == {}


def test_what_would_be_sent_is_kept_and_told():
    with begin('redirect "other@example.net";') as door:
        give(door)
        assert folders(door) == {"INBOX": 1}
        assert "asks for mail to be sent" in door.log()


def test_an_answer_that_would_be_sent_is_told_and_the_message_stays():
    with begin('require "vacation"; vacation "I am away";') as door:
        give(door)
        assert folders(door) == {"INBOX": 1}
        assert "asks for mail to be sent, not sent" in door.log()


def test_an_edited_header_is_what_is_stored():
    script = ('require ["editheader", "fileinto", "copy"]; fileinto :copy "Plain";\n'
              'addheader "X-Seen" "yes: ünd"; deleteheader "Subject"; fileinto "Changed";')
    with begin(script) as door:
        give(door)
        plain, = door.messages("alice", "Plain")
        changed, = door.messages("alice", "Changed")
        assert b"Subject: hello" in plain and b"X-Seen" not in plain
        assert b"Subject" not in changed and b"X-Seen: =?utf-8?" in changed
        assert changed.endswith(b"\nHello\n")
        assert door.command("index", "verify")


def test_an_edited_header_survives_a_kill():
    with begin('require "editheader"; addheader "X-Seen" "yes";') as door:
        give(door)
        for pid in [door.process.pid] + door.children(door.process.pid):
            os.kill(pid, signal.SIGKILL)
        door.process.wait()
        door.start()
        message, = door.messages("alice")
        assert message.count(b"X-Seen: yes") == 1


def test_a_duplicate_is_known_by_its_id_and_remembered_over_a_restart():
    with begin('require ["duplicate", "fileinto"]; if duplicate { fileinto "Again"; }') as door:
        give(door, ident="a")
        give(door, ident="b", subject="other")
        assert folders(door) == {"INBOX": 2}
        give(door, ident="a", subject="changed")
        assert folders(door) == {"INBOX": 2, "Again": 1}
        door.stop()
        door.start()
        give(door, ident="b", subject="changed too")
        assert folders(door) == {"INBOX": 2, "Again": 2}


def test_folders_and_their_use_can_be_asked_for():
    script = ('require ["mailbox", "special-use", "fileinto"];\n'
              'if mailboxexists "Work" { fileinto "Work"; }\n'
              'elsif specialuse_exists "\\\\Junk" { fileinto :specialuse "\\\\Junk" "Elsewhere"; }\n'
              'else { fileinto :create "Junk"; }')
    with begin(script, settings={"mailbox_autocreate": False}) as door:
        give(door)
        assert folders(door) == {"Junk": 1}
        give(door, subject="again")
        assert folders(door) == {"Junk": 2}


def test_lists_and_annotations_are_the_users_files():
    script = ('require ["extlists", "mboxmetadata", "fileinto"];\n'
              'if header :list "subject" ":addrbook:words" { fileinto "Listed"; }\n'
              'if metadata :is "INBOX" "/private/comment" "mine" { fileinto "Noted"; }')
    with begin(script) as door:
        write_script(door, "metadata", "INBOX\t/private/comment\tmine\n")
        os.makedirs(os.path.join(door.home("alice"), "sieve", "lists"))
        with open(os.path.join(door.home("alice"), "sieve", "lists", "words"), "w") as file:
            file.write("# words\nhello\n")
        give(door)
        assert folders(door) == {"Listed": 1, "Noted": 1}


def test_the_sites_scripts_frame_the_users_and_see_their_changes():
    with begin('require ["editheader", "imap4flags"]; addheader "X-Step" "two";\n'
               'addflag "two"; keep;') as door:
        for name, text in (
                ("before", 'require ["editheader", "imap4flags"];\n'
                           'addheader "X-Step" "one"; addflag "one";'),
                ("after", 'require ["fileinto", "imap4flags"];\n'
                          'if header :is "X-Step" "two" { fileinto "Seen both"; }')):
            with open(door.at(name + ".sieve"), "w") as file:
                file.write(text)
            door.settings["sieve_" + name] = [door.at(name + ".sieve")]
        again(door)
        give(door)
        message, = door.messages("alice", "Seen both")
        assert message.count(b"X-Step: one") == 1 and message.count(b"X-Step: two") == 1
        assert folders(door) == {"Seen both": 1}


def test_a_question_in_the_middle_holds_up_nobody():
    """Several messages wait in the filter's socket while it asks."""
    with begin('require ["mailbox", "fileinto"];\n'
               'if mailboxexists "Nope" { discard; } else { fileinto "Asked"; }',
               settings={"filter_processes": 1}) as door:
        clients = [door.client() for _ in range(8)]
        for client in clients:
            client.say("LHLO test")
            client.write("MAIL FROM:<a@example.net>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n")
        for client in clients:
            assert [client.reply()[:3] for _ in range(3)] == ["250", "250", "354"]
        for i, client in enumerate(clients):
            client.write((MESSAGE % (b"n%d" % i, b"n%d" % i)).decode() + ".\r\n")
        for client in clients:
            assert client.reply().startswith("250")
            client.close()
        wait_for(lambda: folders(door) == {"Asked": 8}, what="eight messages")


def test_a_script_is_used_on_mail_that_is_there():
    with begin("keep;") as door:
        for i in range(6):
            give(door, subject="number %d" % i, ident=str(i))
        wait_for(lambda: b"INBOX" in door.command("index", "list", "alice@example.org").stdout,
                 what="the index")
        door.command("index", "sync", "alice@example.org", check=False)
        wait_for(lambda: b"6 messages" in door.command("sieve", "filter", "alice@example.org", "INBOX",
                 write_script(door, "try.sieve", "keep;")).stdout, what="six messages")
        script = write_script(door, "sort.sieve", (
            'require ["fileinto", "imap4flags", "copy"];\n'
            'if header :is "subject" "number 1" { fileinto "One"; }\n'
            'if header :is "subject" "number 2" { discard; }\n'
            'if header :is "subject" "number 3" { addflag "\\\\Flagged"; keep; }\n'
            'if header :is "subject" "number 4" { fileinto :copy "Four"; keep; }\n'
            'if header :is "subject" "number 5" { redirect "x@example.net"; }\n'))
        words = ("sieve", "filter", "alice@example.org", "INBOX", script)
        before = folders(door)
        dry = door.command(*words).stdout.decode()
        assert "4 of 6 messages would be changed" in dry and "dry run" in dry
        assert folders(door) == before == {"INBOX": 6}
        done = door.command(*words, "--yes").stdout.decode()
        assert "4 messages filtered, 0 failed" in done
        assert folders(door) == {"INBOX": 4, "One": 1, "Four": 1}
        cur = os.listdir(os.path.join(door.maildir("alice"), "cur"))
        assert any(name.endswith(":2,F") for name in cur)
        # Once more: what is as the script wants it stays as it is.
        door.command(*words, "--yes")
        assert folders(door)["INBOX"] == 4 and len(door.messages("alice", "One")) == 1


def test_a_discarded_message_is_remembered_too():
    with begin('require ["duplicate", "fileinto"];\n'
               'if duplicate { fileinto "Again"; } else { discard; }') as door:
        give(door, ident="a")
        assert folders(door) == {}
        for pid in [door.process.pid] + door.children(door.process.pid):
            os.kill(pid, signal.SIGKILL)
        door.process.wait()
        door.start()
        give(door, ident="a", subject="changed")
        assert folders(door) == {"Again": 1}
