# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "vnd.dovecot.execute";
execute "../bin/cat";
