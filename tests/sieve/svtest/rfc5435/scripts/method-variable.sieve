# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["enotify", "variables"];
set "m" "frop:alm@example.com";
notify "${m}";
