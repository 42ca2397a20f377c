# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["include", "variables"];
global ["a", "b", "c"];
set "a" "1";
set "b" "2";
set "c" "3";
