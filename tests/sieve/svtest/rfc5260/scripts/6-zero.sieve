# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["date", "index", "relational", "variables"];
if header :index 0 :matches "x-a" "*" { discard; }
