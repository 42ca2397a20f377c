# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "spamtestplus";
if spamtest :percent :percent "1" { stop; }
