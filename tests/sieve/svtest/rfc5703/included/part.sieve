# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["mime", "fileinto", "mailbox"];
if header :mime "x-part" "five" {
	fileinto :create "included";
}
