# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["redirect-deliverby"];
redirect :bytimerelative 60 :bytimeabsolute "2038-01-01T00:00:00Z" "else@example.net";
