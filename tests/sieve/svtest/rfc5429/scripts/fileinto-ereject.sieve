# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["fileinto", "ereject"];
fileinto "INBOX";
ereject "No.";
