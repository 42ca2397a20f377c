# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "duplicate";
if duplicate :header "x-id" :uniqueid "a" { discard; }
