# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["editheader", "encoded-character"];
addheader "X-New" "World${hex: 0D 0A 0D 0A}no header";
