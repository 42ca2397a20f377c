# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["vacation", "variables", "encoded-character"];
set "crlf" "${hex: 0D 0A}";
vacation :from "me@example.org${crlf}X-Injected: yes" "I am away.";
