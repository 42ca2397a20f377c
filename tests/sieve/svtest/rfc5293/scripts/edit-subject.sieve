# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["editheader", "fileinto", "mailbox"];
deleteheader "Subject";
addheader "Subject" "Friep!";
fileinto :create "edit-subject";
