# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "body";
if body :content "text" :raw :contains "a" { keep; }
