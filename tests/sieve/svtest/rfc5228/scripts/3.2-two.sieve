# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "fileinto";
require "envelope";
if envelope "from" "a@example.com" { fileinto "Folder"; }
