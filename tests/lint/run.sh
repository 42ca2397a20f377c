#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# run.sh SRCDIR: every lint of this directory, from a build directory.  A lint
# is given SRCDIR; it prints what is wrong and exits 1, or 77 when it cannot
# tell here (a tool is missing).

set -u
srcdir=$1
passed=0
failed=0
skipped=0

for lint in "$srcdir"/tests/lint/*.sh; do
	name=${lint##*/}
	test "$name" != run.sh || continue
	out=$(sh "$lint" "$srcdir" 2>&1)
	status=$?
	case $status in
	0) word=ok passed=$((passed + 1)) ;;
	77) word=skip skipped=$((skipped + 1)) ;;
	*) word=FAIL failed=$((failed + 1)) ;;
	esac
	printf '%-4s lint %s\n' "$word" "${name%.sh}"
	test -z "$out" || printf '%s\n' "$out" | sed 's/^/    /'
done
printf 'lint: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
test "$failed" -eq 0
