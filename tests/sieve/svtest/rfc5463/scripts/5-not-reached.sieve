# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "ihave";
if header "subject" "no such subject" { error "never"; }
