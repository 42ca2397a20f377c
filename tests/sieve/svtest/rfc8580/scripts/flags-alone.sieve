# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["vacation", "fcc", "imap4flags"];
vacation :flags "\\Seen" "I am away.";
