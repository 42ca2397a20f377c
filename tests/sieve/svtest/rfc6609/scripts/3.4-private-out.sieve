# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["include", "variables"];
include "sets-a";
if not string "${a}" "" { discard; }
