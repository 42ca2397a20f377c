# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
if header :list "from" ":addrbook:default" { stop; }
