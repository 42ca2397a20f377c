# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["vacation", "variables", "fileinto"];
set "s" "Away";
redirect "else@example.net";
vacation :subject "${s}" "${s}";
fileinto "INBOX";
