# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "envelope";
if envelope :is "auth" "x" {
	discard;
}
keep;
