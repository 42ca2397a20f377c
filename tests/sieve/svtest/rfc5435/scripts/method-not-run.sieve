# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["enotify"];
if valid_notify_method "frop:alm@example.com" {
	notify :message "a" "mailto:a@example.com";
} else {
	notify :message "b" "mailto:a@example.com";
}
