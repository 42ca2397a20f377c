# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["copy", "fileinto"];
fileinto :copy "Copy4";
redirect :copy "other@example.net";
