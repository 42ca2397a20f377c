# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "variables";
if string "${global.a}" "a" { keep; }
