# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["vacation", "ihave"];
vacation "I am away.";
error "Enough.";
