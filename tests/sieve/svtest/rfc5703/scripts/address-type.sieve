# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "mime";
if address :mime :type "from" "a" { stop; }
