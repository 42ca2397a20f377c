# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
if header "x" "${hex:40}" { discard; }
if header "x" "${unicode:200000}" { discard; }
