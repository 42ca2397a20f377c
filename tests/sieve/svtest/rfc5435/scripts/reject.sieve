# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["enotify", "reject"];
notify "mailto:alm@example.com";
reject "No.";
