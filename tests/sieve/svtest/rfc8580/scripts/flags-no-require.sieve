# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["vacation", "fcc"];
vacation :fcc "Sent" :flags "\\Seen" "I am away.";
