# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "variables";
if header "subject" "${18446744073709551617}" { keep; }
