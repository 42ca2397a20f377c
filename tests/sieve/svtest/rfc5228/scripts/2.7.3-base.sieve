# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
if header :is :comparator "i;octet" "x" "1" { keep; }
if header :is :comparator "i;ascii-casemap" "x" "1" { keep; }
