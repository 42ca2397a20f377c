# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["redirect-dsn"];
redirect :notify ["SUCCESS", "DELAY"] "else@example.net";
