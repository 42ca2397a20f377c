# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["imap4flags", "fileinto", "variables"];
fileinto :flags ["\\Recent", "\\Seen", "\\NoSuchSystemFlag", "a(b", "$Keyword", "kéy"] "Odd";
