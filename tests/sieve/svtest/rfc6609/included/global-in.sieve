# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["include", "variables"];
global "a";
if string "${a}" "of the script" { redirect "other@example.net"; }
