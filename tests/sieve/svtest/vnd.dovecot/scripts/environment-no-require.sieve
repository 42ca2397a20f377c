# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["variables", "environment"];
set "a" "${env.vnd.dovecot.username}";
