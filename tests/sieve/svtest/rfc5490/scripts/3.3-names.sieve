# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "mboxmetadata";
if metadata "INBOX" ["/private/comment", "/private/a"] "a" { keep; }
