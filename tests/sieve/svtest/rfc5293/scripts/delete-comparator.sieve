# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "editheader";
deleteheader :comparator "i;frop" "X-Hello" "a";
