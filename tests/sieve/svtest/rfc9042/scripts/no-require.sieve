# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "fileinto";
fileinto :mailboxid "F1" "INBOX";
