# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "vacation";
if header :is "subject" "Frop!" {
	vacation "I am away.";
} else {
	vacation "I am here.";
}
