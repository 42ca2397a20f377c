# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
if anyof(header "x-none" "", not header :contains "subject" "éÿÀ") { keep; }
