# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["redirect-deliverby"];
redirect :bytimeabsolute "tomorrow" "else@example.net";
