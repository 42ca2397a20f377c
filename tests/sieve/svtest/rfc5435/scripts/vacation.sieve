# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["enotify", "vacation"];
notify "mailto:alm@example.com";
vacation "I am away.";
