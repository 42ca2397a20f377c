# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
if anyof(header :contains ["", " ", "a b", "é", "from :", "x:y"] "",
    exists "a b", exists "") {
	discard;
} else {
	keep;
}
