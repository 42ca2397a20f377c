#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# src/store/format.def and doc/doorstep-store.5 list the same fields, in the
# same order and of the same types.

set -u
cd "$1" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
awk -F'[(,)] *' '
	/^RECORD/ { record = $2 }
	/^FIELD/ { print record, $4, tolower($3) }
	/^LIST/ { print record, $4, "list of " $3 }
' src/store/format.def >"$tmp/code"
awk '
	/^\.Ss/ { record = $2 == "Record" ? $3 : "" }
	record != "" && /^\.It Cm/ {
		name = $3
		sub(/^\.It Cm [^ ]* Ar /, "")
		print record, name, $0
	}
' doc/doorstep-store.5 >"$tmp/page"
diff "$tmp/code" "$tmp/page" >"$tmp/diff" && exit 0
printf '< format.def, > doorstep-store.5\n'
cat "$tmp/diff"
exit 1
