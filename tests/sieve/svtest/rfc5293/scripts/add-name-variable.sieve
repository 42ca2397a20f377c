# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["editheader", "variables"];
set "name" "X Hello";
addheader "${name}" "World";
