# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "spamtest";
if spamtest :percent "1" { stop; }
