# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "vacation";
vacation :handle "a" "I am away.";
vacation :handle "b" "I am away.";
