#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# sieve/ as a library of its own: built with -Isieve and nothing else of
# Doorstep, under the sanitizers, and run on every script here with memory that
# fails at each allocation in turn.

set -eu
top=$(cd "$(dirname "$0")/../../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/doorstep-alone.XXXXXX")
trap 'rm -rf "$work"' EXIT
${CC:-cc} -std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
    -fno-sanitize-recover=undefined -I"$top/sieve" -o "$work/alone" "$top"/sieve/*.c \
    "$top/tests/sieve/alone/alone.c" -lpcre2-8 -lunistring
# The longest say nothing about memory that the others do not.
find "$top/tests/sieve" -name '*.sieve' -size -16k | sort | xargs "$work/alone" >"$work/log" 2>&1 || {
	grep -v '^ok ' "$work/log"
	exit 1
}
tail -1 "$work/log"
