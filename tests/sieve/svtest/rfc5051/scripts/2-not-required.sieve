# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
if header :comparator "i;unicode-casemap" "subject" "a" { keep; }
