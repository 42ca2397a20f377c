# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "enotify";
if notify_method_capability "frop:a@example.com" "Online" "yes" {
	notify :importance "1" "frop:a@example.com";
} else {
	notify :message "b" "mailto:a@example.com";
}
