# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "vacation";
vacation :days 3 :days 4 "I am away.";
