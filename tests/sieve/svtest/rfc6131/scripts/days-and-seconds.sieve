# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "vacation-seconds";
vacation :days 1 :seconds 1800 "I am away.";
