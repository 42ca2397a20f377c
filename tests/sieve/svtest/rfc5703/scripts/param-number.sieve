# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "mime";
if header :mime :param 5 "content-type" "a" { stop; }
