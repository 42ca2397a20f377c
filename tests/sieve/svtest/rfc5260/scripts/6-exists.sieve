# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["date", "index", "relational", "variables"];
if exists :index 1 "x-a" { keep; }
