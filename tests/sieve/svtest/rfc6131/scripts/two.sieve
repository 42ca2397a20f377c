# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "vacation-seconds";
vacation :seconds 0 "I am away.";
vacation :seconds 0 "Really.";
