# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["comparator-i;octet", "comparator-i;ascii-casemap"];
if header :is :comparator "i;octet" "x" "1" { keep; }
