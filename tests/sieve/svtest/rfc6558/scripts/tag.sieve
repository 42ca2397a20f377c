# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "convert";
convert :is "text/html" "text/plain" ["charset=utf-8"];
