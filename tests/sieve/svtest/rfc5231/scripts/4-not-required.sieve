# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
if header :value "gt" "x" "1" { keep; }
