# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["fileinto", "mailboxid", "special-use"];
fileinto :mailboxid "F1" :specialuse "\\Junk" "INBOX";
