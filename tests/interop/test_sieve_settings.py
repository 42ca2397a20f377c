# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Settings of scripts: the same in a delivery, in `sieve check`, `sieve test`
and `sieve svtest`."""

import os
import subprocess

from doorstep import Doorstep, program

SETTINGS = {
    "sieve_extensions": ["-vacation", "-spamtestplus"],
    "sieve_global_extensions": ["editheader"],
    "sieve_max_actions": 2,
    "sieve_spamtest_status_header": "X-Spam: score=([0-9.]+)",
    "sieve_spamtest_max_value": "10",
    "sieve_virustest_status_type": "text",
    "sieve_virustest_status_header": "X-Virus",
    "sieve_virustest_text_value5": "bad",
    "sieve_variables_max_value_size": 4000,
    "sieve_editheader_protected": ["X-Fixed"],
    "log_level": "info",
}
MESSAGE = (b"From: Joe <joe@example.net>\r\nTo: %s@example.org\r\nSubject: hello\r\n"
           b"X-Spam: score=9.9 of many\r\nX-Virus: bad\r\n\r\nHello\r\n")
VERDICTS = """require ["spamtest", "virustest", "relational", "comparator-i;ascii-numeric",
  "fileinto"];
if allof (spamtest :value "ge" :comparator "i;ascii-numeric" "9",
          virustest :value "eq" :comparator "i;ascii-numeric" "5") { fileinto "Junk"; }
"""
MANY = 'require ["fileinto"]; fileinto "a"; fileinto "b"; fileinto "c";'
AWAY = 'require "vacation"; vacation "away";'
EDITS = 'require "editheader"; addheader "X-New" "new"; addheader "X-Fixed" "none";'
INCLUDES = 'require ["include", "fileinto"]; include :global "edits"; fileinto "Edited";'


def command(door, *args, text=""):
    return subprocess.run([program("doorstep"), "-c", door.conf, "sieve"] + list(args),
                          input=text, capture_output=True, text=True)


def give(door, user):
    door.send(MESSAGE % user.encode(), to=["%s@example.org" % user], sender="joe@example.net")


def test_settings_are_the_same_everywhere(tmp_path):
    users = {"verdicts": VERDICTS, "many": MANY, "away": AWAY, "edits": EDITS,
             "includes": INCLUDES}
    site = tmp_path / "site"
    site.mkdir()
    (site / "edits.sieve").write_text(EDITS)
    os.chmod(tmp_path, 0o755)
    for parent in tmp_path.parents:
        if str(parent).startswith("/tmp/"):
            os.chmod(parent, 0o755)
    message = tmp_path / "message.eml"
    message.write_bytes(MESSAGE % b"verdicts")
    settings = dict(SETTINGS, sieve_global_dir=str(site))
    with Doorstep(users=tuple(users), scripts=users, settings=settings) as door:
        for user in users:
            give(door, user)
        # spamtest and virustest
        assert len(door.messages("verdicts", "Junk")) == 1
        script = os.path.join(door.home("verdicts"), ".dovecot.sieve")
        assert "Junk" in command(door, "test", script, str(message)).stdout
        # a limit
        assert len(door.messages("many")) == 1
        assert "exceeds policy limit (3 > 2)" in door.log()
        got = command(door, "test", os.path.join(door.home("many"), ".dovecot.sieve"),
                      str(message))
        assert got.returncode == 65 and "(3 > 2)" in got.stdout + got.stderr
        # an extension that is off: told at check, an implicit keep at delivery
        assert len(door.messages("away")) == 1
        got = command(door, "check", os.path.join(door.home("away"), ".dovecot.sieve"))
        assert got.returncode == 65
        assert 'extension "vacation" (RFC 5230) is not allowed at this site' in got.stdout + got.stderr
        with open(os.path.join(door.home("away"), ".dovecot.sieve.log")) as file:
            assert "not allowed at this site" in file.read()
        # one that is the site's: not in a user's script, but in one that it includes
        assert b"X-New" not in door.messages("edits")[0]
        assert "only allowed to scripts of the site itself" in door.log()
        edited = door.messages("includes", "Edited")[0]
        assert b"X-New: new\n" in edited and b"X-Fixed" not in edited
        assert command(door, "check", str(site / "edits.sieve")).returncode == 0
        got = command(door, "check", os.path.join(door.home("edits"), ".dovecot.sieve"))
        assert got.returncode == 65
        # svtest starts from them, and sets its own
        test = tmp_path / "settings.svtest"
        test.write_text('''require ["vnd.dovecot.testsuite", "variables", "spamtest", "relational",
  "comparator-i;ascii-numeric"];
test_set "message" text:
From: a@example.org
X-Spam: score=10
X-Other: 3

.
;
test "of the site" {
	if not spamtest :value "eq" :comparator "i;ascii-numeric" "10" { test_fail "no"; }
	if test_script_compile "away.sieve" { test_fail "allowed"; }
}
test "of the test" {
	test_config_set "sieve_spamtest_status_header" "X-Other";
	test_config_set "sieve_spamtest_score_max_value" "3";
	test_config_reload;
	if not spamtest :value "eq" :comparator "i;ascii-numeric" "10" { test_fail "no"; }
	test_config_unset "sieve_spamtest_score_max_value";
	test_config_reload;
	if spamtest :value "eq" :comparator "i;ascii-numeric" "10" { test_fail "still"; }
}
''')
        (tmp_path / "away.sieve").write_text(AWAY)
        got = command(door, "svtest", str(test))
        assert got.stdout.endswith("2 passed, 0 failed\n"), got.stdout + got.stderr


def test_what_cannot_be_is_said_by_check(tmp_path):
    with_site = ["sieve_global_extensions=+vnd.dovecot.pipe"]
    for options, expected in (
            (["sieve_extensions=-vacatoin"], 'no extension "vacatoin": did you mean "vacation"?'),
            (with_site, "set that too"),
            (["sieve_spamtest_status_header=X: (", "sieve_spamtest_max_value=5"],
             'sieve_spamtest_status_header: "(": '),
            (["sieve_max_actions=1000"], "out of range: expected 1 to 256")):
        conf = tmp_path / "doorstep.conf"
        conf.write_text('listener "a" { address = "unix:/tmp/x" }\n'
                        'domain "example.org" { source = "passwd" }\n')
        args = [arg for option in options for arg in ("-o", option)]
        got = subprocess.run([program("doorstep"), "-c", str(conf)] + args + ["check"],
                             capture_output=True, text=True)
        assert got.returncode == 78 and expected in got.stderr, got
