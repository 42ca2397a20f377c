# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
convert "text/html" "text/plain" ["charset=utf-8"];
