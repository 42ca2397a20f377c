# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "enotify";
if notify_method_capability ["mailto:a@example.com", "mailto:b@example.com"] "online" "yes" { keep; }
