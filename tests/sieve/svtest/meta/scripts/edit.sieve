# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "editheader";
addheader "X-Edited" "yes";
redirect "one@example.net";
