#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# run.sh SRCDIR PROGRAM...: each fuzz target over its seeds, in
# tests/fuzz/seeds/NAME for fuzz_NAME.  A target without seeds fails.

set -u
srcdir=$1
shift
passed=0
failed=0

for program
do
	name=${program##*/fuzz_}
	log=$program.log
	seeds=$srcdir/tests/fuzz/seeds/$name
	set --
	for seed in "$seeds"/*; do
		test -f "$seed" && set -- "$@" "$seed"
	done
	if test $# -eq 0; then
		printf 'FAIL fuzz_%s: no seeds in tests/fuzz/seeds/%s\n' "$name" "$name"
		failed=$((failed + 1))
	elif timeout 120 "./$program" "$@" >"$log" 2>&1; then
		printf 'ok   fuzz_%s: %d seeds\n' "$name" $#
		passed=$((passed + 1))
	else
		printf 'FAIL fuzz_%s\n' "$name"
		sed 's/^/    /' "$log"
		failed=$((failed + 1))
	fi
done
printf 'fuzz: %d passed, %d failed, 0 skipped\n' "$passed" "$failed"
test "$failed" -eq 0
