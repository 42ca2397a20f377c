# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
if size :over 1000000000000000000000000000000 { discard; }
