# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "mime";
if header :type "content-type" "a" { stop; }
