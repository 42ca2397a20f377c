# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["envelope", "envelope-deliverby"];
if envelope :zone "CEST" "bytimeabsolute" "x" { stop; }
