# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "mboxmetadata";
if servermetadataexists "/private/comment" { keep; }
