# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require ["foreverypart", "variables", "extracttext"];
foreverypart { extracttext "1"; }
