#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Doorstep and, if installed, Dovecot LMTP side by side on the same work.

Both durable, both with a ten-test Sieve script for every user and a storage
quota; each run gets directories of its own, which are left behind.  Figures of
a shared machine wander: only the ratio of one run is worth quoting.
"""
import argparse
import json
import os
import pwd
import grp
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))

SCRIPT = """require ["fileinto"];
if header :contains "subject" "[lists-a]" { fileinto "Lists"; }
elsif header :is "x-spam-flag" "YES" { fileinto "Junk"; }
elsif address :is :all "from" "boss@example.net" { fileinto "Boss"; }
elsif address :domain :is "from" "shop.example" { fileinto "Shop"; }
elsif header :matches "subject" "*invoice*" { fileinto "Invoices"; }
elsif header :contains "list-id" "announce" { fileinto "Announce"; }
elsif size :over 20M { fileinto "Large"; }
elsif exists "x-mailing-list" { fileinto "Lists"; }
elsif header :contains ["to", "cc"] "team@example.com" { fileinto "Team"; }
elsif header :is "precedence" "bulk" { fileinto "Bulk"; }
"""


def wait_for(path, process, name, limit=30):
    """Until a unix socket accepts, or its server has ended."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"{name} ended with status {process.returncode}: see its log")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
                s.connect(path)
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"{name} does not listen on {path}")


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Doorstep:
    name = "doorstep"

    def __init__(self, args, directory):
        self.address = f"{directory}/lmtp"
        conf = f"{directory}/doorstep.conf"
        script = f"{directory}/site.sieve"
        with open(script, "w", encoding="ascii") as f:
            f.write(SCRIPT)
        with open(conf, "w", encoding="ascii") as f:
            f.write(
                f'hostname = "bench.example.com"\n'
                f'runtime_dir = "{directory}/run"\nstate_dir = "{directory}/state"\n'
                f'sieve_default = "{script}"\nquota_storage = "10G"\n'
                f'virtual_user = "{args.user}"\nfirst_valid_uid = 1\n'
                f'user = "{args.user}"\nauth_user = "{args.user}"\n'
                f'log_level = "{args.log_level}"\n'
                f'listener "lmtp" {{ address = "unix:{self.address}" mode = "0666" }}\n'
                f'domain "example.com" {{ source = "static" home = "{directory}/mail/%n" }}\n'
            )
            for setting in args.set:
                key, value = setting.split("=", 1)
                f.write(f'{key} = "{value}"\n')
        os.mkdir(f"{directory}/mail")
        os.mkdir(f"{directory}/state")
        args.give(f"{directory}/mail")
        self.log = open(f"{directory}/log", "wb")
        self.process = subprocess.Popen(
            [f"{args.build}/o/doorstepd", "-x", f"{args.build}/o", "-c", conf],
            stdout=self.log, stderr=self.log,
        )
        wait_for(self.address, self.process, "doorstepd")


class Dovecot:
    name = "dovecot"

    def __init__(self, args, directory):
        self.address = f"{directory}/lmtp"
        conf = f"{directory}/dovecot.conf"
        script = f"{directory}/site.sieve"
        with open(script, "w", encoding="ascii") as f:
            f.write(SCRIPT)
        os.mkdir(f"{directory}/mail")
        args.give(f"{directory}/mail")
        args.give(directory)
        user = pwd.getpwnam(args.user)
        group = grp.getgrgid(user.pw_gid).gr_name
        with open(conf, "w", encoding="ascii") as f:
            f.write(
                f"base_dir = {directory}/run\nstate_dir = {directory}/state\n"
                f"log_path = {directory}/log\nprotocols = lmtp\n"
                f"default_internal_user = {args.user}\ndefault_internal_group = {group}\n"
                f"default_login_user = {args.user}\n"
                f"first_valid_uid = 1\nmail_uid = {user.pw_uid}\nmail_gid = {user.pw_gid}\n"
                f"passdb {{\n driver = static\n args = nopassword=y\n}}\n"
                f"userdb {{\n driver = static\n"
                f" args = home={directory}/mail/%n allow_all_users=yes\n}}\n"
                f"mail_location = maildir:~/Maildir\nmail_fsync = optimized\n"
                f"mail_plugins = quota\nprotocol lmtp {{\n mail_plugins = quota sieve\n}}\n"
                f"plugin {{\n quota = count:User quota\n quota_rule = *:storage=10G\n"
                f" quota_vsizes = yes\n sieve = {script}\n}}\n"
                f"service lmtp {{\n process_min_avail = 2\n process_limit = 200\n"
                f" unix_listener {directory}/lmtp {{\n  mode = 0666\n }}\n}}\n"
                f"service stats {{\n unix_listener stats-writer {{\n  mode = 0666\n }}\n}}\n"
                f"ssl = no\nsubmission_host =\npostmaster_address = postmaster@example.com\n"
            )
        subprocess.run(["sievec", script], check=False)
        self.process = subprocess.Popen(["dovecot", "-F", "-c", conf])
        wait_for(self.address, self.process, "dovecot")


