# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["redirect-dsn"];
redirect :bytimerelative 60 "else@example.net";
