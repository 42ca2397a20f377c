# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["include", "variables"];
include "count";
include :once "count";
if string "${global.count}" "x" { keep; }
