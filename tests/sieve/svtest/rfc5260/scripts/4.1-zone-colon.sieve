# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["date", "index", "relational", "variables"];
if date :zone "+01:00" "date" "year" "2009" { keep; }
