# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["regex", "variables"];
set :quoteregex :quotewildcard "a" "b";
