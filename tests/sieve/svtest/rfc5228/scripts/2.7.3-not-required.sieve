# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
if header :is :comparator "i;ascii-numeric" "x" "1" { keep; }
