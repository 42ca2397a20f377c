# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "vnd.dovecot.pipe";
pipe "slow";
