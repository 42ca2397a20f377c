# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "body";
if body :raw :text :contains "a" { keep; }
