# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "fileinto";
if header :contains ["from"] "coyote" {
	fileinto "INBOX.harassment";
}
