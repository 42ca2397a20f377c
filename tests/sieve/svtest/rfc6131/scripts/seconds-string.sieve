# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "vacation-seconds";
vacation :seconds "1800" "I am away.";
