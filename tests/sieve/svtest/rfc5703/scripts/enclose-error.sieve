# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["enclose", "ihave"];
enclose :subject "Warning" "WARNING!";
error "Enough.";
