# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["special-use"];
keep :specialuse "\\Junk";
