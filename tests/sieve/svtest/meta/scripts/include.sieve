# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["include", "variables", "fileinto"];
global "found";
include "one";
fileinto "${found}";
