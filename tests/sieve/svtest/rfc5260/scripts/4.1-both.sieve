# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["date", "index", "relational", "variables"];
if date :zone "+0000" :originalzone "date" "year" "2009" { keep; }
