# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["fileinto", "mailbox", "ihave"];
fileinto :create "error-box";
error "Enough.";
