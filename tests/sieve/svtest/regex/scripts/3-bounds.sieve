# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["regex", "comparator-i;ascii-numeric"];
if header :regex "subject" "a{3,2}" { keep; }
