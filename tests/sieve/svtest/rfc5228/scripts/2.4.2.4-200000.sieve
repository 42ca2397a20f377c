# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "encoded-character";
if header "subject" "${unicode:200000}" { keep; }
