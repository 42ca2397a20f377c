# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "extlists";
redirect :list [":addrbook:default", ":addrbook:company"];
