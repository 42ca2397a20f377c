# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "subaddress";
if address :user :detail "to" "a" { keep; }
