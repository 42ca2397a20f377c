# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["ereject", "fcc"];
ereject :fcc "Sent" "No.";
