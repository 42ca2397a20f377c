# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "ihave";
discard;
if allof (ihave ["relational", "comparator-i;ascii-numeric"],
    header :count "ge" :comparator "i;ascii-numeric" "subject" "0") {
	keep;
}
