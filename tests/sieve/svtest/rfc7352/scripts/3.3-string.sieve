# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "duplicate";
if duplicate :seconds "60" { discard; }
