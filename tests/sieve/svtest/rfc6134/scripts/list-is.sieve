# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "extlists";
if header :list :is "from" ":addrbook:default" { stop; }
