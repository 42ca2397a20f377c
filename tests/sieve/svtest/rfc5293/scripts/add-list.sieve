# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["editheader", "index"];
addheader "X-Hello" ["a", "b"];
