# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "duplicate";
if anyof (duplicate :header "a b:", duplicate :header "", duplicate :header "é") {
	discard;
} else {
	keep;
}
