# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["redirect-deliverby"];
redirect :bytimeabsolute "2038-13-01T00:00:00Z" "else@example.net";
