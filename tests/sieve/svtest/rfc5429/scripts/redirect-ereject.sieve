# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["ereject"];
redirect "else@example.net";
ereject "No.";
