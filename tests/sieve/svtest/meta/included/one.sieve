# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["variables", "include"];
global "found";
set "found" "file";
