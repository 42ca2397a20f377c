# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["include", "variables"];
include "namespace-set";
if string "${global.a}" "of the included script" { keep; }
