# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["editheader", "fileinto", "mailbox"];
addheader "X-Frop" "added";
fileinto :create "add-frop-allowed";
