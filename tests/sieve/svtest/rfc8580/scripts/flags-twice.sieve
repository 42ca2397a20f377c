# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["vacation", "fcc", "imap4flags"];
vacation :fcc "Sent" :flags "a" :flags "b" "I am away.";
