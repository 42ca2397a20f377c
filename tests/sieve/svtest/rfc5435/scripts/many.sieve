# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "enotify";
notify "mailto:a0@example.com";
notify "mailto:a1@example.com";
notify "mailto:a2@example.com";
notify "mailto:a3@example.com";
