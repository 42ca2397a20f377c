# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["include", "variables"];
global "a";
include "global-out";
if string "${a}" "of the included script" { keep; }
