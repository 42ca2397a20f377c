# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "special-use";
if specialuse_exists ["a", "b"] "\\Junk" { stop; }
