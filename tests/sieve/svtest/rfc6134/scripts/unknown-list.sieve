# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "extlists";
if header :list "subject" "tag:example.com,2011-01-01:nothing" { stop; }
