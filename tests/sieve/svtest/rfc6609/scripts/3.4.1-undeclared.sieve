# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["include", "variables"];
global "a";
set "a" "of the script";
include "sets-a";
if string "${a}" "of the script" { keep; }
