# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "reject";
reject text:
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
0123456789abcde
.
;
