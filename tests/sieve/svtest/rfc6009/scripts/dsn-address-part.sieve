# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["envelope", "envelope-dsn"];
if envelope :localpart "notify" "NEVER" { stop; }
