# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["envelope", "subaddress"];
if envelope :detail "to" "detail" {
	discard;
}
