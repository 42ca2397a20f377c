# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "variables";
if header :matches "subject" "*" { set "a" "${1}"; }
set "a" "${a} is no address";
redirect "${a}";
