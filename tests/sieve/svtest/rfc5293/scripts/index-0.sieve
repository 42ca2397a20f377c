# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["editheader", "fileinto", "mailbox"];
deleteheader :index 0 "X-Hello";
fileinto :create "index-0";
