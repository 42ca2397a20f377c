# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["imap4flags", "fileinto", "variables"];
addflag "\\Seen";
if header :contains "from" "boss@frobnitzm.example.edu" {
	setflag "flagvar" "\\Flagged";
	fileinto :flags "${flagvar}" "INBOX.From Boss";
}
