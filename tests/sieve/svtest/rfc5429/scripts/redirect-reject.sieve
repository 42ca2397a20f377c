# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["reject"];
redirect "else@example.net";
reject "No.";
