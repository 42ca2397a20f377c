# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["regex", "variables"];
set "a" "x(y";
if string :regex "x" "${a}" {
	discard;
}
