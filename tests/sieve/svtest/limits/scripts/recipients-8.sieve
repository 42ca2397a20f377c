# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "enotify";
notify "mailto:a0@example.com%2Ca1@example.com%2Ca2@example.com%2Ca3@example.com%2Ca4@example.com%2Ca5@example.com%2Ca6@example.com%2Ca7@example.com";
