# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["fileinto", "copy", "reject"];
fileinto :copy "INBOX";
reject "No.";
