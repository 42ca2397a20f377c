# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["redirect-deliverby"];
redirect :bymode "notify" "else@example.net";
