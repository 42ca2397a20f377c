# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "vnd.dovecot.testsuite";
test_fail "inner";
