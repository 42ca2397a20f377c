# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["editheader", "ihave"];
addheader "X-New" "World";
deleteheader "X-Hello";
error "Enough.";
