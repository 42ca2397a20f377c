# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "ihave";
if not ihave "fileinto" {
	discard;
}
fileinto "Folder";