def load(args, server, connections, messages):
    command = [
        f"{args.build}/o/doorstep-load", "-j", "-c", str(connections), "-n", str(messages),
        "-u", str(args.users), "-s", str(args.size), "-r", str(args.recipients),
        "-P", str(server.process.pid), "-p", "user%ld@example.com", f"unix:{server.address}",
    ]
    if not sys.stderr.isatty():
        command.insert(1, "-q")
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if not done.stdout:
        sys.exit(f"the load on {server.name} failed")
    return json.loads(done.stdout)


def measure(args, kind):
    directory = tempfile.mkdtemp(prefix=f"bench-{kind.name}-", dir=args.dir)
    os.chmod(directory, 0o755)
    server = kind(args, directory)
    try:
        load(args, server, args.connections, args.users)  # every mailbox made once
        results = {
            "busy": load(args, server, args.connections, args.messages),
            "single": load(args, server, 1, max(args.messages // 10, 500)),
            "wide": load(args, server, 100, args.messages // 2),
        }
    finally:
        stop(server.process)
    return results


def show(name, results):
    titles = {"busy": "busy", "single": "1 connection", "wide": "100 connections"}
    for key, r in results.items():
        print(
            f"{name:9} {titles[key]:16} {r['per_second']:8.0f}/s  p50 {r['p50_us'] / 1000:7.2f} ms"
            f"  p99 {r['p99_us'] / 1000:7.2f} ms  {r['cpu_us']:6.0f} us CPU"
            f"  {r['rss_kb'] / 1024:7.1f} MB  {r['refused']} refused"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.environ.get("DOORSTEP_BUILD", "."))
    parser.add_argument("--dir", default="/var/tmp", help="where the run directories are made")
    parser.add_argument("-c", "--connections", type=int, default=20)
    parser.add_argument("-n", "--messages", type=int, default=20000)
    parser.add_argument("-u", "--users", type=int, default=1000)
    parser.add_argument("-s", "--size", type=int, default=4096)
    parser.add_argument("-r", "--recipients", type=int, default=1)
    parser.add_argument("--peer-messages", type=int, default=4000, help="for the slower peer")
    parser.add_argument("--user", default="nobody", help="owner of the mail when run as root")
    parser.add_argument("--log-level", default="info")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--only", choices=["doorstep", "dovecot"])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    args.build = os.path.abspath(args.build)
    owner = pwd.getpwnam(args.user)
    args.give = lambda path: os.geteuid() == 0 and os.chown(path, owner.pw_uid, owner.pw_gid)

    results = {}
    if args.only != "dovecot":
        results["doorstep"] = measure(args, Doorstep)
    if args.only != "doorstep" and shutil.which("dovecot"):
        args.messages = args.peer_messages
        results["dovecot"] = measure(args, Dovecot)
    if args.json:
        print(json.dumps(results))
        return
    for name, r in results.items():
        show(name, r)
    if len(results) < 2:
        return
    ours, theirs = results["doorstep"], results["dovecot"]
    print(
        f"ratios: deliveries/s {ours['busy']['per_second'] / theirs['busy']['per_second']:.1f}x"
        f" (bar 5), CPU 1/{theirs['busy']['cpu_us'] / max(ours['busy']['cpu_us'], 1):.1f}"
        f" (bar 1/6), p50 at one connection "
        f"{ours['single']['p50_us'] / theirs['single']['p50_us']:.2f} (bar 0.5),"
        f" memory at 100 connections {ours['wide']['rss_kb'] / 1024:.0f} MB (bar 100)"
    )


if __name__ == "__main__":
    main()
