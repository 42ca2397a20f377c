# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "relational";
if header :value "gt" :count "gt" "x" "1" { keep; }
