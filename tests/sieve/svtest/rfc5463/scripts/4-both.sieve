# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["ihave", "fileinto"];
fileinto "First";
if not ihave "fileinto" {
	error "ihave of what is required does not hold";
}
