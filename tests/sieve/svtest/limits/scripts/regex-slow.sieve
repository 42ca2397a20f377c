# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["regex", "fileinto", "mailbox"];
if header :regex "x-long" "^(a+)+$$" {
	discard;
}
if header :regex "x-long" "(a|aa)*(a|aa)*(a|aa)*b" {
	discard;
}
fileinto :create "late";
