# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "encoded-character";
if header "subject" "${unicode: D7FF E000 10FFFF 10ffff 0010FFFF}" { keep; }
