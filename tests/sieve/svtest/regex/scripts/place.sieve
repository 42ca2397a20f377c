# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "regex";
if header :regex "subject" "abc[de" {
	discard;
}
