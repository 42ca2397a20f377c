#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# The manual pages are clean mdoc.

set -u
command -v mandoc >/dev/null 2>&1 || exit 77
cd "$1" || exit 1
set -- doc/*.[1-9]
test -f "$1" || exit 77
mandoc -Tlint -W warning "$@"
