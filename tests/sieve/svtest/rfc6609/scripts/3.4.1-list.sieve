# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["include", "variables"];
global ["a", "c"];
global "b";
include "global-list";
if string "${a}${b}${c}" "123" { keep; }
