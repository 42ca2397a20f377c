# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "relational";
if header :count "<" "x" "1" { keep; }
