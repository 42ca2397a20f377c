# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["redirect-dsn"];
redirect :ret "FROP" "else@example.net";
