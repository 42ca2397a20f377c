# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "replace";
replace :mime :from "a@example.org" "Content-Type: text/plain

b";
