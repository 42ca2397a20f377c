# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["editheader", "variables", "encoded-character"];
set "crlf" "${hex: 0D 0A}";
addheader "X-New" "World${crlf}X-Injected: yes";
