# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["include", "variables"];
set "a" "our own";
set "global.a" "global";
if allof (string "${a}" "our own", string "${global.a}" "global") { keep; }
