# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["vnd.dovecot.debug", "variables"];
set "a" "b";
debug_log "frop ${a}";
keep;
