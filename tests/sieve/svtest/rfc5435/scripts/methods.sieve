# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "enotify";
notify ["mailto:a@example.com", "mailto:b@example.com"];
