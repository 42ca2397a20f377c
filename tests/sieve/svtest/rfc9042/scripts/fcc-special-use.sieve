# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["vacation", "fcc", "mailboxid", "special-use"];
vacation :fcc "Sent" :mailboxid "F1" :specialuse "\\Sent" "I am away.";
