# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
redirect "A Person <a@example.com>";
redirect "\"B, Person\" <b@example.com>";
