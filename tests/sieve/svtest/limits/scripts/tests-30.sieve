# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
if not not not not not not not not not not not not not not not not not not not not not not not not not not not not not true { keep; }
