#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# Scripts are POSIX sh that shellcheck has nothing to say about.

set -u
command -v shellcheck >/dev/null 2>&1 || exit 77
cd "$1" || exit 1
set -- configure .ci/run
for script in tests/run etc/quickstart tests/*/*.sh; do
	test -f "$script" && set -- "$@" "$script"
done
# SC2016: awk programs and make variables are in single quotes on purpose.
shellcheck -s sh -e SC2016 "$@"
