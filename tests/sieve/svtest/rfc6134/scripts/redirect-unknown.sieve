# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
require "extlists";
redirect :list "tag:example.com,2011-01-01:nothing";
