# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["vacation", "ereject"];
ereject "No.";
vacation "I am away.";
