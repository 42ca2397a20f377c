# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["editheader", "fileinto", "mailbox"];
deleteheader "X-Frop";
deleteheader "X-Friep";
fileinto :create "delete-frop";
