# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["vacation", "ereject"];
vacation "I am away.";
ereject "No.";
