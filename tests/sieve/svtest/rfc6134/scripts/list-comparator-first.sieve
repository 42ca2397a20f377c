# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "extlists";
if address :comparator "i;ascii-casemap" :list "from" ":addrbook:default" { stop; }
