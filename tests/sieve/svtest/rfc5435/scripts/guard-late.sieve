# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "enotify";
if not valid_notify_method "frop:a@example.com" {
	notify "frop:a@example.com";
}
