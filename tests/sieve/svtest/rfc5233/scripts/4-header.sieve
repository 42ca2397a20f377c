# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "subaddress";
if header :user "to" "a" { keep; }
