#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# Every #include "..." is one that src/LAYERS allows.

set -u
cd "$1" || exit 1
find src sieve -name '*.[ch]' 2>/dev/null | sort | xargs awk -f tests/lint/layers.awk src/LAYERS
