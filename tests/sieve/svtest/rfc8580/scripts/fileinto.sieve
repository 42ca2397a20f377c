# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["fcc", "fileinto"];
fileinto :fcc "Sent" "INBOX";
