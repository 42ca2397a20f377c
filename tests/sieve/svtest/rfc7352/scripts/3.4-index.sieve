# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["duplicate", "index"];
if duplicate :index 1 :header "x-id" { discard; }
