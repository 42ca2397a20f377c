# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "variables";
if string "${a}" ["of the test", "of the run"] { discard; }
set "a" "of the run";
