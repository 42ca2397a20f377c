# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["fcc", "vacation", "mailbox", "ihave"];
vacation :fcc "Sent14" :create "I am away.";
error "Enough.";
