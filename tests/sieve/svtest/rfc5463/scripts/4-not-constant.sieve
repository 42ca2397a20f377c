# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["ihave", "variables"];
set "a" "fileinto";
if ihave "${a}" { keep; }
