# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "vacation";
vacation :handle "away" :days 3 :addresses ["a@example.org", "b@example.org"]
	:from "me@example.org" :subject "Away" "I am away.";
