# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["include", "variables"];
include "count";
include "count-once";
if string "${global.count}" "x" { keep; }
