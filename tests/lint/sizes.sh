#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# Reports, and never fails: lengths of functions and files against STYLE's aims
# (median 15, ninth decile 40, rarely above 80; files rarely above 700 lines).

set -u
cd "$1" || exit 1
tmp=$(mktemp) || exit 1
trap 'rm -f "$tmp"' EXIT
find src sieve -name '*.c' 2>/dev/null | sort | xargs awk '
	FNR == 1 { start = 0 }
	/^[a-z_].*\(/ { name = $0; sub(/\(.*/, "", name) }
	/^{/ { start = FNR }
	/^}/ && start { print FNR - start - 1, FILENAME ":" name; start = 0 }
' | sort -n >"$tmp"
awk '{ n[NR] = $1 } END {
	if (NR)
		printf "%d functions: median %d, ninth decile %d, longest %d\n", NR,
		    n[int((NR + 1) / 2)], n[int(NR * 0.9) ? int(NR * 0.9) : 1], n[NR]
}' "$tmp"
awk '$1 > 60 { print "long: " $2 " " $1 }' "$tmp"
find src sieve -name '*.[ch]' 2>/dev/null | sort | xargs wc -l |
    awk '$2 != "total" && $1 > 700 { print "long: " $2 " " $1 }'
exit 0
