# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["convert", "fileinto", "mailbox"];
convert "image/tiff" "image/jpeg" ["pix-x=320", "pix-y=240"];
fileinto :create "x";
