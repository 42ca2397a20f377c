# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["virustest", "spamtestplus"];
if virustest :percent "1" { stop; }
