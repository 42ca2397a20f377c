# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "include";
if header "subject" "no such subject" {
	include "recursion-not-reached";
}
