# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["copy", "reject"];
reject "No.";
redirect :copy "else@example.net";
