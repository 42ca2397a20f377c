# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "reject";
if header :is "subject" "Frop!" {
	reject "No.";
} else {
	keep;
}
