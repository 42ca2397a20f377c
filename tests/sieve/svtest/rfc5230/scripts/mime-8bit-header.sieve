# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "vacation";
vacation :mime text:
Content-Type: text/plain; charset=utf-8
Content-Description: Süden

I am away.
.
;
