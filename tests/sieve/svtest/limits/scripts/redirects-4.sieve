# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
redirect "a0@example.net";
redirect "a1@example.net";
redirect "a2@example.net";
redirect "a3@example.net";
