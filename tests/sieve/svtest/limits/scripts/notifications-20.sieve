# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "enotify";
notify "mailto:a0@example.com";
notify "mailto:a1@example.com";
notify "mailto:a2@example.com";
notify "mailto:a3@example.com";
notify "mailto:a4@example.com";
notify "mailto:a5@example.com";
notify "mailto:a6@example.com";
notify "mailto:a7@example.com";
notify "mailto:a8@example.com";
notify "mailto:a9@example.com";
notify "mailto:a10@example.com";
notify "mailto:a11@example.com";
notify "mailto:a12@example.com";
notify "mailto:a13@example.com";
notify "mailto:a14@example.com";
notify "mailto:a15@example.com";
notify "mailto:a16@example.com";
notify "mailto:a17@example.com";
notify "mailto:a18@example.com";
notify "mailto:a19@example.com";
