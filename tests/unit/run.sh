#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# run.sh PROGRAM...: runs cmocka programs, two at a time, shows the output of those
# that fail and counts their test functions in a closing line.

set -u
passed=0
failed=0
skipped=0

# The last number cmocka gives in a line such as `[  PASSED  ] 3 test(s).`
count()
{
	sed -n "s/.*\\[  $1  *\\] \\([0-9][0-9]*\\) test(s).*/\\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'
}

# lane N PROGRAM...: runs every second of them.
lane()
{
	turn=$1
	shift
	for program
	do
		turn=$((1 - turn))
		test "$turn" -eq 0 || continue
		if command -v timeout >/dev/null 2>&1; then
			timeout 180 "./$program" >"$program.log" 2>&1
		else
			"./$program" >"$program.log" 2>&1
		fi
		echo $? >"$program.status"
	done
}

for program
do
	rm -f "$program.status"
done
lane 0 "$@" &
lane 1 "$@"
wait

for program
do
	log=$program.log
	status=$(cat "$program.status")
	ok=$(count PASSED "$log")
	bad=$(count FAILED "$log")
	skip=$(count SKIPPED "$log")
	# A crash or a time-out leaves no count of failures.
	if test "$status" -ne 0 && test "$bad" -eq 0; then
		bad=1
	fi
	if test "$status" -eq 0 && test "$ok" -eq 0 && test "$skip" -eq 0; then
		bad=1
		printf 'no test ran in this program\n' >>"$log"
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
	if test "$bad" -gt 0; then
		printf 'FAIL %s (status %d)\n' "${program##*/}" "$status"
		sed 's/^/    /' "$log"
	else
		printf 'ok   %s: %d\n' "${program##*/}" "$ok"
	fi
done
printf 'unit: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
test "$failed" -eq 0
