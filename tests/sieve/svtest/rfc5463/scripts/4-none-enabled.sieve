# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "ihave";
if ihave ["fileinto", "frobnicate"] {
	keep;
}
fileinto "Folder";
