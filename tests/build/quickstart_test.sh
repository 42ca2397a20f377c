#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# quickstart_test.sh TOP: the first command of README, twice on one copy of the
# tree, as a newcomer would: each run delivers a message and says why it is
# where it is; then it stops.

set -u
top=$1
work=$(mktemp -d)
chmod 755 "$work"
passed=0
failed=0
cleanup()
{
	sh "$work/tree/etc/quickstart" stop >/dev/null 2>&1
	rm -rf "$work"
}
trap cleanup EXIT

# expect NAME STATUS
expect()
{
	if test "$2" -eq 0; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL quickstart: %s\n' "$1"
	fi
}

mkdir "$work/tree"
(cd "$top" && tar cf - --exclude=.git --exclude=build .) | (cd "$work/tree" && tar xf -)
for run in first second; do
	sh "$work/tree/etc/quickstart" >"$work/out" 2>&1
	status=$?
	test "$status" -eq 0 || tail -20 "$work/out"
	expect "the $run run ends well" "$status"
	grep -q '^because  *fileinto, by .*filter.sieve:4' "$work/out"
	expect "the $run run says why the message is where it is" $?
	for mta in Postfix Exim OpenSMTPD; do
		grep -q "^ *$mta" "$work/out"
		expect "the $run run says how to connect $mta" $?
	done
done
sh "$work/tree/etc/quickstart" stop >"$work/out" 2>&1
expect 'it stops' $?
printf 'quickstart: %d passed, %d failed, 0 skipped\n' "$passed" "$failed"
test "$failed" -eq 0
