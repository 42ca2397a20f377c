# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "variables";
set "a" "☃";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
set "a" "${a}${a}";
discard;
# It is cut at the limit of the implementation, and must still end in a snowman.
if string :matches "${a}" "☃*☃" {
	keep;
}
