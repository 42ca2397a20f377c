#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# Makefile.in names every source, in order.

set -u
cd "$1" || exit 1
awk '
	/^[A-Z_]+_(SRC|TESTS|PAGES) = \\$/ { list = $1; last = ""; next }
	list == "" { next }
	!/\\$/ { list = ""; next }
	$1 < last { printf "Makefile.in:%d: %s is out of order in %s\n", NR, $1, list; bad = 1 }
	{ last = $1 }
	END { exit bad }
' Makefile.in
bad=$?
for file in $(find src sieve tests/unit tests/fuzz tests/bench -name '*.c' 2>/dev/null | sort) doc/*.[1-9]; do
	test -f "$file" || continue
	if ! grep -qF "	$file \\" Makefile.in; then
		printf 'Makefile.in does not name %s\n' "$file"
		bad=1
	fi
done
exit $bad
