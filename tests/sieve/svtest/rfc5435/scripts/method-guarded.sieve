# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "enotify";
if valid_notify_method "frop:a@example.com" {
	notify "frop:a@example.com";
} else {
	notify :message "b" "mailto:a@example.com";
}
