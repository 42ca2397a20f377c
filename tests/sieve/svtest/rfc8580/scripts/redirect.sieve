# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "fcc";
redirect :fcc "Sent" "else@example.net";
