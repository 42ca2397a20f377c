#!/bin/sh
# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
#
# Each header compiles alone: it includes what it names.

set -u
srcdir=$1
test -f o/flags || exit 77
flags=$(sed 's/-Werror//' o/flags)
bad=0
for header in "$srcdir"/src/*/*.h "$srcdir"/include/*.h "$srcdir"/sieve/*.h; do
	test -f "$header" || continue
	name=${header#"$srcdir"/src/}
	name=${name#"$srcdir"/include/}
	name=${name#"$srcdir"/}
	# shellcheck disable=SC2086 # flags is a list of words
	printf '#include "%s"\ntypedef int nothing;\n' "$name" | $flags -Werror -fsyntax-only -x c - || bad=1
done
exit $bad
