#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# SPDX lines, line length, white space: what an editor could have told.

set -u
cd "$1" || exit 1
bad=0
for file in $(find src include sieve tests -name '*.[ch]' -o -name '*.sh' -o -name '*.awk' -o -name '*.py' |
    grep -v /seeds/ | sort) configure Makefile.in etc/quickstart tests/run; do
	test -f "$file" || continue
	head -4 "$file" | grep -q 'SPDX-License-Identifier: ISC' ||
	    { printf '%s: no SPDX line\n' "$file"; bad=1; }
done
find src include sieve tests doc etc -type f \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' -o -name '*.py' \) |
    grep -v /seeds/ | sort | xargs awk '
	{
		line = $0
		gsub(/\t/, "        ", line)
		if (length(line) > 120) {
			printf "%s:%d: %d columns\n", FILENAME, FNR, length(line)
			bad = 1
		}
		if ($0 ~ /[ \t]$/) {
			printf "%s:%d: white space at the end\n", FILENAME, FNR
			bad = 1
		}
	}
	END { exit bad }
' || bad=1
exit $bad
