# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "extlists";
if header :list :comparator "i;octet" "from" ":addrbook:default" { stop; }
