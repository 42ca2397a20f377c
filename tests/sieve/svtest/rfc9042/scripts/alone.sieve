# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["vacation", "fcc", "mailboxid"];
vacation :mailboxid "F1" "I am away.";
