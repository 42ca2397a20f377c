# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["envelope", "envelope-deliverby"];
if envelope :zone "+02:00" "bytimeabsolute" "x" { stop; }
