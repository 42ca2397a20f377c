# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["mailbox", "fileinto", "copy", "imap4flags"];
fileinto :create "New.Below.Deep";
