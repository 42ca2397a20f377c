# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["fileinto", "reject"];
reject "No.";
fileinto "INBOX";
