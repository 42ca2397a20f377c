# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "environment";
if environment "frop" "a" { discard; } else { keep; }
