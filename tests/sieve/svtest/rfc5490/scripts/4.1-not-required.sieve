# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "mboxmetadata";
if servermetadata "/private/comment" "a" { keep; }
