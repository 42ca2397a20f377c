#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# Every subcommand is in doorstep(1), and nothing else.

set -u
cd "$1" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
sed -n 's/^COMMAND(\(.*\))/\1/p' src/cli/commands.def | sort >"$tmp/code"
sed -n 's/^\.It Ic \([a-z]*\).*/\1/p' doc/doorstep.1 | sort -u >"$tmp/page"
diff "$tmp/code" "$tmp/page" >"$tmp/diff" && exit 0
printf '< commands.def, > doorstep(1)\n'
cat "$tmp/diff"
exit 1
