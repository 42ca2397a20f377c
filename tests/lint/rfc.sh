#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# doc/rfc.md: each row names code and a test that exist.  A row is
#   | clause | what it asks | FILE:FUNCTION | FILE:TEST |
# with files below src/ or sieve/, and below tests/; several are separated by
# commas, and :NAME is left out where all of the file is meant.  "later" stands
# for what does not exist yet.

set -u
cd "$1" || exit 1
test -f doc/rfc.md || { printf 'doc/rfc.md is missing\n'; exit 1; }
bad=0

# is_there REFERENCE BASE...
is_there()
{
	file=${1%%:*}
	name=${1#*:}
	shift
	for base
	do
		if test -f "$base/$file"; then
			test "$name" = "$file" || grep -qwF -- "$name" "$base/$file"
			return
		fi
	done
	return 1
}

tmp=$(mktemp) || exit 1
trap 'rm -f "$tmp"' EXIT
awk -F'|' '/^\| RFC/ { gsub(/[` ]/, "", $4); gsub(/[` ]/, "", $5); print NR, $4, $5 }' doc/rfc.md >"$tmp"
while read -r row code test; do
	for reference in $(printf '%s' "$code" | tr ',' ' '); do
		test "$reference" = later || is_there "$reference" src . ||
		    { printf 'doc/rfc.md:%d: no %s\n' "$row" "$reference"; bad=1; }
	done
	for reference in $(printf '%s' "$test" | tr ',' ' '); do
		test "$reference" = later || is_there "$reference" tests ||
		    { printf 'doc/rfc.md:%d: no test %s\n' "$row" "$reference"; bad=1; }
	done
done <"$tmp"
test -s "$tmp" || { printf 'doc/rfc.md has no rows\n'; bad=1; }
exit $bad
