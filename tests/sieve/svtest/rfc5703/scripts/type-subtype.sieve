# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "mime";
if header :mime :type :subtype "content-type" "a" { stop; }
